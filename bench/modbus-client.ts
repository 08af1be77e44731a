/**
 * CPU of one read of 60 registers over Modbus TCP: our client, modbus-serial, and libmodbus (C) where its development
 * files are installed (Debian: libmodbus-dev). All ask the same server process, taking turns. The bare socket sends the
 * same bytes and looks at nothing that comes back: what Node and the kernel cost before any Modbus.
 *
 *   node bench/modbus-client.ts [reads a turn] [turns]
 *
 * Goals: at most 2.5 x libmodbus, at most 0.4 x modbus-serial.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import modbusSerial from 'modbus-serial';
import { ModbusTcpClient } from '../protocols/modbus/tcp/tcp-client.ts';

const READS = Number(process.argv[2] ?? 10_000);
const TURNS = Number(process.argv[3] ?? 5);
const COUNT = 60;

/** us of CPU (user and system, all threads of this process) a read. */
async function measure(read: (address: number) => Promise<ArrayLike<number>>): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < READS; i++) {
    const address = i % 1000;
    const registers = await read(address);
    if (registers.length !== COUNT || registers[COUNT - 1] !== address + COUNT - 1)
      throw new Error(`read ${i} gave a wrong answer`);
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / READS;
}

/** The compiled reference, or undefined where it cannot be built here. */
function buildReference(folder: string): string | undefined {
  const binary = join(folder, 'modbus-reference');
  const source = join(import.meta.dirname, 'modbus-reference.c');
  try {
    execFileSync(process.env['CC'] ?? 'cc', ['-O2', source, '-o', binary, '-lmodbus'], { stdio: 'ignore' });
    return binary;
  } catch {
    return undefined;
  }
}

/** us of CPU a round trip of the same size on a net.Socket, without promise, check or decoding. */
async function measureBareSocket(port: number): Promise<number> {
  const request = Buffer.from([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, COUNT]);
  let left = READS;
  let finish: () => void = () => {};
  const socket = connect({
    host: '127.0.0.1',
    port,
    noDelay: true,
    onread: {
      buffer: Buffer.alloc(1024),
      callback: () => {
        if (--left > 0) socket.write(request);
        else finish();
        return true;
      },
    },
  });
  await once(socket, 'connect');
  const before = process.cpuUsage();
  await new Promise<void>((resolve) => {
    finish = resolve;
    socket.write(request);
  });
  const { user, system } = process.cpuUsage(before);
  socket.destroy();
  return (user + system) / READS;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

async function startServer(): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'modbus-server-process.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, port: Number(line) };
}

const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
const { child, port } = await startServer();
const ours = new ModbusTcpClient('127.0.0.1', port);
const serial = new modbusSerial.default();
try {
  const reference = buildReference(folder);
  await serial.connectTCP('127.0.0.1', { port });
  serial.setID(1);
  serial.setTimeout(1000);
  const readOurs = (address: number) => ours.readRegisters(1, 3, address, COUNT, 1000);
  const readSerial = async (address: number) => (await serial.readHoldingRegisters(address, COUNT)).data;

  const figures: Record<'bareSocket' | 'ours' | 'modbusSerial' | 'libmodbus', number[]> = {
    bareSocket: [],
    ours: [],
    modbusSerial: [],
    libmodbus: [],
  };
  // The first turn only warms the compiler.
  for (let turn = 0; turn <= TURNS; turn++) {
    const cpuBare = await measureBareSocket(port);
    const cpuOurs = await measure(readOurs);
    const cpuSerial = await measure(readSerial);
    const cpuReference =
      reference === undefined
        ? Number.NaN
        : Number(execFileSync(reference, [String(port), String(READS)], { encoding: 'utf8' }));
    if (turn === 0) continue;
    figures.bareSocket.push(cpuBare);
    figures.ours.push(cpuOurs);
    figures.modbusSerial.push(cpuSerial);
    figures.libmodbus.push(cpuReference);
    process.stderr.write(`turn ${turn} of ${TURNS}\n`);
  }

  const us = Object.fromEntries(Object.entries(figures).map(([name, turns]) => [name, median(turns)]));
  const toLibmodbus = median(figures.ours) / median(figures.libmodbus);
  const toSerial = median(figures.ours) / median(figures.modbusSerial);
  // The kernel's share is the same for all and differs much between machines; this is what the clients themselves add.
  const aboveSocketToSerial =
    (median(figures.ours) - median(figures.bareSocket)) /
    (median(figures.modbusSerial) - median(figures.bareSocket));
  const show = (value: number | undefined) =>
    Number.isFinite(value) ? (value ?? 0).toFixed(2) : 'not installed';
  process.stdout.write(
    `CPU of one read of ${COUNT} registers, median of ${TURNS} turns of ${READS}\n` +
      `  bare socket    ${show(us['bareSocket'])} us\n` +
      `  ours           ${show(us['ours'])} us\n` +
      `  modbus-serial  ${show(us['modbusSerial'])} us   ours is ${show(toSerial)} of it (goal 0.4), ${show(aboveSocketToSerial)} above the bare socket\n` +
      `  libmodbus (C)  ${show(us['libmodbus'])} us   ours is ${show(toLibmodbus)} of it (goal 2.5)\n`,
  );
  process.stdout.write(
    `${JSON.stringify({ bench: 'modbus-client', reads: READS, turns: TURNS, us, toLibmodbus, toSerial, aboveSocketToSerial })}\n`,
  );
} finally {
  ours.close();
  await new Promise<void>((resolve) => serial.close(() => resolve()));
  child.stdin?.end();
  rmSync(folder, { recursive: true, force: true });
}

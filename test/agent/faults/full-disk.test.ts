import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, type TestContext } from 'vitest';
import type { FullDiskReport } from './full-disk-process.ts';
import { fixedKey, memoryFolder } from './spool-image.ts';

/*
 * T6: the disk of a spool is filled and freed 20 times, by what else lies on it, and by a limit on the size of its files. The cap of
 * the spool is below the size of the disk, and what is read in the end would need ten times as much.
 */
const PROCESS = fileURLToPath(new URL('./full-disk-process.ts', import.meta.url));
const CYCLES = 20;
const DISK_BYTES = 1_048_576;
const CAP_BYTES = 400_000;
const FREE_S = 1800;
const FULL_S = 120;
/** At nothing, within the head of the log, and within one commit. */
const LIMITS_BYTES = [0, 20, 9000];
/** Each so many cycles it is killed while the disk is full. */
const KILL_EVERY = 4;

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** The process, asked and answering line by line. */
class Reader {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #closed: Promise<unknown>;
  #errors = '';

  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, [PROCESS, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout });
    this.#closed = once(child, 'close');
    child.stdin.on('error', () => {});
    child.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString('utf8')).slice(-4000);
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async read(seconds: number, options: { receipt?: boolean } = {}): Promise<FullDiskReport> {
    const line = once(this.#lines, 'line') as Promise<[string]>;
    this.#child.stdin?.write(`${seconds}${options.receipt === true ? ' receipt' : ''}\n`);
    const [text] = await Promise.race([line, this.#closed.then(() => [undefined])]);
    if (text === undefined) throw new Error(`the process ended: ${this.#errors}`);
    return JSON.parse(text) as FullDiskReport;
  }

  async kill9(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}

interface Disk {
  folder: string;
  fill(pid: number, cycle: number): void;
  /** For a process, or for those that will be started. */
  free(pid?: number): void;
}

/** A disk of 1 MiB, filled to the last page by another file. */
function makeSmallDisk(context: TestContext): Disk | undefined {
  const disk = mkdtempSync(join(tmpdir(), 'millwatt-full-'));
  closers.push(() => rmSync(disk, { recursive: true, force: true }));
  const mounted =
    process.getuid?.() === 0 &&
    spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', disk]).status === 0;
  if (!mounted) {
    context.skip('SKIPPED: only root may mount the small disk that this test fills');
    return undefined;
  }
  closers.push(() => void spawnSync('umount', ['-l', disk]));
  const ballast = join(disk, 'ballast');
  const folder = join(disk, 'agent');
  mkdirSync(folder);
  return {
    folder,
    fill: () => {
      for (let page = 0; page < 256; page++)
        try {
          writeFileSync(ballast, Buffer.alloc(4096), { flag: 'a' });
        } catch {
          return;
        }
    },
    free: () => rmSync(ballast, { force: true }),
  };
}

/** A limit on the size of each file, set from outside as `ulimit -f` would. */
function makeLimit(): Disk {
  const folder = memoryFolder();
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  const limit = (pid: number, bytes: number | 'unlimited') => {
    const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
    if (status !== 0) throw new Error(`prlimit: ${stderr.toString('utf8')}`);
  };
  return {
    folder,
    fill: (pid, cycle) => limit(pid, LIMITS_BYTES[cycle % LIMITS_BYTES.length] ?? 0),
    free: (pid) => {
      if (pid !== undefined) limit(pid, 'unlimited');
    },
  };
}

/** Fills and frees it again and again, and kills the process while it is full now and then. */
async function fillAndFree(what: string, disk: Disk): Promise<void> {
  const keyFolder = mkdtempSync(join(tmpdir(), 'millwatt-full-key-'));
  closers.push(() => rmSync(keyFolder, { recursive: true, force: true }));
  const keyFile = join(keyFolder, 'key.pem');
  writeFileSync(keyFile, fixedKey().exportPem());
  const start = () => new Reader([disk.folder, keyFile, String(CAP_BYTES)]);
  let reader = start();
  closers.push(() => reader.kill9());
  let known = { sampled: 0, receipted: 0 };
  const look = (report: FullDiskReport) => {
    const { sampled, receipted, dropped } = report.samples;
    expect(report.holds).toBe(true);
    expect(dropped).toEqual({});
    expect(sampled).toBeGreaterThanOrEqual(known.sampled);
    expect(receipted).toBeGreaterThanOrEqual(known.receipted);
    known = { sampled, receipted };
    return report;
  };
  let fulls = 0;
  let made = 0;
  let last = look(await reader.read(FREE_S));
  for (let cycle = 1; cycle <= CYCLES; cycle++) {
    disk.fill(reader.pid, cycle);
    const full = look(await reader.read(FULL_S));
    if (full.failing !== null) fulls += 1;
    if (cycle % KILL_EVERY === 0) {
      await reader.kill9();
      disk.free();
      reader = start();
    } else disk.free(reader.pid);
    last = look(await reader.read(FREE_S, { receipt: true }));
    expect(last.failing).toBeNull();
    // All that was read since the start is accounted for, what came while the disk was full with it.
    expect(last.samples.sampled).toBe(last.before + last.added);
    expect(last.usedBytes).toBeLessThanOrEqual(CAP_BYTES);
    made = Math.max(made, last.made);
  }
  console.log(what, JSON.stringify({ ...last, fulls, made }));
  expect(fulls).toBe(CYCLES);
  expect(made).toBeGreaterThan(0);
  expect(last.samples.thinned).toBeGreaterThan(0);
  expect(last.samples.receipted).toBeGreaterThan(0);
}

test('a disk of 1 MiB, full and freed 20 times: nothing is lost, receipts stay, and a full spool thins', async (context) => {
  const disk = makeSmallDisk(context);
  if (disk !== undefined) await fillAndFree('disk', disk);
}, 60_000);

test('files that must not grow, 20 times: nothing is lost, receipts stay, and a full spool thins', async () => {
  await fillAndFree('limit', makeLimit());
}, 60_000);

import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { findFreePort, startMosquitto } from '../support/mosquitto.ts';
import {
  makeFolder,
  onEnd,
  readAgent,
  readMetrics,
  run,
  startMeter,
  writeAgentFile,
  writeCollectorFile,
} from './fault-rig.ts';
import { agentReady, readSpool } from './kill-plant.ts';
import { eventually } from './millwatt-process.ts';

interface Row {
  seq: number;
  hash: string;
  bytes: Buffer;
}

/** The readings of a month, in the order of their chain. */
function readingsOf(path: string): Row[] {
  const month = new DatabaseSync(path, { readOnly: true });
  const rows = month
    .prepare("SELECT seq, hash, bytes FROM record WHERE kind = 'readings' ORDER BY seq")
    .all();
  month.close();
  return rows.map(({ seq, hash, bytes }) => ({
    seq: Number(seq),
    hash: String(hash),
    bytes: Buffer.from(bytes as Uint8Array),
  }));
}

/** Flips a bit of a record where it lies on the disk, in its last part. */
function spoil(path: string, { bytes }: Row): void {
  const file = readFileSync(path);
  const end = bytes.subarray(-32);
  const at = file.indexOf(end);
  expect(at, 'the end of the record lies in one piece in the file').toBeGreaterThan(0);
  file.writeUInt8(file.readUInt8(at + 16) ^ 4, at + 16);
  writeFileSync(path, file);
}

it('a record that the disk of the collector spoilt is asked for, comes again and is whole; the hours are the same', async () => {
  const folder = makeFolder();
  const meter = await startMeter();
  const broker = await startMosquitto();
  onEnd(() => broker.stop());
  const httpPort = await findFreePort();
  writeCollectorFile(folder, { broker: `{ url: "${broker.url}" }`, httpPort });
  writeAgentFile(folder, { brokerPort: broker.port, meters: { meter: meter.port } });
  const collect = async () => {
    const collector = run(folder, ['collector', '-c', 'collector.yaml']);
    await collector.waitFor(/The page is served/);
    return collector;
  };
  const samples = async () => (await readAgent(httpPort))?.chain?.samples ?? 0;
  /** What is drawn and made out by hour; how long was watched goes on growing while the agent runs. */
  const hours = async () => {
    const [from, to] = [Date.now() - 7_200_000, Date.now() + 3_600_000].map((ms) =>
      new Date(ms).toISOString(),
    );
    const url = `http://127.0.0.1:${httpPort}/api/v1/machines/mill-1/hours?from=${from}&to=${to}`;
    const answer = (await (await fetch(url)).json()) as { hours: MachineHour[] };
    return answer.hours.map(({ hourMs, energy }) => ({ hourMs, energy }));
  };

  const first = await collect();
  const startAgent = () => run(folder, ['agent', '-c', 'agent.yaml']);
  const sealer = startAgent();
  await eventually(async () => (await samples()) > 40, 'readings in the ledger');
  // What comes later must change nothing in the hours that are compared.
  await meter.switchOff();
  // An agent that ends seals all that it read; started again, it delivers that and reads nothing.
  expect(await sealer.stop()).toBe(0);
  const agent = startAgent();
  await agentReady(agent);
  await eventually(() => readSpool(join(folder, 'agent')).records.pending === 0, 'all of it is receipted');
  // The last answer may have been cut off with the meter.
  expect(await samples()).toBeGreaterThanOrEqual(2 * meter.reads() - 2);
  await eventually(
    async () => (await readMetrics(httpPort)).get('millwatt_reader_lag_records{reader="derive"}') === 0,
    'all of it is derived',
  );
  const before = await hours();
  expect(before.some(({ energy }) => (energy.supplyMwh ?? 0) > 0)).toBe(true);
  expect(await first.stop()).toBe(0);

  const data = join(folder, 'collector');
  const [month = ''] = readdirSync(join(data, 'ledger')).filter((name) => /^records-.*\.db$/.test(name));
  const path = join(data, 'ledger', month);
  const sound = readingsOf(path);
  const spoilt = sound[1];
  if (spoilt === undefined) throw new Error(`only ${sound.length} records`);
  spoil(path, spoilt);
  expect(readingsOf(path)[1]).not.toEqual(spoilt);
  // A record is looked at when it is read: the hours are computed anew.
  for (const ending of ['', '-wal', '-shm']) rmSync(join(data, `views.db${ending}`), { force: true });

  const second = await collect();
  await second.waitFor(/A damaged record in the ledger is whole again: its agent has sent it/);
  await eventually(async () => {
    expect(await hours()).toEqual(before);
    return true;
  }, 'the same hours');
  expect(agent.output()).not.toMatch(/"level":50/);
  expect(await agent.stop()).toBe(0);
  expect(await second.stop()).toBe(0);
  expect(readingsOf(path).slice(0, sound.length)).toEqual(sound);
}, 90_000);

/**
 * CPU and memory of an agent that polls 200 meters once a second, 12 values each: `millwatt agent` as users start it, with
 * spool, signatures, live values and receipts; and the reference, a polling loop on modbus-serial that publishes a JSON
 * object a reading over MQTT and keeps nothing. Meters, mosquitto and each arm are processes of their own; only the arm
 * is measured, from outside, in turns.
 *
 *   node bench/agent-polling.ts [--meters 200] [--every 1000] [--seconds 20] [--turns 3]
 *
 * `--meters 50 --every 100` is the load of bench/node-red.ts. The reference does what Node-RED's Modbus and MQTT nodes do,
 * without the flow engine, and so is the harder one to beat.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startMosquitto } from '../test/support/mosquitto.ts';
import {
  measureProgram,
  prepareAgent,
  readKeptBytes,
  showFigures,
  type ProcessFigures,
} from './agent-polling-measure.ts';
import { startAsked } from './line-process.ts';

const { values: options } = parseArgs({
  options: {
    meters: { type: 'string', default: '200' },
    every: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '20' },
    turns: { type: 'string', default: '3' },
  },
});
const [meterCount, everyMs, seconds, turns] = [
  options.meters,
  options.every,
  options.seconds,
  options.turns,
].map(Number) as [number, number, number, number];
const askedPerSecond = (meterCount * 1000) / everyMs;

const root = mkdtempSync(join(tmpdir(), 'millwatt-polling-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true, maxRetries: 3 }));
const mosquitto = await startMosquitto();
try {
  const meters = await startAsked('agent-polling-meters.ts', [String(meterCount)]);
  const collector = await startAsked('agent-polling-collector.ts', [String(mosquitto.port)]);
  const ports = await meters.ask<number[]>('ports');
  const measure = (args: readonly string[]) => measureProgram(args, { meters, askedPerSecond, seconds });
  const reference = [
    join(import.meta.dirname, 'agent-polling-reference.ts'),
    JSON.stringify(ports),
    String(mosquitto.port),
    String(everyMs),
  ];
  const figures: Record<'ours' | 'reference', ProcessFigures[]> = { ours: [], reference: [] };
  let keptBytes = 0;
  for (let turn = 1; turn <= turns; turn++) {
    const folder = join(root, `ours-${turn}`);
    const receiptsBefore = await collector.ask<number>('receipts');
    figures.ours.push(await measure(prepareAgent(folder, { ports, brokerPort: mosquitto.port, everyMs })));
    keptBytes = readKeptBytes(folder);
    if ((await collector.ask<number>('receipts')) === receiptsBefore)
      throw new Error('nothing of our agent was receipted');
    figures.reference.push(await measure(reference));
    process.stderr.write(`turn ${turn} of ${turns}\n`);
  }
  await collector.end();
  await meters.end();

  process.stdout.write(
    `${meterCount} meters x 12 values every ${everyMs} ms, median of ${turns} turns of ${seconds} s; load ${loadavg()[0]?.toFixed(1)}\n`,
  );
  const ours = showFigures('our agent, spool and receipts on', figures.ours, askedPerSecond);
  const other = showFigures('modbus-serial, JSON a reading, MQTT', figures.reference, askedPerSecond);
  const ofOneCore = ((ours.cpuUsPerPoll * ours.pollsPerSecond) / 1e4).toFixed(1);
  process.stdout.write(
    `  ours takes ${ofOneCore} % of one core; it is ${(ours.cpuUsPerPoll / other.cpuUsPerPoll).toFixed(2)} of the reference's CPU a poll and ${(ours.rssMb / other.rssMb).toFixed(2)} of its memory\n`,
  );
  process.stdout.write(
    `${JSON.stringify({ bench: 'agent-polling', meterCount, everyMs, figures, keptBytes })}\n`,
  );
} finally {
  await mosquitto.stop();
}

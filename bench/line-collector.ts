import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCollector } from '../cli/build-collector.ts';
import { loadCollectorConfig } from '../config/load.ts';
import { systemClock } from '../protocols/clock.ts';
import { silentLog } from '../protocols/log.ts';
import { findFreePort } from '../test/support/mosquitto.ts';
import { answerQuestions } from './line-process.ts';

/** What the collector of bench/line.ts says of itself. */
export interface CollectorSays {
  ledgerSamples: number;
  /** Of sealed records, and of the ledger's files. */
  recordBytes: number;
  ledgerBytes: number;
  records: number;
  lagRecords: Record<string, number>;
}

/** Our collector, everything on: broker's port, InfluxDB's address or `none`, number of machines. */
const [brokerPort = '', influxUrl = '', machines = '100'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
const file = join(folder, 'collector.yaml');
const list = Array.from(
  { length: Number(machines) },
  (_, index) =>
    `  - { id: machine${index}, ratedPower: 15kW, bands: [{ state: off, below: 20W }, { state: ready, below: 105W }, { state: processing }] }`,
);
writeFileSync(
  file,
  `site: bench
data: ./collector
broker: { url: "mqtt://127.0.0.1:${brokerPort}" }
http: { port: ${await findFreePort()} }
${influxUrl === 'none' ? '' : `influx: { url: "${influxUrl}", version: 1, database: millwatt }\n`}machines:
${list.join('\n')}
`,
);
const collector = await buildCollector(loadCollectorConfig(file).config, {
  folder,
  clock: systemClock,
  log: silentLog,
  simulated: false,
});
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const say = (): CollectorSays => {
  const { ledger, admission, lagRecords } = collector.stats();
  const { samples, bytes, records } = ledger;
  return {
    ledgerSamples: samples,
    recordBytes: admission.bytes,
    ledgerBytes: bytes,
    records,
    lagRecords,
  };
};
answerQuestions({
  ready: () => collector.url,
  stats: say,
  idle: async () => {
    await collector.idle();
    return say();
  },
  stop: () => collector.stop(),
});

/**
 * Bytes a sample on the wire and in the ledger, headers and signatures included, against one JSON object a reading and
 * against Sparkplug B, for the same readings. Run: node bench/wire-size.ts
 */
import { generateSigningKey, sha256 } from '../protocols/evidence/keys.ts';
import { sealRecord, type PartText } from '../protocols/evidence/seal.ts';
import { encodePart } from '../protocols/telemetry/part.ts';
import { QUANTITIES } from '../protocols/telemetry/quantity.ts';
import { encodeSparkplugPayload, type SparkplugMetric } from './sparkplug-payload.ts';
import { METER_FORMATS, recordMeter, SCENARIOS, type Recording, type Scenario } from './wire-size-meters.ts';

const SAMPLES_MAX = 1000;
const AGE_MAX_MS = 60_000;
const CHANNELS = 12;
const WALL_MS = 1_763_700_000_000;
const RECORDS = 12;

interface Sizes {
  samples: number;
  millwatt: number;
  json: number;
  sparkplug: number;
}

const key = generateSigningKey();

/** Records as an agent with `machines` meters seals them: at 1,000 samples or 60 s, whichever comes first. */
function measure(
  scenario: Scenario,
  formats: typeof METER_FORMATS,
  machines: number,
  samplesMax: number,
): Sizes {
  const rowsByAge = Math.floor(AGE_MAX_MS / scenario.everyMs);
  const rows = Math.min(rowsByAge, Math.floor(samplesMax / (CHANNELS * machines)));
  const total: Sizes = { samples: 0, millwatt: 0, json: 0, sparkplug: 0 };
  const recordings = Array.from({ length: machines }, (_, index) => {
    const format = formats[index % formats.length];
    if (format === undefined) throw new RangeError('no meter format');
    const machine = `mill-${index + 1}`;
    return { machine, format, recording: recordMeter(machine, format, scenario, rows * RECORDS, index + 1) };
  });
  for (let record = 0; record < RECORDS; record++) {
    const slices = recordings.map(({ machine, format, recording }) => ({
      machine,
      double: format.name.includes('f64'),
      recording: sliceRecording(recording, record * rows, (record + 1) * rows),
    }));
    const parts: PartText[] = slices.map(({ machine, recording }) => ({
      machine,
      text: encodePart({
        machine,
        sampled: [
          {
            source: `${machine}-supply`,
            everyMs: scenario.everyMs,
            timesMs: recording.timesMs,
            columns: recording.columns,
            quality: new Map(),
          },
        ],
        events: [],
        links: [],
      }),
    }));
    const samples = rows * CHANNELS * machines;
    const timesMs = slices.flatMap(({ recording }) => recording.timesMs);
    total.samples += samples;
    total.millwatt += sealRecord(
      {
        kind: 'readings',
        site: 'plant-1',
        agent: 'gateway-1',
        epoch: 'k3x9mq02vnaz',
        seq: 10_000 + record,
        boot: 'b7c1d9e2f3a4',
        first: Math.min(...timesMs),
        last: Math.max(...timesMs),
        sealedTo: Math.max(...timesMs) + 1,
        samples,
        config: sha256('config'),
        clock: { mono: Math.max(...timesMs), wall: WALL_MS, state: 'synced' },
        prev: sha256(String(record)),
      },
      parts,
      key,
    ).bytes.length;
    for (const { machine, double, recording } of slices) {
      total.json += jsonBytes(machine, recording);
      total.sparkplug += sparkplugBytes(recording, double);
    }
  }
  return total;
}

function sliceRecording({ timesMs, columns }: Recording, from: number, to: number): Recording {
  return {
    timesMs: timesMs.slice(from, to),
    columns: new Map([...columns].map(([id, column]) => [id, column.slice(from, to)])),
  };
}

/** One object a reading, with short keys and no more than a reader needs. */
function jsonBytes(machine: string, { timesMs, columns }: Recording): number {
  let bytes = 0;
  for (const [id, column] of columns) {
    const [, , quantity = ''] = id.split('.');
    const unit = QUANTITIES[quantity as keyof typeof QUANTITIES].unit;
    column.forEach((value, row) => {
      const channel = id.slice(machine.length + 1);
      const time = WALL_MS + (timesMs[row] ?? 0);
      bytes += JSON.stringify({ time, machine, channel, value: Number(value), unit, quality: 'good' }).length;
    });
  }
  return bytes;
}

/** One data message a poll, metrics by alias, each with its time and data type. */
function sparkplugBytes({ timesMs, columns }: Recording, doubleCounter: boolean): number {
  let bytes = 0;
  timesMs.forEach((timeMs, row) => {
    const timestampMs = WALL_MS + timeMs;
    const metrics = [...columns].map(([id, column], index): SparkplugMetric => {
      const value = Number(column[row]);
      const wide = doubleCounter && id.includes('Energy');
      if (wide) return { alias: 100 + index, timestampMs, value: { double: value } };
      // The scaled integers of a meter are published as integers; all else is a float in its registers.
      return Number.isInteger(value) && value >= 0
        ? { alias: 100 + index, timestampMs, value: { int: value } }
        : { alias: 100 + index, timestampMs, value: { float: value } };
    });
    bytes += encodeSparkplugPayload(timestampMs, row % 256, metrics).length;
  });
  return bytes;
}

const results: object[] = [];
function report(name: string, sizes: Sizes): void {
  const per = (bytes: number) => bytes / sizes.samples;
  const row = {
    name,
    samples: sizes.samples,
    bytesPerSample: Number(per(sizes.millwatt).toFixed(2)),
    jsonBytesPerSample: Number(per(sizes.json).toFixed(1)),
    sparkplugBytesPerSample: Number(per(sizes.sparkplug).toFixed(1)),
    jsonRatio: Number((sizes.json / sizes.millwatt).toFixed(1)),
    sparkplugRatio: Number((sizes.sparkplug / sizes.millwatt).toFixed(1)),
  };
  results.push(row);
  console.log(
    `${name.padEnd(72)} ${row.bytesPerSample.toFixed(2).padStart(6)} B   ` +
      `JSON ${row.jsonBytesPerSample} B (1/${row.jsonRatio})   Sparkplug ${row.sparkplugBytesPerSample} B (1/${row.sparkplugRatio})`,
  );
}

for (const scenario of SCENARIOS) {
  for (const format of METER_FORMATS)
    report(`${scenario.name}: ${format.name}`, measure(scenario, [format], 1, SAMPLES_MAX));
}
for (const scenario of SCENARIOS) {
  report(
    `${scenario.name}: mean of the five meters, one a record`,
    sum(METER_FORMATS.map((f) => measure(scenario, [f], 1, SAMPLES_MAX))),
  );
}
// An agent gathers a thousand samples a machine; a thousand in all would give each machine too small a part.
for (const [samplesMax, limit] of [
  [5 * SAMPLES_MAX, 'a machine, as the agent seals'],
  [SAMPLES_MAX, 'in all, for comparison'],
] as const) {
  const sizes = SCENARIOS.map((scenario) => measure(scenario, METER_FORMATS, 5, samplesMax));
  report(`all: five machines in a record, ${SAMPLES_MAX} samples ${limit}`, sum(sizes));
}

function sum(sizes: Sizes[]): Sizes {
  const total: Sizes = { samples: 0, millwatt: 0, json: 0, sparkplug: 0 };
  for (const one of sizes) {
    total.samples += one.samples;
    total.millwatt += one.millwatt;
    total.json += one.json;
    total.sparkplug += one.sparkplug;
  }
  return total;
}

console.log(
  JSON.stringify({
    benchmark: 'wire-size',
    goal: { bytesPerSample: 5, jsonRatio: 18, sparkplugRatio: 3.5 },
    results,
  }),
);

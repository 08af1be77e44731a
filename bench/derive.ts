import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDerivation } from '../collector/derivation/deriver.ts';
import { unconfiguredMachine } from '../collector/energy/machine-model.ts';
import { openLedger } from '../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../collector/ledger/sqlite-views.ts';
import { generateSigningKey, sha256 } from '../protocols/evidence/keys.ts';
import { sealRecord } from '../protocols/evidence/seal.ts';
import { silentLog } from '../protocols/log.ts';
import type { Channel, MeasuredChannel } from '../protocols/telemetry/channel.ts';
import { shortestFloat32 } from '../protocols/telemetry/decimal.ts';
import { encodePart } from '../protocols/telemetry/part.ts';
import type { Quantity } from '../protocols/telemetry/quantity.ts';
import { watts } from '../protocols/telemetry/unit.ts';
import { encodeSnapshot } from '../protocols/telemetry/snapshot-text.ts';

/*
 * How fast machine-hours come out of signed raw records: a machine, 12 channels at 1 Hz, through the real ledger, reader,
 * fold and views. The reference, in the same run: the same samples as one JSON object each, parsed and summed naively
 * (power x time), without counters, states, signatures, minutes or a disk.
 *
 *   node bench/derive.ts [hours, default 96]
 */
const HOURS = Number(process.argv[2] ?? 96);
const START_MS = Date.UTC(2026, 2, 2);
const BOOT_MS = START_MS - 60_000;
const ROWS_A_RECORD = 83;
const MONTH_SAMPLES = 30 * 86_400 * 12;

const point = (
  component: string,
  quantity: Quantity,
  phase: MeasuredChannel['phase'] = 'total',
): MeasuredChannel => ({
  kind: 'measured',
  id: `m.${component}.${quantity}${phase === 'total' ? '' : `.${phase}`}`,
  machine: 'm',
  component,
  quantity,
  phase,
  source: 'meter',
  point: `${component}/${quantity}/${phase}`,
  scale: ['1', '1'],
  ...(quantity === 'activeEnergyImport' ? { counter: { behaviour: 'monotone' as const } } : {}),
});
const measured = [
  point('supply', 'activePower'),
  point('supply', 'activeEnergyImport'),
  point('supply', 'reactivePower'),
  point('supply', 'powerFactor'),
  ...(['l1', 'l2', 'l3'] as const).flatMap((phase) => [
    point('supply', 'current', phase),
    point('supply', 'voltage', phase),
  ]),
  point('spindle', 'activePower'),
  point('spindle', 'activeEnergyImport'),
];
const word: Channel = {
  kind: 'status',
  id: 'm.control.execution',
  machine: 'm',
  component: 'control',
  status: 'execution',
  source: 'meter',
  point: 'execution',
  vocabulary: 'mtconnect/Execution',
};
const snapshot = encodeSnapshot({
  v: 1,
  site: 'plant',
  agent: 'gw',
  software: { name: 'millwatt', version: '0.1.0' },
  sources: [{ id: 'meter', protocol: 'modbus-tcp', address: '127.0.0.1:502 unit 1', everyMs: 1000 }],
  channels: [...measured, word],
});

const folder = mkdtempSync(join(tmpdir(), 'millwatt-bench-'));
const ledger = await openLedger({ folder: join(folder, 'ledger'), log: silentLog });
const rows = HOURS * 3600;
const objects: string[] = [];
let bytes = 0;
await fill();

const naive = measure(() => foldNaively(objects));
// Millions of strings would be the garbage collector's work in what is measured next.
objects.length = 0;
const views = openViews({ folder });
const derivation = startDerivation({
  ledger,
  views,
  machines: [{ ...unconfiguredMachine('m'), ratedPowerW: watts(20_000), offBelowW: watts(50) }],
  site: 'plant',
  clock: { wallMs: () => START_MS + (HOURS + 24) * 3_600_000 },
  log: silentLog,
});
const before = process.cpuUsage();
const began = performance.now();
await derivation.idle();
const wallS = (performance.now() - began) / 1000;
const used = process.cpuUsage(before);
const cpuS = (used.user + used.system) / 1e6;
await derivation.stop();
const hours = views.hours('m', 0, Number.MAX_SAFE_INTEGER);
views.close();
await ledger.close();
rmSync(folder, { recursive: true });

const samples = rows * measured.length;
const rate = samples / wallS;
console.log(
  `${HOURS} h x 12 channels x 1 Hz: ${samples} samples in ${(bytes / samples).toFixed(2)} B each, signed`,
);
console.log(
  `derived   ${(rate / 1e6).toFixed(2)} M samples/s (${cpuS.toFixed(2)} s CPU, ${wallS.toFixed(2)} s wall), ${hours.length} hours`,
);
console.log(
  `reference ${(samples / naive / 1e6).toFixed(2)} M samples/s (JSON object a sample, naive sum, ${naive.toFixed(2)} s)`,
);
console.log(`ratio     ${(naive / wallS).toFixed(2)} x the reference's speed`);
console.log(
  `a machine-month (${(MONTH_SAMPLES / 1e6).toFixed(1)} M samples) would take ${(MONTH_SAMPLES / rate).toFixed(1)} s`,
);

/** Seals the readings of a believable day: cycles of a spindle, a counter in Wh as a double, floats as meters give them. */
async function fill(): Promise<void> {
  const key = generateSigningKey();
  let [seq, prev]: [number, string | null] = [0, null];
  const config = sha256(snapshot);
  const append = async (
    kind: 'config' | 'readings',
    text: string,
    firstMs: number,
    lastMs: number,
    count: number,
  ) => {
    const sealed = sealRecord(
      {
        kind,
        site: 'plant',
        agent: 'gw',
        epoch: 'aaaaaaaaaaaa',
        seq: ++seq,
        boot: 'bbbbbbbbbbbb',
        first: firstMs,
        last: lastMs,
        sealedTo: lastMs + 1,
        samples: count,
        config,
        clock: { mono: 0, wall: BOOT_MS, state: 'synced' },
        prev,
      },
      [{ machine: kind === 'config' ? null : 'm', text }],
      key,
    );
    prev = sealed.hash;
    bytes += sealed.bytes.length;
    return ledger.append({ ...sealed, receivedMs: START_MS });
  };
  await append('config', snapshot, 0, 0, 0);
  let [supplyWh, spindleWh] = [123_456.7, 4567.8];
  let pending: Promise<number>[] = [];
  for (let row = 0; row < rows; row += ROWS_A_RECORD) {
    const timesMs: number[] = [];
    const columns = new Map<string, number[]>(measured.map(({ id }) => [id, []]));
    const events: number[] = [];
    for (let second = row; second < Math.min(rows, row + ROWS_A_RECORD); second++) {
      const phase = second % 180;
      if (phase === 0 || phase === 120) events.push(second * 1000 + 60_000);
      const noise = ((second * 2_654_435_761) % 1000) / 1000;
      const spindleW = phase < 120 ? 3000 * Math.min(1, phase / 5) + 400 * noise : 0;
      const supplyW = 1200 + spindleW * 1.1 + 30 * noise;
      supplyWh += supplyW / 3600;
      spindleWh += spindleW / 3600;
      timesMs.push(second * 1000 + 60_000);
      const values = [
        shortestFloat32(Math.fround(supplyW)),
        Math.round(supplyWh * 1000) / 1000,
        shortestFloat32(Math.fround(supplyW * 0.6)),
        shortestFloat32(Math.fround(0.8 + noise / 10)),
        ...[0, 1, 2].flatMap((line) => [
          shortestFloat32(Math.fround(supplyW / 690 + line / 10)),
          shortestFloat32(Math.fround(230 + noise + line)),
        ]),
        shortestFloat32(Math.fround(spindleW)),
        Math.round(spindleWh * 1000) / 1000,
      ];
      measured.forEach(({ id }, index) => {
        columns.get(id)?.push(values[index] ?? 0);
        objects.push(
          JSON.stringify({
            time: new Date(START_MS + second * 1000).toISOString(),
            channel: id,
            value: values[index],
          }),
        );
      });
    }
    const text = encodePart({
      machine: 'm',
      sampled: [{ source: 'meter', everyMs: 1000, timesMs, columns, quality: new Map() }],
      events:
        events.length === 0
          ? []
          : [
              {
                channel: word.id,
                source: 'meter',
                timesMs: events,
                values: events.map((atMs) => ((atMs / 1000 - 60) % 180 === 0 ? 'ACTIVE' : 'READY')),
              },
            ],
      links: [],
    });
    pending.push(
      append('readings', text, timesMs[0] ?? 0, timesMs[timesMs.length - 1] ?? 0, timesMs.length * 12),
    );
    if (pending.length >= 64) {
      await Promise.all(pending);
      pending = [];
    }
  }
  await Promise.all(pending);
}

/** Power times time, hour by hour, as a first script would do it. */
function foldNaively(lines: readonly string[]): number {
  const last = new Map<string, { atMs: number; value: number }>();
  const hours = new Map<string, number>();
  for (const line of lines) {
    const { time, channel, value } = JSON.parse(line) as { time: string; channel: string; value: number };
    const atMs = Date.parse(time);
    const before = last.get(channel);
    if (before !== undefined && channel.endsWith('activePower')) {
      const hour = `${channel} ${time.slice(0, 13)}`;
      hours.set(hour, (hours.get(hour) ?? 0) + (before.value * (atMs - before.atMs)) / 3_600_000);
    }
    last.set(channel, { atMs, value });
  }
  return hours.size;
}

function measure(work: () => void): number {
  const began = performance.now();
  work();
  return (performance.now() - began) / 1000;
}

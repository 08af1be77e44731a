/**
 * What it takes to read each profile of the library: our plan, the greedy one (each value joins the request before it
 * whenever the device allows that), and the lower bound, which knows no holes and no rules but the length of a request:
 * as many requests as the wanted registers fill. On TCP and at 9600 baud 8E1; the usual points and all points.
 * Then the time to plan 10,000 points, against greedy in the same run.
 *
 *   node bench/read-plan.ts [--json]
 */
import { listProfiles, loadProfile } from '../config/library/profile-library.ts';
import { makePointReader } from '../protocols/modbus/profile/point-reader.ts';
import type { DeviceProfile, ProfilePoint, ReadLimits } from '../protocols/modbus/profile/profile.ts';
import { costOfEndpoint, costOfReads, type ReadCost } from '../protocols/modbus/plan/read-cost.ts';
import { planReads, type WantedRegisters } from '../protocols/modbus/plan/read-plan.ts';
import { listDeviceValues } from '../protocols/modbus/plan/read-values.ts';
import { choosePoints } from '../protocols/modbus/profile/wanted-points.ts';
import { planGreedily } from './read-plan-greedy.ts';

const LINES = {
  tcp: { transport: 'tcp', host: 'meter', port: 502 },
  serial: { transport: 'rtu', path: '/dev/ttyUSB0', baudRate: 9600, parity: 'even', stopBits: 1 },
} as const;
const MANY = 10_000;
const TURNS = 15;

/** One plan, or a bound of all plans. */
interface Figure {
  requests: number;
  registers: number;
  costMs: number;
}

interface Row {
  profile: string;
  points: number;
  line: keyof typeof LINES;
  bound: Figure;
  ours: Figure;
  greedy: Figure;
}

function figureOf(reads: readonly { count: number }[], cost: ReadCost): Figure {
  return {
    requests: reads.length,
    registers: reads.reduce((sum, { count }) => sum + count, 0),
    costMs: costOfReads(reads, cost),
  };
}

function boundOf(wanted: readonly WantedRegisters[], limits: ReadLimits, cost: ReadCost): Figure {
  const reads = [...new Set(wanted.map(({ functionCode }) => functionCode))].flatMap((code) => {
    const registers = new Set<number>();
    for (const { address, count } of wanted.filter((value) => value.functionCode === code))
      for (let i = 0; i < count; i++) registers.add(address + i);
    const requests = Math.ceil(registers.size / limits.maxRegisters);
    return Array.from({ length: requests }, () => ({ count: registers.size / requests }));
  });
  return figureOf(reads, cost);
}

function measure(profile: DeviceProfile, points: readonly ProfilePoint[], line: keyof typeof LINES): Row {
  const wanted = points.flatMap((point) => makePointReader(profile, point).parts);
  const cost = costOfEndpoint(LINES[line], profile.timing.guardMs);
  const known = { values: listDeviceValues(profile) };
  return {
    profile: profile.id,
    points: points.length,
    line,
    bound: boundOf(wanted, profile.limits, cost),
    ours: figureOf(planReads(wanted, profile.limits, cost, known), cost),
    greedy: figureOf(planGreedily(wanted, profile.limits, known), cost),
  };
}

function sumUp(rows: readonly Row[]): Omit<Row, 'line'> {
  const add = (key: 'bound' | 'ours' | 'greedy'): Figure => ({
    requests: rows.reduce((sum, row) => sum + row[key].requests, 0),
    registers: rows.reduce((sum, row) => sum + row[key].registers, 0),
    costMs: rows.reduce((sum, row) => sum + row[key].costMs, 0),
  });
  const points = rows.reduce((sum, row) => sum + row.points, 0);
  return { profile: 'sum', points, bound: add('bound'), ours: add('ours'), greedy: add('greedy') };
}

function print(title: string, rows: readonly Row[]): void {
  console.log(`\n${title}`);
  console.log(
    `${'profile'.padEnd(44)} points  requests: bound  ours  greedy   ms: bound    ours  greedy  ours/greedy`,
  );
  for (const { profile, points, bound, ours, greedy } of [...rows, sumUp(rows)]) {
    const requests = [
      String(bound.requests).padStart(9),
      String(ours.requests).padStart(6),
      String(greedy.requests).padStart(8),
    ].join('');
    const ms = [
      bound.costMs.toFixed(0).padStart(12),
      ours.costMs.toFixed(0).padStart(8),
      greedy.costMs.toFixed(0).padStart(8),
    ].join('');
    const ratio = (ours.costMs / greedy.costMs).toFixed(2).padStart(13);
    console.log(`${profile.padEnd(44)} ${String(points).padStart(6)}       ${requests}${ms}${ratio}`);
  }
}

/** Median of the ratios of interleaved turns; values of one, two and four registers, some behind holes. */
function timePlanning(): { planMs: number; greedyMs: number; ratio: number } {
  const limits: ReadLimits = {
    maxRegisters: 125,
    even: false,
    wholeValues: true,
    maxGap: 124,
    forbidden: [],
    readable: [],
    whole: [],
  };
  let address = 0;
  const wanted = Array.from({ length: MANY }, (_, i): WantedRegisters => {
    const count = [1, 2, 2, 4][i % 4] ?? 2;
    const value: WantedRegisters = { functionCode: 3, address, count };
    address += count + (i % 7 === 0 ? 5 : i % 50 === 0 ? 60 : 0);
    return value;
  });
  const cost = costOfEndpoint(LINES.serial, 0);
  const turns = Array.from({ length: TURNS }, () => {
    const startMs = performance.now();
    planReads(wanted, limits, cost);
    const middleMs = performance.now();
    planGreedily(wanted, limits, {});
    const endMs = performance.now();
    return { planMs: middleMs - startMs, greedyMs: endMs - middleMs };
  });
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  return {
    planMs: median(turns.map(({ planMs }) => planMs)),
    greedyMs: median(turns.map(({ greedyMs }) => greedyMs)),
    ratio: median(turns.map(({ planMs, greedyMs }) => planMs / greedyMs)),
  };
}

const profiles = listProfiles().flatMap(({ id }) => {
  const { profile } = loadProfile(id);
  return [profile, ...profile.variants.map((variant) => loadProfile(`${id}:${variant}`).profile)];
});
const usual = (line: keyof typeof LINES) =>
  profiles.map((profile) => measure(profile, choosePoints(profile, undefined, 'bench'), line));
const all = (line: keyof typeof LINES) => profiles.map((profile) => measure(profile, profile.points, line));
const tables = [
  { title: 'usual points, TCP', rows: usual('tcp') },
  { title: 'usual points, 9600 8E1', rows: usual('serial') },
  { title: 'all points, TCP', rows: all('tcp') },
  { title: 'all points, 9600 8E1', rows: all('serial') },
];
const planning = timePlanning();
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ benchmark: 'read-plan', tables, planning: { points: MANY, ...planning } }));
else {
  for (const { title, rows } of tables) print(title, rows);
  console.log(
    `\nplanning ${MANY} points: ours ${planning.planMs.toFixed(1)} ms, greedy ${planning.greedyMs.toFixed(1)} ms, ` +
      `${planning.ratio.toFixed(1)} times greedy (medians of ${TURNS} turns)`,
  );
}

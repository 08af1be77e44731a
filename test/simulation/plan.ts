import { Chance } from './chance.ts';
import type { Weather } from './network.ts';

/** What may go wrong; each can be left out, to see whether it matters. */
export const FAULT_KINDS = [
  'stalls',
  'partitions',
  'link-drops',
  'duplicates',
  'spoilt-copies',
  'broker-kills',
  'embedded-broker',
  'agent-crashes',
  'agent-power-cuts',
  'agent-disk',
  'collector-crashes',
  'collector-power-cuts',
  'collector-away',
  'ledger-disk',
  'ledger-restores',
  'spool-restores',
  'forks',
  'clock-steps',
  'clock-drift',
  'no-clock',
  'small-spools',
  'meter-outages',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One fault at its time. Spans end by themselves, and all at `faultsMs`. */
export interface Fault {
  kind: FaultKind;
  atMs: number;
  /** 0 for what happens in a moment. */
  lasts: number;
  /** Which agent; counted from 0. */
  agent: number;
  /** In [0, 1), for whatever else is to be chosen. */
  draw: number;
}

/** All that a seed decides before anything runs. */
export interface Plan {
  seed: number;
  kinds: ReadonlySet<FaultKind>;
  agents: number;
  /** Wall time at which the simulation begins, ms since the Unix epoch. */
  originMs: number;
  /** Faults end here, ms. */
  faultsMs: number;
  everyMs: number;
  batchAgeMs: number;
  /** What a spool may hold beyond its empty tables. */
  spoolRoomBytes: number;
  driftPpm: number[];
  weather: Weather;
  faults: Fault[];
}

/** Kinds that happen in time, with how long they last, ms, and how many there are at most. */
const TIMED: readonly [FaultKind, fromMs: number, toMs: number, most: number][] = [
  ['partitions', 500, 45_000, 3],
  ['link-drops', 0, 0, 6],
  ['broker-kills', 200, 20_000, 2],
  ['agent-crashes', 0, 0, 3],
  ['agent-power-cuts', 0, 0, 3],
  ['agent-disk', 0, 25_000, 4],
  ['collector-crashes', 0, 0, 3],
  ['collector-power-cuts', 0, 0, 3],
  ['collector-away', 10_000, 70_000, 1],
  ['ledger-disk', 1000, 40_000, 2],
  ['ledger-restores', 10_000, 60_000, 1],
  ['spool-restores', 5000, 60_000, 1],
  ['forks', 5000, 60_000, 1],
  ['clock-steps', 0, 0, 3],
  ['no-clock', 5000, 40_000, 1],
  ['meter-outages', 1000, 40_000, 3],
];

/** Days on which months and years turn, and one on which nothing happens; 15 s to 75 s before. */
const ORIGINS = [
  Date.UTC(2026, 2, 2, 9, 30),
  Date.UTC(2026, 3, 1),
  Date.UTC(2027, 0, 1),
  Date.UTC(2028, 2, 1),
];

/** The plan of a seed, without some kinds of fault: what is left is as it was. */
export function planOf(seed: number, without: ReadonlySet<FaultKind> = new Set()): Plan {
  const chance = new Chance(seed, 'plan');
  // Each seed has its own mix: together all kinds would hide each other.
  const share = 0.1 + 0.4 * chance.next();
  const kinds = new Set(FAULT_KINDS.filter(() => chance.happens(share)));
  // A small spool fills only while nobody takes anything from it.
  if (kinds.has('small-spools')) kinds.add('collector-away');
  for (const kind of without) kinds.delete(kind);
  const has = (kind: FaultKind) => kinds.has(kind);
  const agents = chance.happens(0.3) ? 2 : 1;
  const faultsMs = chance.whole(20, 80) * 1000;
  const faults: Fault[] = [];
  for (const [kind, fromMs, toMs, most] of TIMED) {
    const own = new Chance(seed, kind);
    for (let count = own.whole(1, most); count > 0 && has(kind); count--) {
      const atMs = 3000 + own.next() * (faultsMs - 4000);
      const lasts = Math.min(faultsMs - atMs, fromMs + own.next() ** 2 * (toMs - fromMs));
      faults.push({ kind, atMs, lasts, agent: own.whole(0, agents - 1), draw: own.next() });
    }
  }
  const weather = new Chance(seed, 'weather');
  const latencyMs = weather.pick([
    [1, 5],
    [1, 60],
    [20, 400],
  ] as const);
  return {
    seed,
    kinds,
    agents,
    originMs: chance.pick(ORIGINS) - chance.whole(15_000, 75_000),
    faultsMs,
    everyMs: has('small-spools') ? 500 : chance.pick([500, 1000, 1000, 2000]),
    batchAgeMs: has('small-spools') ? 2000 : chance.pick([2000, 4000, 8000]),
    spoolRoomBytes: has('small-spools') ? chance.pick([10_000, 16_000, 30_000]) : 1e9,
    driftPpm: Array.from({ length: agents }, () => (has('clock-drift') ? chance.whole(-500, 500) : 0)),
    weather: {
      latencyMs,
      stallShare: has('stalls') ? weather.pick([0.01, 0.1]) : 0,
      stallMs: weather.pick([1000, 8000]),
      duplicateShare: has('duplicates') ? 0.3 : 0,
      spoilShare: has('spoilt-copies') ? weather.pick([0.02, 0.2]) : 0,
    },
    faults: faults.sort((a, b) => a.atMs - b.atMs),
  };
}

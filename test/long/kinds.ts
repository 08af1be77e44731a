import { listPropertyFiles } from './property-files.ts';

/** One kind of long run: a test that is told how much to do, in pieces that add up. */
export interface LongKind {
  name: string;
  /** What it is called in the rules and in docs/reliability.md. */
  test: string;
  /** What is counted, plural. */
  unit: string;
  wanted: number;
  /** How many units a first piece has; later pieces follow the rate, about two minutes each. */
  firstPiece: number;
  /** Never fewer in one piece, save the last ones wanted. */
  pieceMin?: number;
  /** A piece that cannot be cut takes so long, minutes; less time is not begun with. */
  minutesMin?: number;
  /** Test files or folders, from the top of the repository. */
  files: readonly string[];
  /** Where a unit is a file: those of a piece, out of `files`. */
  filesOf?: (piece: { from: number; to: number }) => readonly string[];
  /** How the test is told what to do: units `from` (0 is the first) up to and without `to`. */
  env: (piece: { from: number; to: number }) => Record<string, string>;
  /** Set where the test does not tell what it did: when it passes, it did all it was asked. */
  isSilent?: boolean;
  /** A piece is run as so many parts at once: where units are independent, use one core, and look at no clock. */
  sideBySide?: number;
  /** Folders whose code is on trial. */
  tried: readonly string[];
}

const PROPERTY_FILES = listPropertyFiles();
const LINE = ['agent', 'collector', 'protocols'] as const;

/** Every kind, in the order of the table. The tests tell what they did by `tellLongRun({ done })`. */
export const LONG_KINDS: readonly LongKind[] = [
  {
    name: 'kills',
    test: 'T1',
    unit: 'kills',
    wanted: 5000,
    firstPiece: 100,
    pieceMin: 60,
    files: ['test/e2e/kill-cycles.test.ts'],
    env: ({ from, to }) => ({
      MILLWATT_KILLS: String(to - from),
      MILLWATT_KILLS_TOGETHER: '0',
      MILLWATT_TEST_SEED: `long-${from}`,
    }),
    tried: LINE,
  },
  {
    name: 'together',
    test: 'T20',
    unit: 'kills',
    wanted: 100,
    firstPiece: 20,
    pieceMin: 10,
    files: ['test/e2e/kill-cycles.test.ts'],
    env: ({ from, to }) => ({
      MILLWATT_KILLS: '0',
      MILLWATT_KILLS_TOGETHER: String(to - from),
      MILLWATT_TEST_SEED: `long-${from}`,
    }),
    tried: LINE,
  },
  {
    name: 'seeds',
    test: 'T15',
    unit: 'seeds',
    wanted: 100_000,
    firstPiece: 500,
    pieceMin: 100,
    sideBySide: 2,
    files: ['test/simulation/delivery.test.ts'],
    env: ({ from, to }) => ({ MILLWATT_SEEDS: `${from + 1}..${to}` }),
    isSilent: true,
    tried: LINE,
  },
  {
    name: 'fuzz',
    test: 'T16',
    unit: 'executions',
    wanted: 50_000_000,
    firstPiece: 200_000,
    pieceMin: 50_000,
    sideBySide: 2,
    files: ['test/fuzz/fuzz.test.ts'],
    env: ({ from, to }) => ({ MILLWATT_FUZZ: String(to - from), MILLWATT_TEST_SEED: `long-${from}` }),
    tried: LINE,
  },
  {
    name: 'backlog',
    test: 'T13',
    unit: 'days',
    wanted: 7,
    firstPiece: 7,
    minutesMin: 25,
    files: ['test/e2e/backlog.test.ts'],
    env: ({ from, to }) => ({ MILLWATT_BACKLOG_DAYS: String(to - from) }),
    tried: LINE,
  },
  {
    name: 'soak',
    test: 'T18',
    unit: 'minutes',
    wanted: 30,
    firstPiece: 30,
    minutesMin: 30,
    files: ['test/e2e/soak-line.test.ts'],
    env: ({ from, to }) => ({ MILLWATT_SOAK_MINUTES: String(to - from) }),
    tried: LINE,
  },
  {
    name: 'flips',
    test: 'T3',
    unit: 'flips',
    wanted: 1_000_000,
    firstPiece: 5000,
    pieceMin: 2000,
    sideBySide: 2,
    files: ['test/agent/faults/bit-flips.test.ts'],
    env: ({ from, to }) => ({ MILLWATT_TEST_PATH: `${from}..${to}` }),
    isSilent: true,
    tried: ['agent', 'protocols'],
  },
  {
    name: 'ledger-flips',
    test: 'T3',
    unit: 'flips',
    wanted: 200_000,
    firstPiece: 2000,
    pieceMin: 1000,
    sideBySide: 2,
    files: ['test/collector/ledger/month-flips.test.ts'],
    env: ({ from, to }) => ({ RUNS: String(to - from), MILLWATT_TEST_SEED: String(from + 1) }),
    isSilent: true,
    tried: ['collector', 'protocols'],
  },
  {
    name: 'storm',
    test: 'T14',
    unit: 'seeds',
    wanted: 5000,
    firstPiece: 300,
    pieceMin: 300,
    files: ['test/protocols/mqtt/storm.test.ts'],
    env: ({ from, to }) => ({ RUNS: String(to - from), MILLWATT_TEST_SEED: String(from + 1) }),
    isSilent: true,
    tried: ['protocols'],
  },
  {
    name: 'properties',
    test: 'all others',
    unit: 'test files',
    wanted: PROPERTY_FILES.length,
    firstPiece: 1,
    files: PROPERTY_FILES,
    filesOf: ({ from, to }) =>
      Array.from({ length: to - from }, (_, index) => {
        const at = (from + index) % PROPERTY_FILES.length;
        return PROPERTY_FILES[at] ?? '';
      }),
    env: () => ({}),
    isSilent: true,
    tried: ['agent', 'collector', 'config', 'protocols'],
  },
];

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
  /** How the test is told what to do: units `from` (0 is the first) up to and without `to`. */
  env: (piece: { from: number; to: number }) => Record<string, string>;
  /** Set where the test does not tell what it did: when it passes, it did all it was asked. */
  isSilent?: boolean;
  /** Folders whose code is on trial. */
  tried: readonly string[];
}

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
    minutesMin: 20,
    files: ['test/e2e/backlog.test.ts'],
    env: ({ from, to }) => ({ MILLWATT_BACKLOG_DAYS: String(to - from) }),
    tried: LINE,
  },
];

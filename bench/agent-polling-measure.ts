/** Cadence of every meter, ms. */
export const EVERY_MS = 100;

/** Twelve values of an Eastron SDM630, and where they lie: one read of 74 input registers has them all. */
export const REFERENCE_POINTS = [
  { point: 'voltage.l1', address: 0 },
  { point: 'voltage.l2', address: 2 },
  { point: 'voltage.l3', address: 4 },
  { point: 'current.l1', address: 6 },
  { point: 'current.l2', address: 8 },
  { point: 'current.l3', address: 10 },
  { point: 'activePower.l1', address: 12 },
  { point: 'activePower.l2', address: 14 },
  { point: 'activePower.l3', address: 16 },
  { point: 'activePower', address: 52 },
  { point: 'frequency', address: 70 },
  { point: 'activeEnergyImport', address: 72 },
] as const;
export const REGISTERS = 74;

const WARM_UP_MS = 5000;

/** What a measured process says of itself. */
export interface ProcessFigures {
  /** CPU of all threads, us a poll. */
  cpuUsPerPoll: number;
  pollsPerSecond: number;
  rssMb: number;
}

/** Command line of a measured process: meters' ports as JSON, broker's port, seconds. */
export function readArguments(): { ports: number[]; broker: number; seconds: number } {
  const [ports = '[]', broker = '0', seconds = '10'] = process.argv.slice(2);
  return { ports: JSON.parse(ports) as number[], broker: Number(broker), seconds: Number(seconds) };
}

/** Lets the process warm up, measures it, and prints its figures as one line of JSON. */
export async function measureProcess(polls: () => number): Promise<void> {
  await pause(WARM_UP_MS);
  const pollsBefore = polls();
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  await pause(readArguments().seconds * 1000);
  const { user, system } = process.cpuUsage(cpuBefore);
  const done = polls() - pollsBefore;
  const figures: ProcessFigures = {
    cpuUsPerPoll: (user + system) / done,
    pollsPerSecond: (done * 1000) / (performance.now() - startMs),
    rssMb: process.memoryUsage.rss() / 1e6,
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

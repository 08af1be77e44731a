import { expect } from 'vitest';
import type { Reading } from '../../protocols/telemetry/decimal.ts';

/**
 * Holds what the meters said, run by run of the agent, against the ledger: of each run, its first readings are there without a
 * hole; those after the last that was durable died with the process. Of the last two runs, which ended in order, all are
 * there. Gives the most energy between a run's last reading said and its last reading kept, mWh.
 */
export function checkTold(
  runs: readonly (readonly string[])[],
  readings: ReadonlyMap<string, readonly { raw: Reading }[]>,
): number {
  const kept = new Map<string, Set<string>>();
  for (const [channel, list] of readings)
    kept.set(channel, new Set(list.map(({ raw }) => (typeof raw === 'bigint' ? String(raw) : `${raw}`))));
  let mostMwh = 0;
  let known = 0;
  for (const [index, run] of runs.entries()) {
    const byMachine = Map.groupBy(run, (line) => line.split(' ')[0] ?? '');
    for (const [machine, lines] of byMachine) {
      const own = kept.get(`${machine}.supply.activeEnergyImport`) ?? new Set();
      const said = lines.map((line) => line.split(' ')[1] ?? '');
      const firstLost = said.findIndex((value) => !own.has(value));
      const durable = firstLost === -1 ? said.length : firstLost;
      known += durable;
      const afterwards = said.slice(durable).filter((value) => own.has(value));
      expect(afterwards, `run ${index} of ${machine} has a hole`).toEqual([]);
      if (index >= runs.length - 2) expect(durable, `run ${index} of ${machine}`).toBe(said.length);
      if (durable > 0) mostMwh = Math.max(mostMwh, Number(said.at(-1) ?? 0) - Number(said[durable - 1] ?? 0));
    }
  }
  expect(known).toBeGreaterThan(0);
  return mostMwh;
}

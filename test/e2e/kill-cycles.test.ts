import { beforeAll, describe, expect, it } from 'vitest';
import { requireTool } from '../support/tools.ts';
import { tellLongRun } from '../long/tell.ts';
import { killLine, warmUpKillLines, type KillFigures } from './kill-line.ts';

/*
 * T1 and T20: agent, collector and broker (mosquitto as it comes) killed with SIGKILL, in turn and all at once. Several lines run
 * side by side, because most of a cycle is waiting.
 */
const KILLS = Number(process.env['MILLWATT_KILLS'] ?? 200);
const TOGETHER = Number(process.env['MILLWATT_KILLS_TOGETHER'] ?? 10);
const LINES = Number(process.env['MILLWATT_KILL_LINES'] ?? 4);
const SEED = process.env['MILLWATT_TEST_SEED'] ?? String(Date.now());
const tools = requireTool('mosquitto') !== undefined;

describe.skipIf(!tools)('agent, collector and broker killed at random moments under load', () => {
  beforeAll(warmUpKillLines);

  it.skipIf(KILLS === 0)(
    `in turn: loses nothing and counts nothing twice (MILLWATT_TEST_SEED=${SEED})`,
    async () => {
      const lines = Array.from({ length: LINES }, (_, line) => {
        const kills = Math.floor((KILLS + line) / LINES);
        return killLine({ seed: `${SEED}/${line}`, kills });
      });
      tell('in turn', await all(lines));
    },
    1_800_000,
  );

  it.skipIf(TOGETHER === 0)(
    `all at once: loses nothing and counts nothing twice (MILLWATT_TEST_SEED=${SEED})`,
    async () => {
      const half = Math.ceil(TOGETHER / 2);
      const lines = [half, TOGETHER - half].map((kills, line) =>
        killLine({ seed: `${SEED}/together/${line}`, kills, together: true }),
      );
      tell('all at once', await all(lines));
    },
    1_800_000,
  );
});

/** Waits for every line to end, then fails with the first that did. */
async function all(lines: readonly Promise<KillFigures>[]): Promise<KillFigures[]> {
  const ends = await Promise.allSettled(lines);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}

function tell(how: string, lines: readonly KillFigures[]): void {
  const sum = (of: (figures: KillFigures) => number) => lines.reduce((total, line) => total + of(line), 0);
  const upMs = lines.flatMap((line) => line.upMs).sort((a, b) => a - b);
  const upCpuMs = lines.flatMap((line) => line.upCpuMs).sort((a, b) => a - b);
  const at = (list: readonly number[], share: number) =>
    list[Math.min(list.length - 1, Math.floor(share * list.length))] ?? NaN;
  const done = sum(({ kills }) => kills);
  const figures = {
    records: sum(({ records }) => records),
    samples: sum(({ samples }) => samples),
    receipted: sum(({ receipted }) => receipted),
    energyMwh: sum(({ energyMwh }) => energyMwh),
    upMsMedian: at(upMs, 0.5),
    upMs99: at(upMs, 0.99),
    upMsMax: at(upMs, 1),
    upCpuMs99: at(upCpuMs, 0.99),
    undurableMsMax: Math.max(...lines.map(({ undurableMs }) => undurableMs)),
  };
  console.log(`killed ${how} ${done} times: ${JSON.stringify(figures)}, MILLWATT_TEST_SEED=${SEED}`);
  tellLongRun({ done, ...figures });
  // Less would not be a load.
  expect(figures.records).toBeGreaterThan(done);
  expect(figures.receipted).toBeGreaterThan(done / 4);
  // Who else is at work decides how long a start takes by the clock; by the processor it is ours.
  expect(figures.upCpuMs99).toBeLessThanOrEqual(1000);
}

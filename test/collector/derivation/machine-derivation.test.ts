import { describe, expect, it } from 'vitest';
import { MachineDerivation } from '../../../collector/derivation/machine-derivation.ts';
import { HOUR_MS } from '../../../collector/energy/hour-account.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { feedOf } from '../energy/fold-feed.ts';

const START_MS = Date.UTC(2026, 2, 2, 9);
const HOURS = 96;
const END_MS = START_MS + HOURS * HOUR_MS;
const MINUTE_MS = 60_000;

/** Four days of a control that says a word an hour; its agent was watching every minute. */
function derive() {
  const asked: [fromMs: number, toMs: number][] = [];
  const words = Array.from({ length: HOURS }, (_, hour) => START_MS + hour * HOUR_MS);
  const derivation = new MachineDerivation({
    model: unconfiguredMachine('m'),
    site: 'plant',
    views: { checkpointBefore: () => undefined },
    source: {
      feeds: (fromMs, toMs) =>
        words.flatMap((atMs, hour) =>
          atMs >= fromMs && atMs < toMs
            ? [feedOf(hour + 1, null, [[atMs, hour % 2 ? 'ACTIVE' : 'READY']])]
            : [],
        ),
      marks: (fromMs, toMs) => {
        asked.push([fromMs, toMs]);
        const marks = [];
        for (let atMs = Math.max(START_MS, fromMs); atMs <= Math.min(toMs, END_MS); atMs += MINUTE_MS)
          marks.push({ agent: 'gw', atMs });
        return marks;
      },
      firstMs: () => START_MS,
      endMs: () => END_MS,
    },
  });
  return { derivation, asked };
}

describe('a machine whose hours are computed again', () => {
  it('is told of its agents a window at a time, so that neither time nor checkpoints grow with all that lies ahead', async () => {
    const { derivation, asked } = derive();
    await derivation.recompute({ fromMs: -Infinity, horizonMs: END_MS }, () => Promise.resolve());
    const { spans, checkpoints } = derivation.take();
    expect(spans.map(({ state, decider }) => `${state} ${decider}`)).toEqual(
      Array.from({ length: HOURS - 1 }, (_, hour) => (hour % 2 ? 'processing control' : 'ready control')),
    );
    expect(Math.max(...asked.map(([fromMs, toMs]) => toMs - fromMs))).toBeLessThanOrEqual(6 * HOUR_MS);
    const sizes = [...checkpoints].sort(([a], [b]) => a - b).map(([, json]) => json.length);
    expect(sizes[1]).toBeLessThan(2 * (sizes.at(-2) ?? 0));
  });
});

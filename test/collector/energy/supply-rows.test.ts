import { describe, expect, it } from 'vitest';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import { amendFeed } from '../../../collector/energy/amendments/amend-feed.ts';
import { defineCounter } from '../../../collector/energy/counter-value.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import type { RecordFeed } from '../../../collector/energy/record-feed.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { bandSetOf, feedOf, foldHours, foldSpans } from './fold-feed.ts';

const START_MS = Date.UTC(2026, 2, 2, 9);
const MODEL = {
  ...unconfiguredMachine('m'),
  bandSets: [
    bandSetOf([
      { state: 'ready', belowW: watts(1000) },
      { state: 'processing', belowW: null },
    ]),
  ],
};
const COUNTER = defineCounter('serial 1', ['1', '1'], { named: true });
const at = (second: number) => START_MS + second * 1000;
/** Idle up to 60 s, then at work. */
const powerW = (second: number) => (second < 60 ? 500 : 2000);

/** Power every 20 s; the counter in rows of its own, every `counterS`, half a second later. */
function records(counterS: number | null, missing: number[] = []): RecordFeed[] {
  const seconds = Array.from({ length: 7 }, (_, row) => 20 * row).filter(
    (second) => !missing.includes(second),
  );
  const power = feedOf(1, {
    timesMs: seconds.map(at),
    everyMs: 20_000,
    powers: { supply: seconds.map(powerW) },
  });
  if (counterS === null) return [power];
  const rows = Array.from({ length: 120 / counterS }, (_, row) => row * counterS);
  const counter = feedOf(2, {
    timesMs: rows.map((second) => at(second) + 500),
    everyMs: counterS * 1000,
    imports: { supply: { values: rows.map((second) => String(100 + second)), definition: COUNTER } },
  });
  return [power, counter];
}

const statesOf = (feeds: RecordFeed[]) =>
  foldSpans(MODEL, feeds, at(121)).map(({ fromMs, state }) => [(fromMs - START_MS) / 1000, state]);

describe('supply power and counter in rows of their own', () => {
  it.each([null, 1, 5, 20, 60])(
    'put a change half way between two readings of power (counter every %s s)',
    (counterS) => {
      expect(statesOf(records(counterS))).toEqual([
        [0, 'ready'],
        [50, 'processing'],
      ]);
    },
  );

  it('know no state where readings of power are missing, and still measure the time', () => {
    expect(statesOf(records(1, [40, 60, 80]))).toEqual([
      [0, 'ready'],
      [20, 'unknown'],
      [100, 'processing'],
    ]);
    const [hour] = foldHours(MODEL, records(1, [40, 60, 80]), at(121));
    expect(hour?.measuredMs).toBe(hour?.spanMs);
  });

  it('are in the states of the amended power from the moment at which an amendment begins, not half a reading before', () => {
    // 500 W were read all the while; from 60 s on, true is four times that.
    const amendments: Amendment[] = [
      {
        id: 'x',
        machine: 'm',
        component: 'supply',
        fromMs: at(60),
        toMs: null,
        kind: 'scale',
        num: '4',
        den: '1',
      },
    ];
    const seconds = [0, 20, 40, 60, 80, 100, 120];
    const feed = feedOf(1, {
      timesMs: seconds.map(at),
      everyMs: 20_000,
      powers: { supply: seconds.map(() => 500) },
    });
    const spans = foldSpans({ ...MODEL, amendments }, [amendFeed(feed, amendments)], at(121));
    expect(spans.map(({ fromMs, state }) => [(fromMs - START_MS) / 1000, state])).toEqual([
      [0, 'ready'],
      [60, 'processing'],
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import type { RecordFeed } from '../../../collector/energy/record-feed.ts';
import { advanceFold, takeChangedAccounts } from '../../../collector/energy/machine-fold.ts';
import { feedRecord } from '../../../collector/energy/feed-record.ts';
import { startFold } from '../../../collector/energy/fold-state.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { feedOf, foldSpans } from './fold-feed.ts';

const START_MS = Date.UTC(2026, 2, 2, 9);
const MODEL = { ...unconfiguredMachine('m'), quietAfterMs: 1_200_000 };
const SECOND = 1000;

/** Ten minutes of a meter, under a wiring. */
function minutes(seq: number, fromMin: number, wiring: RecordFeed['wiring']): RecordFeed {
  const timesMs = Array.from({ length: 601 }, (_, second) => START_MS + fromMin * 60_000 + second * SECOND);
  const feed = feedOf(seq, {
    timesMs: timesMs.slice(0, 600),
    powers: { supply: timesMs.slice(0, 600).map(() => 900) },
  });
  return wiring === undefined ? feed : { ...feed, wiring };
}

function statesOf(feeds: RecordFeed[]): string[] {
  return foldSpans(MODEL, feeds, START_MS + 3_600_000).map(
    ({ fromMs, toMs, state, decider }) =>
      `${(fromMs - START_MS) / 60_000}-${Math.round((toMs - START_MS) / 60_000)} ${state} ${decider}`,
  );
}

const WITH_CONTROL = { sources: ['meter', 'cnc'], channels: ['m.control.execution'] };
const WITHOUT = { sources: ['meter'], channels: [] };

describe('a control that is no longer wired', () => {
  const said = { ...minutes(1, 0, WITH_CONTROL), words: feedOf(1, null, [[START_MS, 'ACTIVE']]).words };

  it('says nothing from then on, though its agent goes on watching', () => {
    expect(statesOf([said, minutes(2, 10, WITH_CONTROL)])).toEqual(['0-20 processing control']);
    const rewired = [said, minutes(2, 10, WITHOUT), minutes(3, 20, WITHOUT)];
    expect(statesOf(rewired)).toEqual(['0-10 processing control', '10-30 unknown none']);
    expect(statesOf(rewired.toReversed())).toEqual(statesOf(rewired));
  });

  it('still counts where the wiring is another and the channel is not, and where another agent is rewired', () => {
    expect(statesOf([said, minutes(2, 10, { ...WITH_CONTROL, sources: ['meter', 'cnc', 'drive'] })])).toEqual(
      ['0-20 processing control'],
    );
    const other = minutes(1, 10, WITHOUT);
    expect(statesOf([said, { ...other, record: { ...other.record, agent: 'gw-2' } }])).toEqual([
      '0-20 processing control',
    ]);
  });

  it('is not down for ever', () => {
    const down = { ...said, links: [{ source: 'cnc', timesMs: [START_MS + 60_000], up: [false] }] };
    const hour = (feed: RecordFeed[]) => {
      const fold = startFold();
      for (const one of feed) feedRecord(fold, one);
      advanceFold(MODEL, fold, START_MS + 3 * 3_600_000);
      return takeChangedAccounts(fold).map(({ marked }) => marked['source-down'] !== undefined);
    };
    expect(hour([down, minutes(2, 61, WITH_CONTROL)])).toEqual([true, true]);
    expect(hour([down, minutes(2, 30, WITHOUT), minutes(3, 61, WITHOUT)])).toEqual([true, false]);
  });
});

import { describe, expect, it } from 'vitest';
import { unconfiguredMachine, type MachineModel } from '../../../collector/energy/machine-model.ts';
import type { RecordFeed } from '../../../collector/energy/record-feed.ts';
import { watts } from '../../../protocols/telemetry/unit.ts';
import { bandSetOf, feedOf, foldSpans, type Words } from './fold-feed.ts';

const START_MS = Date.UTC(2026, 2, 2, 9);
const S = 1000;
const at = (seconds: number) => START_MS + seconds * S;
const MODEL = { ...unconfiguredMachine('m'), quietAfterMs: 86_400_000 };

type Link = [seconds: number, up: boolean, healed?: boolean];

/** What a control says and how its link is, and a last word of nothing, so that time goes on. */
function record(
  words: [seconds: number, word: Words[number][1]][],
  links: Link[] = [],
  endS = 4000,
): RecordFeed {
  const feed = feedOf(
    1,
    null,
    words.map(([seconds, word]): Words[number] => [at(seconds), word]),
  );
  const end: RecordFeed['words'][number] = {
    channel: 'm.control.program',
    source: 'other',
    status: 'program',
    vocabulary: 'raw',
    timesMs: [at(endS)],
    values: ['O1'],
  };
  return {
    ...feed,
    words: [...feed.words, end],
    links:
      links.length === 0
        ? []
        : [
            {
              source: 'cnc',
              timesMs: links.map(([seconds]) => at(seconds)),
              up: links.map(([, up]) => up),
              healed: links.map(([, , healed]) => healed === true),
            },
          ],
  };
}

function spans(feed: RecordFeed, model: MachineModel = MODEL, horizonS = 8000): string[] {
  return foldSpans(model, [feed], at(horizonS)).map(({ fromMs, toMs, state, decider, basis }) =>
    [
      `${(fromMs - START_MS) / S}-${(toMs - START_MS) / S}`,
      state,
      decider,
      basis.replace('m.control.execution', 'x'),
    ].join(' '),
  );
}

describe('a control that is silent', () => {
  it('went on, where it says the same state again within two minutes; where it says another, nobody knows', () => {
    expect(
      spans(
        record(
          [
            [0, 'ACTIVE'],
            [100, 'UNAVAILABLE'],
            [220, 'ACTIVE'],
            [300, null],
            [350, 'READY'],
          ],
          [],
          400,
        ),
      ),
    ).toEqual([
      '0-100 processing control x=ACTIVE',
      '100-220 processing bridged x=ACTIVE',
      '220-300 processing control x=ACTIVE',
      '300-350 unknown none ',
      '350-400 ready control x=READY',
    ]);
  });

  it('is unknown where that takes longer, where it never spoke before, and where the next word is not known', () => {
    expect(
      spans(
        record(
          [
            [0, null],
            [50, 'ACTIVE'],
            [100, null],
            [221, 'ACTIVE'],
            [300, null],
            [310, 'BUSY'],
          ],
          [],
          400,
        ),
      ),
    ).toEqual([
      '0-50 unknown none ',
      '50-100 processing control x=ACTIVE',
      '100-221 unknown none ',
      '221-300 processing control x=ACTIVE',
      '300-310 unknown none ',
      '310-400 unknown none x=BUSY',
    ]);
    expect(
      spans(
        record(
          [
            [0, 'ACTIVE'],
            [100, null],
            [101, 'ACTIVE'],
          ],
          [],
          200,
        ),
        { ...MODEL, bridgeMs: 0 },
      ),
    ).toEqual([
      '0-100 processing control x=ACTIVE',
      '100-101 unknown none ',
      '101-200 processing control x=ACTIVE',
    ]);
  });

  it('is settled up to where it fell silent, until it is known how long that lasts', () => {
    const feed = record(
      [
        [0, 'ACTIVE'],
        [100, null],
      ],
      [],
      150,
    );
    expect(spans(feed, MODEL, 220)).toEqual(['0-100 processing control x=ACTIVE']);
    expect(spans(feed, MODEL, 221)).toEqual(['0-100 processing control x=ACTIVE', '100-150 unknown none ']);
  });

  it('is one whose link is down, or that says it is not available', () => {
    expect(
      spans(
        record(
          [
            [0, 'ACTIVE'],
            [700, 'ACTIVE'],
          ],
          [
            [100, false],
            [200, true],
            [300, false],
            [650, true],
          ],
          710,
        ),
      ),
    ).toEqual([
      '0-100 processing control x=ACTIVE',
      '100-200 processing bridged x=ACTIVE',
      '200-300 processing control x=ACTIVE',
      '300-650 unknown none ',
      '650-710 processing control x=ACTIVE',
    ]);
    const gone = record([[0, 'ACTIVE']], [], 1000);
    gone.words.push({
      channel: 'm.control.availability',
      source: 'cnc',
      status: 'availability',
      vocabulary: 'mtconnect/Availability',
      timesMs: [at(0), at(100), at(150), at(400), at(600)],
      values: ['AVAILABLE', 'UNAVAILABLE', 'AVAILABLE', 'UNAVAILABLE', 'AVAILABLE'],
    });
    expect(spans(gone)).toEqual([
      '0-100 processing control x=ACTIVE',
      '100-150 processing bridged x=ACTIVE',
      '150-400 processing control x=ACTIVE',
      '400-600 unknown none ',
      '600-1000 processing control x=ACTIVE',
    ]);
  });

  it('is not one whose availability nothing ever fed', () => {
    const fed = record([[0, 'ACTIVE']], [], 1000);
    fed.words.push({
      channel: 'm.control.availability',
      source: 'cnc',
      status: 'availability',
      vocabulary: 'mtconnect/Availability',
      timesMs: [at(0), at(500)],
      values: ['UNAVAILABLE', 'UNAVAILABLE'],
    });
    expect(spans(fed)).toEqual(['0-1000 processing control x=ACTIVE']);
  });

  it('is one that is no longer available, though its agent was silent for longer than words hold', () => {
    const back = record(
      [
        [0, 'ACTIVE'],
        [700, 'ACTIVE'],
      ],
      [],
      1000,
    );
    back.words.push({
      channel: 'm.control.availability',
      source: 'cnc',
      status: 'availability',
      vocabulary: 'mtconnect/Availability',
      timesMs: [at(0), at(700)],
      values: ['AVAILABLE', 'UNAVAILABLE'],
    });
    expect(spans(back, { ...MODEL, quietAfterMs: 300_000 })).toEqual([
      '0-300 processing control x=ACTIVE',
      '300-1000 unknown none ',
    ]);
  });

  it('was not silent where its source told afterwards all that it had said', () => {
    const words = [
      [0, 'ACTIVE'],
      [300, 'READY'],
      [1000, 'READY'],
    ] as const;
    const outage = (upS: number, healed: boolean) =>
      spans(
        record(
          words.map(([seconds, word]) => [seconds, word]),
          [
            [100, false],
            [upS, true, healed],
          ],
          1100,
        ),
      );
    const whole = ['0-300 processing control x=ACTIVE', '300-1100 ready control x=READY'];
    expect(outage(700, true)).toEqual(whole);
    expect(outage(700, false)).toEqual([
      '0-100 processing control x=ACTIVE',
      '100-700 unknown none ',
      '700-1100 ready control x=READY',
    ]);
    // Longer than an agent waits for words of the past, nobody waits for them.
    expect(outage(701, true)).toEqual([
      '0-100 processing control x=ACTIVE',
      '100-701 unknown none ',
      '701-1100 ready control x=READY',
    ]);
    // A link that is down is told again where the reason becomes another: it is one outage.
    const twice = (upS: number) =>
      spans(
        record(
          words.map(([seconds, word]) => [seconds, word]),
          [
            [100, false],
            [250, false],
            [upS, true, true],
          ],
          1100,
        ),
      );
    expect(twice(700)).toEqual(whole);
    expect(twice(800)).toEqual([
      '0-100 processing control x=ACTIVE',
      '100-800 unknown none ',
      '800-1100 ready control x=READY',
    ]);
    const open = record([[0, 'ACTIVE']], [[100, false]], 500);
    expect(spans(open, MODEL, 700)).toEqual(['0-100 processing control x=ACTIVE']);
    expect(spans(open, MODEL, 701)).toEqual(['0-100 processing control x=ACTIVE', '100-500 unknown none ']);
  });

  it('leaves the state to power: off always, and bands where it is silent for long', () => {
    const model = {
      ...MODEL,
      offBelowW: watts(50),
      bandSets: [bandSetOf([{ state: 'ready', belowW: null }])],
    };
    const timesMs = Array.from({ length: 61 }, (_, row) => at(10 * row));
    const powerW = timesMs.map((_, row) => (row >= 5 && row < 8 ? 10 : 900));
    const feed = {
      ...record(
        [
          [0, 'ACTIVE'],
          [20, null],
          [100, 'ACTIVE'],
          [200, null],
          [500, 'ACTIVE'],
        ],
        [],
        600,
      ),
      rows: feedOf(1, { timesMs, everyMs: 10_000, powers: { supply: powerW } }).rows,
    };
    expect(spans(feed, model)).toEqual([
      '0-20 processing control x=ACTIVE',
      '20-45 processing bridged x=ACTIVE',
      '45-75 off power below 50 W',
      '75-100 processing bridged x=ACTIVE',
      '100-200 processing control x=ACTIVE',
      '200-500 ready bands from 50 W, bands',
      '500-600 processing control x=ACTIVE',
    ]);
  });

  it('is stale when its agent fell silent, and bridged when that speaks again soon', () => {
    const model = { ...MODEL, quietAfterMs: 300_000 };
    const feed = record(
      [
        [0, 'ACTIVE'],
        [400, 'ACTIVE'],
        [1000, 'ACTIVE'],
      ],
      [],
      1100,
    );
    expect(spans(feed, model)).toEqual([
      '0-300 processing control x=ACTIVE',
      '300-400 processing bridged x=ACTIVE',
      '400-700 processing control x=ACTIVE',
      '700-1000 unknown none ',
      '1000-1100 processing control x=ACTIVE',
    ]);
  });
});

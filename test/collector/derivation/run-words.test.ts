import { afterEach, describe, expect, it } from 'vitest';
import { startDerivation } from '../../../collector/derivation/deriver.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { silentLog } from '../../../protocols/log.ts';
import type { Status } from '../../../protocols/telemetry/quantity.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';
import { MACHINE, PlantFeed, START_MS } from './plant-feed.ts';

const MINUTE_MS = 60_000;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const channel = (status: Status, vocabulary: string) => ({
  kind: 'status' as const,
  id: `${MACHINE}.control.${status}`,
  machine: MACHINE,
  component: 'control',
  status,
  source: 'cnc',
  point: status,
  vocabulary,
});
const CHANNELS = [
  channel('execution', 'mtconnect/Execution'),
  channel('program', 'raw'),
  channel('mode', 'mtconnect/ControllerMode'),
];

/** An hour of a control that begins another program every ten minutes, and is away once. */
function records(): SealedRecord[] {
  const feed = new PlantFeed({ channels: CHANNELS });
  const said = Array.from({ length: 6 }, (_, ten) => {
    const atMs = START_MS + ten * 10 * MINUTE_MS;
    const word = (status: string, timesMs: number[], values: (string | null)[]) => ({
      channel: `${MACHINE}.control.${status}`,
      source: 'cnc',
      timesMs,
      values,
    });
    return feed.say({
      words: [
        word('program', [atMs], [`P${ten}`]),
        word('mode', [atMs], ['AUTOMATIC']),
        word('execution', [atMs + 5, atMs + 5 * MINUTE_MS], ['ACTIVE', 'READY']),
      ],
      links:
        ten === 3
          ? [
              {
                source: 'cnc',
                timesMs: [atMs + MINUTE_MS, atMs + 2 * MINUTE_MS],
                up: [false, true],
                reasons: ['timeout', 'healed'],
              },
            ]
          : [],
      sealedToMs: atMs + 10 * MINUTE_MS,
    });
  });
  return [feed.config(), ...said];
}

async function open() {
  const folder = makeTempFolder();
  const clock = new SteppedClock(START_MS + 2 * 3_600_000);
  const ledger = await openLedger({ folder: `${folder}/ledger`, log: silentLog, clock });
  const views = openViews({ folder });
  const start = () => startDerivation({ ledger, views, machines: [], site: 'plant', clock, log: silentLog });
  let derivation = start();
  closers.push(async () => {
    await derivation.stop();
    views.close();
    await ledger.close();
  });
  return {
    views,
    take: async (record: SealedRecord) => {
      await ledger.append({ ...record, receivedMs: clock.wallMs() });
      await derivation.idle();
    },
    restart: async () => {
      await derivation.stop();
      derivation = start();
      await derivation.idle();
    },
  };
}

const all = (views: Awaited<ReturnType<typeof open>>['views']) =>
  views.words(MACHINE, 0, Number.MAX_SAFE_INTEGER).map(({ epoch: _e, seq: _s, place: _p, ...word }) => word);

describe('words of programs in the views', () => {
  it('are a function of the set of records: late ones find their place, and none is there twice', async () => {
    const inOrder = await open();
    for (const record of records()) await inOrder.take(record);
    const straight = all(inOrder.views);
    // 6 programs, 12 words of execution, 2 of the link; modes decide states only.
    expect(straight).toHaveLength(20);
    expect(straight.filter(({ status }) => status === 'link').map(({ value }) => value)).toEqual([
      false,
      'healed',
    ]);

    const late = await open();
    const [config, first, second, third, ...rest] = records();
    // The snapshot comes after what rests on it, and the second record last of all.
    for (const record of [first, third, ...rest, config, second]) if (record) await late.take(record);
    await late.restart();
    expect(all(late.views)).toEqual(straight);
  });

  it('of a window come with the last of each channel before it', async () => {
    const { views, take } = await open();
    for (const record of records()) await take(record);
    const fromMs = START_MS + 20 * MINUTE_MS;
    const words = views.words(MACHINE, fromMs, fromMs + MINUTE_MS);
    expect(words.map(({ status, value, atMs }) => [status, value, atMs - START_MS])).toEqual([
      ['program', 'P1', 10 * MINUTE_MS],
      ['execution', 'READY', 15 * MINUTE_MS],
      ['program', 'P2', 20 * MINUTE_MS],
      ['execution', 'ACTIVE', 20 * MINUTE_MS + 5],
    ]);
    expect(views.words('another', 0, fromMs)).toEqual([]);
  });
});

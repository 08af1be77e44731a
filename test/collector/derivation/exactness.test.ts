import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { Bench } from './derivation-bench.ts';
import type { Channel } from '../../../protocols/telemetry/channel.ts';
import { CHANNELS, MACHINE, PlantFeed, powerAtW, shiftOf, START_MS, type Saying } from './plant-feed.ts';

const HOUR_MS = 3_600_000;
const HOURS = 4;
const COOLANT = `${MACHINE}.coolant.activePower`;
/** More with MILLWATT_TEST_LONG=1, for the long run. */
const RUNS = process.env['MILLWATT_TEST_LONG'] === '1' ? 500 : 8;

/**
 * The records of a plant: a gateway with supply, spindle and control; a second one that reads its coolant pump, and loses its
 * clock over restarts.
 */
function plant(): SealedRecord[] {
  const first = shiftOf(new PlantFeed(), HOURS, {
    holeMs: [START_MS + 4_000_000, START_MS + 4_700_000],
  });
  const coolant = { ...CHANNELS[2], id: COOLANT, component: 'coolant', source: 'drive' } as Channel;
  const other = new PlantFeed({ agent: 'gw-2', epoch: 'cccccccccccc', channels: [coolant] });
  const rows = (fromMs: number, by: Pick<Saying, 'clock' | 'aheadMs'> = {}): Saying => {
    const timesMs = Array.from({ length: 30 }, (_, row) => fromMs + row * 20_000 + 3000);
    return {
      rows: [
        {
          source: 'drive',
          everyMs: 20_000,
          timesMs,
          columns: {
            [COOLANT]: timesMs.map((atMs) => powerAtW(atMs) / 8 + 5),
          },
        },
      ],
      sealedToMs: fromMs + 600_000,
      ...by,
    };
  };
  const unset = { clock: 'unsynced' as const, aheadMs: -5 * HOUR_MS };
  const second = [other.config(), other.say(rows(START_MS)), other.say(rows(START_MS + 600_000))];
  other.reboot('dddddddddddd', START_MS + 1_250_000);
  second.push(other.say(rows(START_MS + 1_800_000, unset)), other.say(rows(START_MS + 2_400_000, unset)));
  second.push(
    other.say(rows(START_MS + 3_000_000, { clock: 'stepped' })),
    other.say(rows(START_MS + 3_600_000)),
  );
  // A boot whose clock was never set.
  other.reboot('eeeeeeeeeeee', START_MS + 4_300_000);
  second.push(other.say(rows(START_MS + 4_500_000, unset)));
  other.reboot('ffffffffffff', START_MS + 5_200_000);
  second.push(other.say(rows(START_MS + 5_400_000)), other.say(rows(START_MS + 9_000_000)));
  return [...first, ...second];
}

const atMs = fc.integer({ min: -30, max: HOURS * 60 + 30 }).map((minute) => START_MS + minute * 60_000);
const amendment = fc
  .record({
    fromMs: atMs,
    lengthMs: fc.option(fc.integer({ min: 1, max: 200 }).map((minutes) => minutes * 60_000)),
    component: fc.constantFrom('supply', 'spindle', 'coolant'),
    what: fc.constantFrom('scale' as const, 'direction' as const, 'exclude' as const, 'component' as const),
  })
  .map(({ fromMs, lengthMs, component, what }) => (id: string): Amendment => {
    const terms = {
      id,
      machine: MACHINE,
      component,
      fromMs,
      toMs: lengthMs === null ? null : fromMs + lengthMs,
    };
    if (what === 'scale') return { ...terms, kind: 'scale', num: '6', den: '5' };
    if (what === 'component') return { ...terms, kind: 'component', becomes: 'cabinet' };
    return { ...terms, kind: what };
  });

type Step =
  | { do: 'derive' | 'restart' | 'revoke' | 'hour' }
  | { do: 'append'; count: number }
  | { do: 'enter'; make: (id: string) => Amendment };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.nat(30).map((count): Step => ({ do: 'append', count: count + 1 })) },
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'derive' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'restart' }) },
  { weight: 2, arbitrary: amendment.map((make): Step => ({ do: 'enter', make })) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'revoke' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'hour' }) },
);

it('whatever came when, and whoever decided what meanwhile, is what a computation from the ledger alone gives', async () => {
  const all = plant();
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(
        all.map((_, index) => index),
        { minLength: all.length },
      ),
      fc.boolean(),
      fc.array(step, { minLength: 5, maxLength: 25 }),
      async (order, inOrder, steps) => {
        const bench = await Bench.open();
        const left = (inOrder ? all : order.map((index) => all[index])).filter((one) => one !== undefined);
        let entered = 0;
        const inForce: string[] = [];
        for (const one of steps) {
          if (one.do === 'append') await bench.append(...left.splice(0, one.count));
          else if (one.do === 'derive') await bench.derive();
          else if (one.do === 'restart') await bench.restart();
          else if (one.do === 'hour') bench.clock.stepTo(bench.clock.wallMs() + 30 * HOUR_MS);
          else if (one.do === 'enter') {
            const id = `a${++entered}`;
            bench.book.enter(one.make(id));
            inForce.push(id);
          } else bench.book.revoke(inForce.shift() ?? '');
        }
        await bench.append(...left);
        const live = await bench.derived();
        expect(bench.derivation.stats().failures).toBe(0);
        await bench.startOver();
        expect(await bench.derived()).toEqual(live);
        await bench.close();
      },
    ),
    { numRuns: RUNS },
  );
}, 600_000);

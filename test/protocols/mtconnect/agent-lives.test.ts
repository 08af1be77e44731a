import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../protocols/clock.ts';
import type { StatusReport } from '../../../protocols/driver.ts';
import { MillwattError } from '../../../protocols/errors.ts';
import { createMtconnectDriver } from '../../../protocols/mtconnect/mtconnect-driver.ts';
import { seedRandom } from '../../../protocols/simulator/seeded-random.ts';
import { ScriptedAgent } from './scripted-agent.ts';

const SEED = process.env['MILLWATT_TEST_SEED'] ?? String(Date.now() % 2 ** 31);
const REPLAY = `MILLWATT_TEST_SEED=${SEED} npx vitest run test/protocols/mtconnect/agent-lives.test.ts`;
const EVENTS = 25;
const GAP_CODES = ['overrun', 'restarted'];

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(cleanUp.map((act) => act()));
  cleanUp = [];
});

describe(`an agent with a hard life (${REPLAY})`, () => {
  it.each(['poll', 'stream'] as const)(
    'is told of word by word, each once and in time, or with a recorded gap: by %s',
    async (mode) => {
      const random = seedRandom(SEED, mode);
      const agent = new ScriptedAgent(
        [
          { id: 'ex', category: 'EVENT', type: 'EXECUTION', at: 'path' },
          { id: 'w', category: 'SAMPLE', type: 'WATTAGE', at: 'device', more: 'units="WATT"' },
        ],
        60,
      );
      await agent.start();
      const driver = createMtconnectDriver(
        {
          id: 's',
          machine: 'm',
          component: 'control',
          every: 100,
          url: agent.url,
          mode,
          heartbeat: 100,
          items: [],
          timeout: 400,
        },
        { clock: systemClock },
      );
      cleanUp = [() => driver.close(), () => agent.stop()];
      const words: StatusReport[] = [];
      driver.onStatus((word) => words.push(word));
      const told: { word: string; atMs: number }[] = [];
      /** What became of each outage: which codes it had, whether its end was said to be healed, which words it lies among. */
      const outages: { codes: Set<string>; healed: boolean; from: number; to: number }[] = [];
      let outage: Set<string> | undefined;
      let connected = false;
      const life = { isOver: false };
      let wordsBefore = 0;
      const polling = (async () => {
        while (!life.isOver) {
          try {
            const { healed } = await driver.poll();
            if (outage !== undefined && connected)
              outages.push({ codes: outage, healed: healed === true, from: wordsBefore, to: words.length });
            else expect(healed, 'healed without an outage').toBeUndefined();
            connected = true;
            outage = undefined;
            wordsBefore = words.length;
          } catch (error) {
            if (!(error instanceof MillwattError)) throw error;
            outage ??= new Set();
            outage.add(error.code);
          }
          await wait(5);
        }
      })();
      await expect.poll(() => connected).toBe(true);
      const say = (count: number) => {
        for (let n = 0; n < count; n++) {
          const word = `W${told.length}`;
          told.push({ word, atMs: systemClock.monotonicMs() });
          agent.tell('ex', word);
        }
      };
      for (let event = 0; event < EVENTS; event++) {
        const kind = random.whole(0, 9);
        say(random.whole(0, 5));
        if (kind === 0) agent.cut();
        else if (kind === 1) {
          await agent.stop();
          say(random.whole(0, 20));
          await wait(random.whole(20, 80));
          await agent.start();
        } else if (kind === 2) {
          await agent.stop();
          say(random.whole(70, 120));
          await wait(30);
          await agent.start();
        } else if (kind === 3) {
          agent.restart();
          say(random.whole(0, 5));
        } else if (kind === 4) {
          agent.silent = true;
          say(random.whole(0, 10));
          await wait(random.whole(50, 900));
          agent.silent = false;
        } else if (kind === 5) say(random.whole(70, 120));
        else if (kind === 6) agent.multipart = random.chance(0.5) ? 'with-length' : 'without-length';
        await wait(random.whole(5, 80));
      }
      say(1);
      const last = told.at(-1)?.word;
      await expect.poll(() => words.at(-1)?.value, { timeout: 15_000, interval: 20 }).toBe(last);
      life.isOver = true;
      await polling;

      let expected = -1;
      let isGap = true;
      let atMs = 0;
      for (const { value, atMs: wordMs } of words) {
        expect(wordMs).toBeGreaterThanOrEqual(atMs);
        atMs = wordMs;
        if (value === null) {
          isGap = true;
          continue;
        }
        const index = Number(String(value).slice(1));
        if (isGap) expect(index).toBeGreaterThanOrEqual(expected);
        else {
          expect(index).toBe(expected);
          // Told when it was said: neither when it was heard of, nor before.
          expect(Math.abs(wordMs - (told[index]?.atMs ?? 0))).toBeLessThanOrEqual(150);
        }
        isGap = false;
        expected = index + 1;
      }
      expect(expected).toBe(told.length);
      for (const { codes, healed, from, to } of outages) {
        const isLost = GAP_CODES.some((code) => codes.has(code));
        expect(healed, [...codes].join(' ')).toBe(!isLost);
        const isTakenBack = ({ value }: StatusReport) => value === null;
        // What is lost is a gap, unless the word before it was taken back already; else nothing is taken back.
        if (isLost) expect(words.slice(Math.max(0, from - 1), to).some(isTakenBack)).toBe(true);
        else expect(words.slice(from, to).some(isTakenBack)).toBe(false);
      }
      expect(outages.length).toBeGreaterThan(0);
    },
    60_000,
  );
});

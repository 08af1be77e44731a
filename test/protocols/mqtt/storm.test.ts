import { afterEach, describe, expect, test } from 'vitest';
import { BASE_MS, CAP_MS, REGAIN_MS, regainBaseMs } from '../../../protocols/mqtt/back-off.ts';
import type { Link, LinkOptions } from '../../../protocols/mqtt/link.ts';
import { connectLink } from '../../../protocols/mqtt/mqtt-link.ts';
import type { SessionEvents } from '../../../protocols/mqtt/mqtt-session.ts';
import type { Timers } from '../../../protocols/timers.ts';
import { startMosquitto } from '../../support/mosquitto.ts';
import { requireTool } from '../../support/tools.ts';
import { awaitUntil } from './await-until.ts';

const closers: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const AGENTS = 200;
const CONNECTS_PER_SECOND_MAX = 25;
const BACK_WITHIN_MS = 90_000;
const SEED = Number(process.env['MILLWATT_TEST_SEED'] ?? 1);
const LONG = process.env['MILLWATT_TEST_LONG'] === '1';
/** Per change the real ones wait a tenth of what a plant does: what they draw is tried in made time, a few hundred times. */
const PACE = LONG ? 1 : 10;
const RUNS = Number(process.env['RUNS'] ?? (LONG ? 5000 : 300));

function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Timers on a time that is made: what waits is run in order. */
function virtualTimers(): Timers & { run(untilMs: number): void } {
  let nowMs = 0;
  const queue: { atMs: number; act: () => void }[] = [];
  const after: Timers['after'] = (ms, act) => {
    const entry = { atMs: nowMs + ms, act };
    queue.push(entry);
    return () => {
      const at = queue.indexOf(entry);
      if (at >= 0) queue.splice(at, 1);
    };
  };
  return {
    nowMs: () => nowMs,
    after,
    every: () => {
      throw new Error('nothing repeats here');
    },
    run: (untilMs) => {
      for (;;) {
        let first: (typeof queue)[number] | undefined;
        for (const entry of queue) if (first === undefined || entry.atMs < first.atMs) first = entry;
        if (first === undefined || first.atMs > untilMs) break;
        queue.splice(queue.indexOf(first), 1);
        nowMs = first.atMs;
        first.act();
      }
      nowMs = untilMs;
    },
  };
}

/** Most of these times within any 1,000 ms. */
function peakPerSecond(timesMs: readonly number[]): number {
  const sorted = [...timesMs].sort((a, b) => a - b);
  let peak = 0;
  let from = 0;
  sorted.forEach((atMs, index) => {
    while (atMs - (sorted[from] ?? 0) >= 1000) from += 1;
    peak = Math.max(peak, index - from + 1);
  });
  return peak;
}

interface Outcome {
  peak: number;
  backMs: number;
}

/** 200 links on a broker that goes away for so long and comes back; a refused attempt costs 1 ms, a connection 5 ms. */
function storm(seed: number, downMs: number, regainMs: number): Outcome {
  const timers = virtualTimers();
  const random = dice(seed);
  const live = new Set<SessionEvents>();
  const attempts: number[] = [];
  let isUp = true;
  const connected: (boolean | undefined)[] = [];
  const links = Array.from({ length: AGENTS }, (_, agent): Link => {
    const options: LinkOptions = {
      url: 'mqtt://broker.example:1883',
      clientId: `gw${agent}`,
      subscriptions: [],
      onMessage: () => {},
      onState: (state) => {
        connected[agent] = state.connected;
      },
    };
    return connectLink(options, {
      timers,
      random,
      backOffBaseMs: BASE_MS,
      regainBaseMs: regainMs,
      openSession: (_options, { events }) => {
        attempts.push(timers.nowMs());
        let isOpen = false;
        timers.after(isUp ? 5 : 1, () => {
          if (!isUp) {
            events.onDown({ reason: 'Nothing listens.', cure: '' });
            return;
          }
          isOpen = true;
          live.add(events);
          events.onUp();
        });
        return {
          get up() {
            return isOpen;
          },
          receiveMaximum: Infinity,
          publish: () => Promise.resolve(),
          close: () => Promise.resolve(),
        };
      },
    });
  });
  timers.run(60_000);
  expect(connected.filter((one) => one === true)).toHaveLength(AGENTS);
  attempts.length = 0;
  isUp = false;
  const lost = [...live];
  live.clear();
  for (const events of lost) {
    events.onDown({ reason: 'It closed the connection.', cure: '' });
  }
  timers.run(60_000 + downMs);
  isUp = true;
  let backMs = 0;
  while (live.size < AGENTS) {
    backMs += 100;
    timers.run(60_000 + downMs + backMs);
  }
  for (const link of links) void link.close();
  return { peak: peakPerSecond(attempts), backMs };
}

describe('200 agents whose broker is restarted', () => {
  test.each([0, 1000, 5000, 30_000, 120_000, 3_600_000])(
    'after %i ms never make more than 25 attempts in a second, and are all back within 90 s',
    (downMs) => {
      const runs = Math.ceil(RUNS / (downMs > 1_000_000 ? 100 : 6));
      let peak = 0;
      let backMs = 0;
      for (let run = 0; run < runs; run++) {
        const seed = SEED + run;
        const outcome = storm(seed, downMs, REGAIN_MS);
        const replay = `MILLWATT_TEST_SEED=${seed} RUNS=1 vitest run test/protocols/mqtt/storm.test.ts`;
        expect(outcome.peak, replay).toBeLessThanOrEqual(CONNECTS_PER_SECOND_MAX);
        expect(outcome.backMs, replay).toBeLessThanOrEqual(BACK_WITHIN_MS);
        peak = Math.max(peak, outcome.peak);
        backMs = Math.max(backMs, outcome.backMs);
      }
      console.log(
        `T14: broker away ${downMs} ms, ${runs} seeds from ${SEED}: at most ${peak} attempts in a second, all back after ${backMs} ms at most`,
      );
    },
  );

  test('with a ceiling that began at 1 s they would come nearly all at once', () => {
    expect(storm(SEED, 1000, BASE_MS).peak).toBeGreaterThan(100);
  });

  test('an agent at a broker elsewhere is one of many; a collector, and an agent at a broker at home, are not', () => {
    expect(regainBaseMs({ url: 'mqtts://broker.example:8883', isOneOfMany: true })).toBe(REGAIN_MS);
    expect(regainBaseMs({ url: 'mqtts://broker.example:8883' })).toBe(BASE_MS);
    expect(regainBaseMs({ url: 'mqtt://127.0.0.1:1883', isOneOfMany: true })).toBe(BASE_MS);
    expect(regainBaseMs({ url: 'mqtt://[::1]:1883', isOneOfMany: true })).toBe(BASE_MS);
    expect(CAP_MS).toBeLessThan(BACK_WITHIN_MS);
  });
});

test.skipIf(requireTool('mosquitto') === undefined)(
  '200 links in one process come back to a mosquitto that was killed and started again',
  async () => {
    const broker = await startMosquitto();
    closers.push(() => broker.stop());
    const connects: number[] = [];
    const random = dice(SEED);
    const links = Array.from({ length: AGENTS }, (_, agent) =>
      connectLink(
        {
          url: broker.url,
          clientId: `gw${agent}`,
          username: `gw${agent}`,
          subscriptions: [{ filter: `millwatt/1/+/gw${agent}/receipt`, qos: 1 }],
          onMessage: () => {},
          onState: ({ connected }) => {
            if (connected) connects.push(performance.now() * PACE);
          },
        },
        // What an agent has whose broker is not on its own computer.
        {
          backOffBaseMs: BASE_MS / PACE,
          regainBaseMs: REGAIN_MS / PACE,
          backOffCapMs: CAP_MS / PACE,
          random,
        },
      ),
    );
    closers.push(() => Promise.all(links.map((link) => link.close())));
    await awaitUntil('all are connected', () => links.every((link) => link.connected()), 30_000);
    connects.length = 0;
    await broker.kill9();
    await awaitUntil('all have noticed', () => links.every((link) => !link.connected()));
    await broker.restart();
    const backFromMs = performance.now();
    await awaitUntil('all are back', () => links.every((link) => link.connected()), BACK_WITHIN_MS / PACE);
    const backMs = (performance.now() - backFromMs) * PACE;
    const peak = peakPerSecond(connects);
    console.log(
      `T14: a real mosquitto, ${PACE} times as fast: at most ${peak} connects in a second, all back after ${backMs.toFixed(0)} ms`,
    );
    expect(peak).toBeLessThanOrEqual(CONNECTS_PER_SECOND_MAX);
  },
  130_000,
);

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentTime } from '../../../protocols/mtconnect/agent-time.ts';

const START_MS = Date.parse('2026-01-05T08:00:00Z');

/** What an agent tells whose clock is behind ours by this much. */
function answer(atMs: number, behindMs: number, { resolutionMs = 1, thereMs = 5, backMs = 5 } = {}) {
  const writtenMs = atMs + thereMs - behindMs;
  return {
    creationMs: Math.floor(writtenMs / resolutionMs) * resolutionMs,
    resolutionMs,
    sentMs: atMs,
    receivedMs: atMs + thereMs + backMs,
  };
}

describe('the clock of an agent', () => {
  it('is left alone where it agrees within 2 s', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -2000, max: 2000 }),
        fc.constantFrom(1, 1000),
        fc.array(fc.nat(3000), { minLength: 1, maxLength: 40 }),
        (behindMs, resolutionMs, delays) => {
          const time = new AgentTime();
          delays.forEach((thereMs, n) =>
            time.note(answer(START_MS + n * 1000, behindMs, { resolutionMs, thereMs })),
          );
          expect(time.offsetMs).toBe(0);
        },
      ),
    );
  });

  it('is corrected by what the fastest answer allows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e9, max: 1e9 }).filter((ms) => Math.abs(ms) > 10_000),
        fc.constantFrom(1, 1000),
        fc.array(fc.tuple(fc.nat(3000), fc.nat(3000)), { minLength: 1, maxLength: 30 }),
        (behindMs, resolutionMs, delays) => {
          const time = new AgentTime();
          delays.forEach(([thereMs, backMs], n) =>
            time.note(answer(START_MS + n * 1777, behindMs, { resolutionMs, thereMs, backMs })),
          );
          const fastestMs = Math.min(...delays.map(([there, back]) => there + back));
          expect(Math.abs(time.offsetMs - behindMs)).toBeLessThanOrEqual(fastestMs + resolutionMs);
        },
      ),
    );
  });

  it('that is set is followed at once, by requests and by streams', () => {
    for (const isStream of [false, true]) {
      const time = new AgentTime();
      const note = (atMs: number, behindMs: number) => {
        const one = answer(atMs, behindMs);
        time.note(isStream ? { ...one, sentMs: undefined } : one);
      };
      for (let n = 0; n < 20; n++) note(START_MS + n * 1000, 3_600_000);
      expect(Math.abs(time.offsetMs - 3_600_000)).toBeLessThanOrEqual(1010);
      note(START_MS + 30_000, 0);
      expect(time.offsetMs).toBe(0);
      note(START_MS + 31_000, 7_200_000);
      expect(Math.abs(time.offsetMs - 7_200_000)).toBeLessThanOrEqual(1010);
    }
  });

  it('that drifts is followed, without trembling', () => {
    const time = new AgentTime();
    const seen = new Set<number>();
    for (let n = 0; n < 3600; n++) {
      const behindMs = 60_000 + n;
      time.note(
        answer(START_MS + n * 1000, behindMs, { thereMs: (n * 7919) % 40, backMs: (n * 104_729) % 40 }),
      );
      expect(Math.abs(time.offsetMs - behindMs)).toBeLessThanOrEqual(150);
      seen.add(time.offsetMs);
    }
    expect(seen.size).toBeLessThan(600);
  });
});

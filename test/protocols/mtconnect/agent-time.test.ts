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

  it('that is set is followed at once by requests', () => {
    const time = new AgentTime();
    for (let n = 0; n < 20; n++) time.note(answer(START_MS + n * 1000, 3_600_000));
    expect(Math.abs(time.offsetMs - 3_600_000)).toBeLessThanOrEqual(10);
    time.note(answer(START_MS + 30_000, 0));
    expect(time.offsetMs).toBe(0);
    time.note(answer(START_MS + 31_000, 7_200_000));
    expect(Math.abs(time.offsetMs - 7_200_000)).toBeLessThanOrEqual(10);
  });

  it('that is set is followed by a stream: forward at once, back when it is not the network', () => {
    const time = new AgentTime();
    const note = (atMs: number, behindMs: number) =>
      time.note({ ...answer(atMs, behindMs), sentMs: undefined });
    for (let n = 0; n < 20; n++) note(START_MS + n * 1000, 3_600_000);
    expect(Math.abs(time.offsetMs - 3_600_000)).toBeLessThanOrEqual(1010);
    note(START_MS + 30_000, 0);
    expect(time.offsetMs).toBe(0);
    for (let n = 0; n <= 40; n++) {
      note(START_MS + 31_000 + n * 1000, 7_200_000);
      if (n < 29) expect(time.offsetMs).toBe(0);
    }
    expect(Math.abs(time.offsetMs - 7_200_000)).toBeLessThanOrEqual(1010);
  });

  it('is not blamed for a network that stood still', () => {
    const time = new AgentTime();
    const part = (writtenMs: number, receivedMs: number) => {
      time.note({ creationMs: writtenMs, resolutionMs: 1, sentMs: undefined, receivedMs });
      expect(time.offsetMs).toBe(0);
    };
    for (let n = 0; n < 20; n++) part(START_MS + n * 1000, START_MS + n * 1000 + 5);
    // Twenty seconds of parts come all at once.
    for (let n = 20; n < 40; n++) part(START_MS + n * 1000, START_MS + 40_000);
    for (let n = 41; n < 200; n++) part(START_MS + n * 1000, START_MS + n * 1000 + 5);
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

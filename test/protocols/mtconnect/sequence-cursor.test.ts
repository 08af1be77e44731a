import { describe, expect, it } from 'vitest';
import { EMPTY_HEADER } from '../../../protocols/mtconnect/agent-header.ts';
import type { AgentHeader, Observation } from '../../../protocols/mtconnect/mtconnect-document.ts';
import { SequenceCursor } from '../../../protocols/mtconnect/sequence-cursor.ts';
import { seedRandom, type SeededRandom } from '../../../protocols/simulator/seeded-random.ts';

const SEED = process.env['MILLWATT_TEST_SEED'] ?? String(Date.now() % 2 ** 31);
const REPLAY = `MILLWATT_TEST_SEED=${SEED} npx vitest run test/protocols/mtconnect/sequence-cursor.test.ts`;
const RUNS = 300;
const STEPS = 60;

interface Told extends Observation {
  run: number;
}

/** The buffer of an agent, with the habits that agents differ in. */
class Buffer {
  readonly size: number;
  readonly tellsSequences: boolean;
  readonly refuses: boolean;
  readonly repeats: boolean;
  run = 1;
  instanceId = '1';
  next = 1;
  held: Told[] = [];

  constructor(random: SeededRandom) {
    this.size = random.whole(3, 40);
    this.tellsSequences = random.chance(0.8);
    this.refuses = random.chance(0.7);
    this.repeats = random.chance(0.3);
  }

  tell(): void {
    this.held.push({
      run: this.run,
      item: 'x',
      sequence: this.next,
      timestampMs: 0,
      value: `${this.run}/${this.next}`,
    });
    this.next += 1;
    if (this.held.length > this.size) this.held.shift();
  }

  restart(isSameId: boolean): void {
    this.run += 1;
    if (!isSameId) this.instanceId = String(this.run);
    this.next = 1;
    this.held = [];
  }

  get first(): number {
    return this.held[0]?.sequence ?? this.next;
  }

  header(next: number): AgentHeader {
    return {
      ...EMPTY_HEADER,
      instanceId: this.instanceId,
      firstSequence: this.first,
      ...(this.tellsSequences ? { lastSequence: this.next - 1, nextSequence: next } : {}),
    };
  }

  /** undefined where it refuses. */
  sample(from: number, count: number, random: SeededRandom): [AgentHeader, Told[]] | undefined {
    if (this.refuses && (from < this.first || from > this.next)) return undefined;
    const told = this.held.filter(({ sequence }) => sequence >= from).slice(0, count);
    const next = (told.at(-1)?.sequence ?? Math.max(from, this.next) - 1) + 1;
    const header = this.header(from > this.next ? this.next : next);
    if (!this.repeats) return [header, told];
    const earlier = this.held.filter(({ sequence }) => sequence < from).slice(-2);
    const mixed = [...told, ...earlier, ...told.slice(0, 1)];
    return [header, random.chance(0.5) ? mixed.reverse() : mixed];
  }
}

describe(`the sequence (${REPLAY})`, () => {
  it(`is read whole, each once, or a gap is told: ${RUNS} random lives of agents`, () => {
    let gaps = 0;
    let taken = 0;
    for (let life = 0; life < RUNS; life++) {
      const random = seedRandom(SEED, life);
      const agent = new Buffer(random);
      const cursor = new SequenceCursor();
      /** What must come next; undefined after a gap, until all values were read. */
      let expected: { run: number; sequence: number } | undefined;
      const poll = () => {
        if (cursor.next === undefined) {
          cursor.begin(agent.header(agent.next), agent.held.slice(-1));
          // An agent that says nothing of its numbers and holds nothing begins where it began.
          expected = { run: agent.run, sequence: cursor.next ?? 0 };
          return;
        }
        const count = random.whole(1, 10);
        const answer = agent.sample(cursor.next, count, random);
        const verdict =
          answer === undefined
            ? cursor.refuse({
                ...agent.header(agent.next),
                lastSequence: agent.next - 1,
                nextSequence: agent.next,
              })
            : cursor.take(answer[0], answer[1], agent.repeats ? count + 3 : count);
        if (verdict.kind !== 'news') {
          expect(cursor.next).toBeUndefined();
          expected = undefined;
          gaps += 1;
          return;
        }
        for (const observation of verdict.observations as Told[]) {
          expect([observation.run, observation.sequence], `life ${life}`).toEqual([
            expected?.run,
            expected?.sequence,
          ]);
          expected = { run: observation.run, sequence: observation.sequence + 1 };
          taken += 1;
        }
      };
      for (let step = 0; step < STEPS; step++) {
        const told = random.chance(0.1) ? random.whole(0, 60) : random.whole(0, 4);
        for (let n = 0; n < told; n++) agent.tell();
        if (random.chance(0.04)) {
          agent.restart(false);
          agent.tell();
        }
        // Where the instance id is fixed, numbers that begin again are seen only as long as they are smaller than ours.
        const isReset = random.chance(0.02) && (cursor.next ?? 0) > 3 && agent.tellsSequences;
        if (isReset) agent.restart(true);
        if (isReset || random.chance(0.7)) poll();
      }
      for (let n = 0; n < 80; n++) poll();
      if (agent.held.length > 0)
        expect(expected, `life ${life}`).toEqual({ run: agent.run, sequence: agent.next });
    }
    // A test that never met a gap, or nothing else, would prove nothing.
    expect(gaps).toBeGreaterThan(RUNS / 4);
    expect(taken).toBeGreaterThan(RUNS * 20);
  });

  const header = (fields: Partial<AgentHeader>): AgentHeader => ({
    ...EMPTY_HEADER,
    instanceId: '7',
    ...fields,
  });
  const observation = (sequence: number): Observation => ({
    item: 'x',
    sequence,
    timestampMs: 0,
    value: 'v',
  });

  it('does not trust a header that goes on behind an answer that was cut', () => {
    const cursor = new SequenceCursor();
    cursor.begin(header({ nextSequence: 10 }), []);
    const verdict = cursor.take(
      header({ firstSequence: 1, lastSequence: 99, nextSequence: 100 }),
      [observation(10), observation(11)],
      2,
    );
    expect(verdict).toMatchObject({ kind: 'news', caughtUp: false });
    expect(cursor.next).toBe(12);
  });

  it('goes on behind what belongs to other devices', () => {
    const cursor = new SequenceCursor();
    cursor.begin(header({ nextSequence: 10 }), []);
    expect(
      cursor.take(header({ lastSequence: 99, nextSequence: 100 }), [observation(12)], 100),
    ).toMatchObject({
      kind: 'news',
      caughtUp: true,
    });
    expect(cursor.next).toBe(100);
  });

  it('does not ask for ever where other devices said the last and the numbers stay', () => {
    const cursor = new SequenceCursor();
    cursor.begin(header({ nextSequence: 10 }), []);
    const first = cursor.take(header({ lastSequence: 99, nextSequence: 12 }), [observation(11)], 100);
    expect(first).toMatchObject({ kind: 'news', caughtUp: false });
    const second = cursor.take(header({ lastSequence: 99, nextSequence: 12 }), [], 100);
    expect(second).toMatchObject({ kind: 'news', observations: [], caughtUp: true });
  });

  it('tells how many were lost', () => {
    const cursor = new SequenceCursor();
    cursor.begin(header({ nextSequence: 10 }), []);
    expect(cursor.refuse(header({ firstSequence: 50, lastSequence: 99, nextSequence: 100 }))).toEqual({
      kind: 'overrun',
      missing: 40,
    });
  });

  it('takes a changed device model for a restart', () => {
    const cursor = new SequenceCursor();
    cursor.begin(header({ nextSequence: 10, modelChange: 'a' }), []);
    expect(cursor.take(header({ nextSequence: 10, modelChange: 'b' }), [], 100)).toEqual({
      kind: 'restarted',
    });
  });
});

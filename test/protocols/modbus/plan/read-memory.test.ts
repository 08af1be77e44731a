import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReadLimits } from '../../../../protocols/modbus/profile/profile.ts';
import { costOfReads, FEWEST_REQUESTS } from '../../../../protocols/modbus/plan/read-cost.ts';
import { ReadMemory } from '../../../../protocols/modbus/plan/read-memory.ts';
import { planReads, type WantedRegisters } from '../../../../protocols/modbus/plan/read-plan.ts';
import { isAccepted, scenes, shortestRequest, type Scene } from './read-scene.ts';

const DAY_MS = 24 * 60 * 60_000;
const OPEN: ReadLimits = {
  maxRegisters: 125,
  even: false,
  wholeValues: false,
  maxGap: 124,
  forbidden: [],
  readable: [],
  whole: [],
};
const value = (address: number, count = 2, functionCode: 3 | 4 = 3): WantedRegisters => ({
  functionCode,
  address,
  count,
});
const shape = ({ address, count }: WantedRegisters) => `${address}+${count}`;

/** A device without some registers, and the driver's loop around a memory. */
class Bench {
  nowMs = 0;
  /** Requests that were refused, in all polls. */
  refused: string[] = [];
  readonly memory: ReadMemory<WantedRegisters>;
  readonly #answers: (read: WantedRegisters) => boolean;

  constructor(memory: ReadMemory<WantedRegisters>, answers: (read: WantedRegisters) => boolean) {
    this.memory = memory;
    this.#answers = answers;
  }

  /** One poll: which values were read, and the requests it took. */
  poll(): { read: Set<WantedRegisters>; asked: string[]; refused: string[] } {
    this.nowMs += 1000;
    const read = new Set<WantedRegisters>();
    const asked: string[] = [];
    const refused: string[] = [];
    const queue = this.memory.plan();
    let isRetried = false;
    const next = () => {
      if (queue.length > 0 || isRetried) return queue.shift();
      isRetried = true;
      return this.memory.dueForRetry(this.nowMs);
    };
    for (let request = next(); request !== undefined; request = next()) {
      asked.push(shape(request));
      if (this.#answers(request)) {
        for (const one of request.wanted) read.add(one);
        this.memory.succeeded(request);
      } else {
        refused.push(shape(request));
        queue.unshift(...this.memory.refused(request, this.nowMs));
      }
    }
    this.refused.push(...refused);
    return { read, asked, refused };
  }

  polls(times: number): void {
    for (let i = 0; i < times; i++) this.poll();
  }
}

const without =
  (...missing: number[]) =>
  ({ address, count }: WantedRegisters) =>
    missing.every((register) => register < address || register >= address + count);
const start = (
  wanted: WantedRegisters[],
  answers: (read: WantedRegisters) => boolean,
  limits: Partial<ReadLimits> = {},
) => new Bench(new ReadMemory(wanted, { ...OPEN, ...limits }, FEWEST_REQUESTS), answers);

describe('the memory of refusals', () => {
  it('cuts at the widest hole, remembers it, and plans the rest anew', () => {
    const bench = start([value(0), value(2), value(10), value(12), value(16), value(18)], without(7));
    expect(bench.poll()).toMatchObject({ asked: ['0+20', '0+4', '10+10'], refused: ['0+20'] });
    // The hole alone is asked for, to be sure that it is the reason.
    expect(bench.poll().refused).toEqual(['2+10']);
    expect(bench.poll().asked).toEqual(['0+4', '10+10', '2+10']);
    bench.polls(3);
    expect(bench.poll()).toEqual(expect.objectContaining({ asked: ['0+4', '10+10'], refused: [] }));
    expect(bench.memory.unsupported()).toEqual([]);
  });

  it('drops a value that is refused alone, reads its neighbours at once, and asks again a day later', () => {
    const [a, b, c] = [value(0), value(2), value(4)];
    let missing = [2];
    const bench = start([a, b, c], (read) => without(...missing)(read));
    bench.polls(6);
    expect(bench.poll()).toEqual({ read: new Set([a, c]), asked: ['0+2', '4+2'], refused: [] });
    expect(bench.memory.unsupported().map((one) => one.value)).toEqual([b]);
    const asked = bench.refused.length;
    bench.nowMs += DAY_MS - 20_000;
    bench.polls(5);
    expect(bench.refused).toHaveLength(asked);
    bench.nowMs += 20_000;
    bench.polls(10);
    expect(bench.refused.slice(asked)).toEqual(['2+2']);
    missing = [];
    bench.nowMs += DAY_MS;
    bench.polls(2);
    expect(bench.poll()).toEqual({ read: new Set([a, b, c]), asked: ['0+6'], refused: [] });
    expect(bench.memory.unsupported()).toEqual([]);
  });

  it('keeps a value behind a hole in one request with what it can reach', () => {
    const bench = start([value(0), value(10), value(12), value(30)], without(5, 20));
    bench.polls(12);
    expect(bench.poll()).toMatchObject({ asked: ['0+2', '10+4', '30+2'], refused: [] });
  });

  it('does not take a device that refuses everything apart again and again', () => {
    const wanted = Array.from({ length: 40 }, (_, i) => value(3 * i));
    let isUp = false;
    const bench = start(wanted, () => isUp, { maxRegisters: 60 });
    for (let i = 0; i < 12; i++) expect(bench.poll().asked.length).toBeLessThanOrEqual(2 + 12);
    expect(bench.memory.refusesEverything).toBe(true);
    const asked = [bench.poll(), bench.poll(), bench.poll()].flatMap((poll) => poll.asked);
    expect(new Set(asked).size).toBe(3);
    expect(bench.memory.dueForRetry(bench.nowMs + 2 * DAY_MS)).toBeUndefined();
    isUp = true;
    expect(bench.poll().asked).toHaveLength(1);
    expect(bench.poll().read).toEqual(new Set(wanted));
    expect(bench.memory.refusesEverything).toBe(false);
  });

  it('asks again soon for what was refused before the device had answered anything', () => {
    const wanted = Array.from({ length: 40 }, (_, i) => value(3 * i));
    let isUp = false;
    const bench = start(wanted, () => isUp);
    bench.polls(4);
    expect(bench.memory.refusesEverything).toBe(false);
    isUp = true;
    // What is left of the search is answered, one of the wrong lessons is found out, and with it fall all the others.
    bench.polls(4);
    expect(bench.poll()).toMatchObject({ asked: ['0+119'], read: new Set(wanted) });
  });

  it('forgets a single odd refusal within a few polls', () => {
    let requests = 0;
    const wanted = [value(0), value(2), value(20), value(22)];
    const bench = start(wanted, () => ++requests !== 3);
    bench.polls(2);
    // Both halves are answered at once, so nothing is lost.
    expect(bench.poll()).toMatchObject({ refused: ['0+24'], read: new Set(wanted) });
    bench.polls(2);
    expect(bench.poll()).toMatchObject({ asked: ['0+24'], read: new Set(wanted) });
  });

  it('does not hold odd refusals that lie far apart against the length of a request', () => {
    let requests = 0;
    const wanted = [value(0), value(2), value(20), value(22)];
    const bench = start(wanted, () => ++requests % 20 !== 0);
    bench.polls(100);
    requests = 0;
    bench.polls(8);
    expect(bench.poll()).toMatchObject({ asked: ['0+24'], read: new Set(wanted) });
  });

  it('finds one missing value among many in few requests, wherever the holes are', () => {
    let address = 0;
    const wanted = Array.from({ length: 100 }, (_, i) => value((address += 3 + (i % 10)), 1));
    for (const missing of [0, 1, 37, 50, 98, 99]) {
      const bench = start(wanted, without(wanted[missing]?.address ?? 0), { maxRegisters: 125 });
      bench.polls(20);
      expect(bench.memory.unsupported().map((one) => one.value)).toEqual([wanted[missing]]);
      expect(bench.refused.length).toBeLessThanOrEqual(refusalsPerLesson(wanted.length));
    }
  });

  it('finds a length that the device takes where the profile says too much', () => {
    const wanted = Array.from({ length: 40 }, (_, i) => value(2 * i));
    const bench = start(wanted, ({ count }) => count <= 48);
    bench.polls(8);
    expect(bench.poll()).toMatchObject({ asked: ['0+40', '40+40'], refused: [] });
    expect(bench.memory.unsupported()).toEqual([]);
  });

  it('makes do with a request that is refused for no reason to be found', () => {
    const wanted = [value(0, 1), value(1, 1), value(2, 1), value(3, 1), value(100, 4)];
    const bench = start(wanted, (read) => shape(read) !== '0+4', { maxGap: 10 });
    bench.polls(6);
    expect(bench.poll()).toMatchObject({ asked: ['0+1', '1+3', '100+4'], refused: [] });
  });

  it('tells as often as asked whether another retry is due', () => {
    const bench = start([value(0), value(2), value(4), value(6), value(8)], without(2, 6));
    bench.polls(10);
    bench.nowMs += DAY_MS;
    bench.poll();
    expect(bench.memory.dueForRetry(bench.nowMs)).toMatchObject({ address: 6 });
    expect(bench.poll().refused).toEqual(['6+2']);
    expect(bench.memory.dueForRetry(bench.nowMs)).toBeUndefined();
  });

  it('puts off a retry that brings neither answer nor refusal', () => {
    const bench = start([value(0), value(2), value(4)], without(2));
    bench.polls(8);
    bench.nowMs += DAY_MS;
    let retries = 0;
    for (let poll = 0; poll < 100; poll++) {
      for (const read of bench.memory.plan()) bench.memory.succeeded(read);
      if (bench.memory.dueForRetry(bench.nowMs) !== undefined) retries++;
    }
    expect(retries).toBe(2);
  });

  it('asks for a block that is refused once, not once for each of its values', () => {
    const bench = start([value(0), value(100), value(102), value(104)], without(110), {
      whole: [{ first: 100, last: 126 }],
    });
    bench.polls(5);
    expect(bench.refused).toEqual(['100+27', '100+27']);
    expect(bench.poll()).toMatchObject({ asked: ['0+2'], refused: [] });
  });

  it('changes the plan with the cost only where that is worth while', () => {
    const memory = new ReadMemory([value(0), value(12)], OPEN, { requestMs: 24, registerMs: 2.3 });
    const shapes = () => memory.plan().map((read) => shape(read));
    expect(shapes()).toEqual(['0+14']);
    memory.useCost({ requestMs: 22, registerMs: 2.3 });
    expect(shapes()).toEqual(['0+14']);
    memory.useCost({ requestMs: 10, registerMs: 2.3 });
    expect(shapes()).toEqual(['0+2', '12+2']);
  });

  it('refuses a value that no request can hold', () => {
    expect(() => start([value(0, 4)], () => true, { maxRegisters: 2 })).toThrow(/No request/);
  });

  it('reads nothing where nothing is wanted', () => {
    const bench = start([], () => true);
    expect(bench.poll().asked).toEqual([]);
    expect(bench.memory.refusesEverything).toBe(false);
  });
});

/** A device as the scene says, that lacks some registers. */
const devices = fc
  .tuple(fc.oneof(scenes(14, true), scenes(14)), fc.array(fc.tuple(fc.nat(90), fc.nat(2)), { maxLength: 5 }))
  .map(([scene, runs]) => {
    const missing = new Set(
      runs.flatMap(([first, more]) => Array.from({ length: more + 1 }, (_, i) => first + i)),
    );
    const absent = [...missing].map((address) => value(address, 1));
    return {
      scene: { ...scene, refused: [] } satisfies Scene,
      truth: { ...scene, refused: absent } satisfies Scene,
    };
  });

/** How often a halving that keeps at least a quarter on each side can be repeated, and what goes before and after. */
const refusalsPerLesson = (values: number) => Math.ceil(Math.log(Math.max(2, values)) / Math.log(4 / 3)) + 4;

describe('any device that lacks registers', () => {
  it('is read in the cheapest way that full knowledge would give, after few refusals', () => {
    fc.assert(
      fc.property(devices, ({ scene, truth }) => {
        const supported = scene.wanted.filter((one) => shortestRequest([one], truth) !== null);
        fc.pre(supported.length > 0);
        const memory = new ReadMemory(scene.wanted, scene.limits, scene.cost, scene.values);
        const bench = new Bench(memory, (read) => {
          // Not one request that the limits forbid.
          expect(isAccepted(read, scene)).toBe(true);
          return isAccepted(read, truth);
        });
        bench.polls(60);
        const refusals = bench.refused.length;
        const settled = bench.poll();
        expect(settled.refused).toEqual([]);
        expect(settled.read).toEqual(new Set(supported));
        const lacking = memory.unsupported().map((one) => one.value);
        expect(new Set([...lacking, ...supported])).toEqual(new Set(scene.wanted));
        const known = planReads(supported, scene.limits, scene.cost, {
          values: [...scene.values, ...scene.wanted],
          refused: truth.refused,
        });
        expect(costOfReads(memory.plan(), scene.cost)).toBeCloseTo(costOfReads(known, scene.cost), 6);
        // A day later, and not before, each refused request is made once.
        bench.refused = [];
        bench.nowMs += DAY_MS / 2;
        bench.polls(10);
        expect(bench.refused).toEqual([]);
        bench.nowMs += DAY_MS / 2;
        bench.polls(60);
        expect(new Set(bench.refused).size).toBe(bench.refused.length);
        expect(refusals).toBeLessThanOrEqual(bench.refused.length * refusalsPerLesson(scene.wanted.length));
        for (const one of lacking)
          expect(bench.refused).toContain(shape({ ...one, ...shortestRequest([one], scene) }));
      }),
      { numRuns: 1000 },
    );
  });

  it('is never asked more than the plan and a fixed number of requests in a poll, whatever it answers', () => {
    fc.assert(
      fc.property(scenes(14), fc.infiniteStream(fc.boolean()), (scene, answers) => {
        const memory = new ReadMemory(scene.wanted, scene.limits, scene.cost, scene.values);
        const bench = new Bench(memory, (read) => {
          expect(isAccepted(read, { ...scene, refused: [] })).toBe(true);
          return answers.next().value === true;
        });
        for (let i = 0; i < 30; i++)
          expect(bench.poll().asked.length).toBeLessThanOrEqual(2 * scene.wanted.length + 12 + 1);
        // And it comes to rest once the device answers everything.
        const all = new Bench(memory, () => true);
        all.nowMs = bench.nowMs + 2 * DAY_MS;
        all.polls(80);
        const best = planReads(scene.wanted, scene.limits, scene.cost, { values: scene.values });
        expect(all.poll().read).toEqual(new Set(scene.wanted));
        expect(costOfReads(memory.plan(), scene.cost)).toBeCloseTo(costOfReads(best, scene.cost), 6);
      }),
      { numRuns: 300 },
    );
  });
});

import type { Cancel, Timers } from '../../protocols/timers.ts';

interface Entry {
  atMs: number;
  /** Of two at one time, the one that was planned first. */
  order: number;
  act: (() => void) | undefined;
}

/**
 * Time that passes only from event to event, in one thread and one order. Everything that a process of the simulation
 * waits for is an event here: no timer, socket or thread of the computer takes part.
 */
export class VirtualTime {
  readonly #heap: Entry[] = [];
  #order = 0;
  #nowMs = 0;
  #events = 0;
  readonly #real: Promise<unknown>[] = [];
  /** Called with what an event threw; nothing of the product may let an error out. */
  onThrow: (error: unknown) => void = (error) => {
    throw error;
  };

  get nowMs(): number {
    return this.#nowMs;
  }

  get events(): number {
    return this.#events;
  }

  after(ms: number, act: () => void): Cancel {
    const entry: Entry = { atMs: this.#nowMs + Math.max(0, ms), order: this.#order++, act };
    this.#push(entry);
    return () => {
      entry.act = undefined;
    };
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve);
    });
  }

  /** Time stands until this has settled: for work that takes turns of the real event loop. */
  hold(work: Promise<unknown>): void {
    this.#real.push(work);
  }

  /** The timers of a process: nothing acts any more once it is dead, and what acts can be guarded. */
  timers(isAlive: () => boolean, guard: (act: () => void) => void = (act) => act()): Timers {
    const act = (what: () => void) => {
      if (isAlive()) guard(what);
    };
    return {
      nowMs: () => this.#nowMs,
      after: (ms, what) => this.after(ms, () => act(what)),
      every: (ms, what) => {
        let cancel: Cancel = () => {};
        const again = () => {
          if (!isAlive()) return;
          cancel = this.after(ms, again);
          act(what);
        };
        cancel = this.after(ms, again);
        return () => cancel();
      },
    };
  }

  /** Runs the events up to a time, or until something holds that is asked after each of them. */
  async run(toMs: number, until: () => boolean = () => false): Promise<void> {
    await settleMicrotasks();
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= toMs; next = this.#heap[0]) {
      this.#pop();
      if (next.act === undefined) continue;
      this.#nowMs = next.atMs;
      this.#events++;
      try {
        next.act();
      } catch (error) {
        this.onThrow(error);
      }
      await settleMicrotasks();
      while (this.#real.length > 0) await Promise.all(this.#real.splice(0));
      if (until()) return;
    }
    this.#nowMs = Math.max(this.#nowMs, toMs);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[index] = heap[child] as Entry;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}

/** Everything that was resolved has been acted on: ticks of the process come after all microtasks. */
function settleMicrotasks(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

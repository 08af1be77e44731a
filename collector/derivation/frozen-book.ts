import type { RecordFeed } from '../energy/record-feed.ts';
import type { FrozenMachine, LateRange } from '../ledger/frozen-store.ts';
import { outdatedFromMs, type Method } from './method.ts';

/** Which hours are frozen, and what came too late for them. */
export class FrozenBook {
  readonly #machines: Map<string, FrozenMachine>;
  readonly #late: Map<string, LateRange>;
  /** Machines whose checkpoint is of the method that holds. */
  readonly #usable = new Set<string>();

  constructor(machines: readonly FrozenMachine[] = [], late: readonly LateRange[] = []) {
    this.#machines = new Map(machines.map((one) => [one.machine, one]));
    const known = late.length > 0 ? late : machines.flatMap((one) => one.late);
    this.#late = new Map(known.map((one) => [nameOf(one.machine, one.agent), { ...one }]));
  }

  /** Says by which methods hours are computed now: a checkpoint of another one is not gone on from. */
  judgeBy(methodOf: (machine: string) => Method): void {
    this.#usable.clear();
    for (const { machine, method, toMs } of this.#machines.values())
      if (outdatedFromMs(JSON.parse(method) as Method, methodOf(machine)) >= toMs) this.#usable.add(machine);
  }

  /** Hours of a machine that begin before this never change, wall ms; -Infinity where none is frozen. */
  toMs(machine: string): number {
    return this.#machines.get(machine)?.toMs ?? -Infinity;
  }

  /** Readings of a machine of before this may be gone, wall ms. */
  goneMs(machine: string): number {
    return this.#machines.get(machine)?.goneMs ?? -Infinity;
  }

  /** The fold at the end of what is frozen, where it is one of the method that holds. */
  checkpointOf(machine: string): string | undefined {
    return this.#usable.has(machine) ? this.#machines.get(machine)?.checkpoint : undefined;
  }

  machines(): FrozenMachine[] {
    return [...this.#machines.values()];
  }

  /** Freezes more, computed by the methods that hold; what is frozen stays so. */
  freeze(machines: readonly FrozenMachine[]): void {
    for (const one of machines)
      if (one.toMs >= this.toMs(one.machine)) {
        this.#machines.set(one.machine, one);
        this.#usable.add(one.machine);
      }
  }

  /** What came too late, by machine and agent. */
  late(): LateRange[] {
    return [...this.#late.values()];
  }

  /**
   * What of a record a fold may take: nothing of frozen hours, but for what warms up a fold that begins anew. Where it is
   * read for the first time and came when the hours were frozen, it is noted.
   */
  cut(machine: string, feed: RecordFeed, ordinal: number, isNew: boolean): RecordFeed {
    const frozen = this.#machines.get(machine);
    if (frozen === undefined) return feed;
    const isLate = ordinal > frozen.ordinal;
    const isCut = isLate || this.#usable.has(machine);
    const { kept, dropped } = cutFeed(feed, isCut ? frozen.toMs : frozen.goneMs);
    if (dropped !== undefined && isLate && isNew) this.#note(machine, feed.record.agent, dropped);
    return kept;
  }

  #note(machine: string, agent: string, { fromMs, toMs, samples }: Dropped): void {
    const name = nameOf(machine, agent);
    const known = this.#late.get(name);
    this.#late.set(name, {
      machine,
      agent,
      fromMs: Math.min(known?.fromMs ?? Infinity, fromMs),
      toMs: Math.max(known?.toMs ?? -Infinity, toMs),
      records: (known?.records ?? 0) + 1,
      samples: (known?.samples ?? 0) + samples,
    });
  }
}

function nameOf(machine: string, agent: string): string {
  return `${machine}/${agent}`;
}

interface Dropped {
  fromMs: number;
  toMs: number;
  samples: number;
}

/** Cuts off what a feed says of the time before `fromMs`, wall ms. */
function cutFeed(feed: RecordFeed, fromMs: number): { kept: RecordFeed; dropped: Dropped | undefined } {
  const dropped: Dropped = { fromMs: Infinity, toMs: -Infinity, samples: 0 };
  /** How many of the first times are before the cut; they rise. */
  const cut = (timesMs: readonly number[], columns: number): number => {
    const first = timesMs.findIndex((atMs) => atMs >= fromMs);
    const count = first < 0 ? timesMs.length : first;
    if (count > 0) {
      dropped.fromMs = Math.min(dropped.fromMs, timesMs[0] ?? Infinity);
      dropped.toMs = Math.max(dropped.toMs, timesMs[count - 1] ?? -Infinity);
      dropped.samples += count * columns;
    }
    return count;
  };
  const kept: RecordFeed = {
    ...feed,
    rows: feed.rows.flatMap((row) => {
      const { powers, counters, media } = row;
      const columns =
        powers.length + counters.length + (media?.flows.length ?? 0) + (media?.counters.length ?? 0);
      const count = cut(row.timesMs, columns);
      if (count === 0) return [row];
      if (count === row.timesMs.length) return [];
      const behind = <T extends { values: readonly unknown[] }>(column: T): T => ({
        ...column,
        values: column.values.slice(count),
      });
      return [
        {
          ...row,
          timesMs: row.timesMs.slice(count),
          powers: powers.map(behind),
          counters: counters.map(behind),
          ...(media === undefined
            ? {}
            : { media: { flows: media.flows.map(behind), counters: media.counters.map(behind) } }),
        },
      ];
    }),
    words: feed.words.flatMap((word) => {
      const count = cut(word.timesMs, 1);
      if (count === word.timesMs.length) return [];
      return [{ ...word, timesMs: word.timesMs.slice(count), values: word.values.slice(count) }];
    }),
    links: feed.links.flatMap((link) => {
      const count = cut(link.timesMs, 0);
      if (count === link.timesMs.length) return [];
      const { healed } = link;
      return [
        {
          ...link,
          timesMs: link.timesMs.slice(count),
          up: link.up.slice(count),
          ...(healed === undefined ? {} : { healed: healed.slice(count) }),
        },
      ];
    }),
  };
  if (feed.lost !== undefined && feed.lost.fromMs < fromMs) {
    if (feed.lost.toMs < fromMs) delete kept.lost;
    else kept.lost = { ...feed.lost, fromMs };
  }
  return { kept, dropped: dropped.fromMs === Infinity ? undefined : dropped };
}

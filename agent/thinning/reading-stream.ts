import type { Reading } from '../../protocols/telemetry/decimal.ts';
import type { MachinePart, QualityRun, SampledGroup } from '../../protocols/telemetry/part.ts';
import type { Quality } from '../../protocols/telemetry/quantity.ts';

/** The readings of one channel from one source that count, in order of time; what has no value or is `bad` is none. */
export interface ReadingStream {
  channel: string;
  source: string;
  /** Monotonic ms. */
  timesMs: number[];
  values: Reading[];
  /** Cadence under which each was read, ms. */
  everyMs: number[];
  qualities: Quality[];
  /** Times of readings right before which one was told that does not count. */
  afterBad: Set<number>;
}

/** Gathers the readings of some channels out of parts of one machine that follow each other. */
export class StreamGatherer {
  readonly #takes: (channel: string) => boolean;
  readonly #streams = new Map<string, ReadingStream>();
  readonly #wasBad = new Set<ReadingStream>();

  constructor(takes: (channel: string) => boolean) {
    this.#takes = takes;
  }

  /** Takes in the next part; readings of a source must be later than those of the parts before. */
  add(part: Pick<MachinePart, 'sampled'>): void {
    // A source may tell its readings in several groups: by time they are one.
    for (const group of [...part.sampled].sort((a, b) => (a.timesMs[0] ?? 0) - (b.timesMs[0] ?? 0)))
      for (const channel of group.columns.keys()) if (this.#takes(channel)) this.#addColumn(group, channel);
  }

  /** What was gathered, each stream in order of time. */
  streams(): ReadingStream[] {
    for (const stream of this.#streams.values()) sortStream(stream);
    return [...this.#streams.values()];
  }

  #addColumn(group: SampledGroup, channel: string): void {
    const stream = this.#streamOf(channel, group.source);
    const column = group.columns.get(channel) ?? [];
    const runs = group.quality.get(channel) ?? [];
    for (const [row, value] of column.entries()) {
      const quality = runs.length === 0 ? 'good' : qualityAt(runs, row);
      if (value === null || quality === 'bad') {
        this.#wasBad.add(stream);
        continue;
      }
      if (this.#wasBad.delete(stream)) stream.afterBad.add(group.timesMs[row] ?? 0);
      stream.timesMs.push(group.timesMs[row] ?? 0);
      stream.values.push(value);
      stream.everyMs.push(group.everyMs);
      stream.qualities.push(quality);
    }
  }

  #streamOf(channel: string, source: string): ReadingStream {
    const key = `${channel} ${source}`;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = {
        channel,
        source,
        timesMs: [],
        values: [],
        everyMs: [],
        qualities: [],
        afterBad: new Set(),
      };
      this.#streams.set(key, stream);
    }
    return stream;
  }
}

function qualityAt(runs: readonly QualityRun[], row: number): Quality {
  return runs.find(([first, count]) => row >= first && row < first + count)?.[2] ?? 'good';
}

/** Groups of one source may overlap in time; mostly they do not. */
function sortStream(stream: ReadingStream): void {
  const { timesMs, values, everyMs, qualities } = stream;
  if (timesMs.every((atMs, row) => row === 0 || (timesMs[row - 1] ?? 0) < atMs)) return;
  const order = timesMs.map((_, row) => row).sort((a, b) => (timesMs[a] ?? 0) - (timesMs[b] ?? 0) || a - b);
  // Of two readings of one time the first is the one of the earlier record: it is the one that counts.
  const kept = order.filter((row, at) => at === 0 || timesMs[order[at - 1] ?? 0] !== timesMs[row]);
  const pick = <T>(column: readonly T[]) => kept.flatMap((row) => column.slice(row, row + 1));
  Object.assign(stream, {
    timesMs: pick(timesMs),
    values: pick(values),
    everyMs: pick(everyMs),
    qualities: pick(qualities),
  });
}

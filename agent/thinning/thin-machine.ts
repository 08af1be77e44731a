import type { EventGroup, LinkGroup, MachinePart, SampledGroup } from '../../protocols/telemetry/part.ts';
import type { ChannelDuty } from './channel-duties.ts';
import { chooseCounterRows, COUNTER_EVERY_MS, rowAtOrAfter, type CounterRows } from './counter-rows.ts';
import { choosePowerRows, everyOf, POWER_EVERY_MS, type FineStretch } from './power-rows.ts';
import { StreamGatherer, type ReadingStream } from './reading-stream.ts';

/** One machine's readings on their way into a thinned record. */
export class MachineThinner {
  readonly #machine: string;
  readonly #duties: ReadonlyMap<string, ChannelDuty>;
  readonly #gatherer: StreamGatherer;
  /** By part, in order. */
  readonly #told: Pick<MachinePart, 'events' | 'links'>[] = [];

  /** @param duties of the channels of the snapshot that all parts rest on */
  constructor(machine: string, duties: ReadonlyMap<string, ChannelDuty>) {
    this.#machine = machine;
    this.#duties = duties;
    this.#gatherer = new StreamGatherer((channel) => duties.has(channel));
  }

  /** Takes in the part of the next record; those of one boot, in the order of their chain. */
  add(part: MachinePart): void {
    this.#gatherer.add(part);
    this.#told.push({ events: part.events, links: part.links });
  }

  /**
   * What is kept of all that was taken in; readings as they were read, words and links all.
   *
   * @param offsetMs wall minus monotonic time, by which hours are told
   */
  thin(offsetMs: number): MachinePart {
    const links = mergeLinks(this.#told.map((told) => told.links));
    const sampled = thinStreams(this.#gatherer.streams(), this.#duties, offsetMs, links);
    return {
      machine: this.#machine,
      sampled,
      events: mergeEvents(this.#told.map((told) => told.events)),
      links,
    };
  }
}

interface Chosen {
  stream: ReadingStream;
  kept: Set<number>;
  /** How far apart readings are kept where others were left out; null where nothing is to be told of the time between. */
  distanceMs: typeof COUNTER_EVERY_MS | typeof POWER_EVERY_MS | null;
}

function thinStreams(
  streams: readonly ReadingStream[],
  duties: ReadonlyMap<string, ChannelDuty>,
  offsetMs: number,
  links: readonly LinkGroup[],
): SampledGroup[] {
  const linkTimesOf = (source: string) =>
    links.filter((link) => link.source === source).flatMap((link) => link.timesMs);
  const chosen: Chosen[] = [];
  const powers = streams.flatMap((stream) => {
    const duty = duties.get(stream.channel);
    return duty?.kind === 'power' ? [{ stream, duty }] : [];
  });
  const stretches = new Map<string, FineStretch[]>();
  const counted = new Map<string, { stream: ReadingStream; rows: CounterRows }>();
  for (const stream of streams) {
    const duty = duties.get(stream.channel);
    if (duty?.kind !== 'counter') continue;
    const millis = stream.values.map((value) => Number(value) * duty.millisPerRaw);
    const power =
      duty.direction === 'import' ? powers.find((one) => one.duty.component === duty.component) : undefined;
    const told = power && {
      timesMs: power.stream.timesMs,
      watts: power.stream.values.map((value) => Number(value) * power.duty.wattsPerRaw),
    };
    const rows = chooseCounterRows(stream, millis, offsetMs, linkTimesOf(stream.source), told);
    chosen.push({ stream, kept: rows.kept, distanceMs: COUNTER_EVERY_MS });
    if (duty.direction !== 'import') continue;
    counted.set(duty.component, { stream, rows });
    stretches.set(duty.component, stretchesOf(stream, rows));
  }
  for (const { stream, duty } of powers) {
    const counter = counted.get(duty.component);
    // What the counter does not tell in time, power has to; and of the whole machine it tells the state.
    const isKeptThroughout =
      duty.component === 'supply' ||
      counter === undefined ||
      counter.rows.windows.some(({ isFine }) => !isFine);
    const fine = stretches.get(duty.component) ?? [];
    const kept = choosePowerRows(stream, fine, isKeptThroughout, offsetMs, linkTimesOf(stream.source));
    chosen.push({ stream, kept, distanceMs: isKeptThroughout ? POWER_EVERY_MS : null });
    if (counter !== undefined && isKeptThroughout) keepThroughGaps(counter.stream, counter.rows.kept, stream);
  }
  return regroup(chosen);
}

/** The times over which power tells how a difference is shared. */
function stretchesOf({ timesMs }: ReadingStream, { windows, kept }: CounterRows): FineStretch[] {
  return windows.flatMap(({ first, last, isFine }): FineStretch[] => {
    if (isFine) return [{ fromMs: timesMs[first] ?? 0, toMs: timesMs[last] ?? 0 }];
    const moments: FineStretch[] = [];
    for (let row = first; row <= last; row++)
      if (kept.has(row)) moments.push({ fromMs: timesMs[row] ?? 0, toMs: timesMs[row] ?? 0 });
    return moments;
  });
}

/** While power is not read, the counter tells that somebody measures. */
function keepThroughGaps(counter: ReadingStream, kept: Set<number>, power: ReadingStream): void {
  for (let row = 1; row < power.timesMs.length; row++) {
    const fromMs = power.timesMs[row - 1] ?? 0;
    if ((power.timesMs[row] ?? 0) - fromMs <= 2 * (power.everyMs[row - 1] ?? 0)) continue;
    const next = rowAtOrAfter(counter.timesMs, fromMs + 1);
    for (const near of [next - 1, next]) if (near >= 0 && near < counter.timesMs.length) kept.add(near);
  }
}

/** Puts kept readings into groups of one source, cadence and set of channels. */
function regroup(chosen: readonly Chosen[]): SampledGroup[] {
  const rows = new Map<
    string,
    { source: string; everyMs: number; atMs: number; cells: [Chosen, number][] }
  >();
  for (const one of chosen)
    for (const row of one.kept) {
      const { source, timesMs } = one.stream;
      const atMs = timesMs[row] ?? 0;
      const everyMs = everyOf(one.stream, one.kept, row, one.distanceMs);
      const key = `${source} ${everyMs} ${atMs}`;
      const known = rows.get(key);
      if (known === undefined) rows.set(key, { source, everyMs, atMs, cells: [[one, row]] });
      else known.cells.push([one, row]);
    }
  const groups = new Map<string, SampledGroup>();
  for (const { source, everyMs, atMs, cells } of [...rows.values()].sort((a, b) => a.atMs - b.atMs)) {
    const key = [source, everyMs, ...cells.map(([{ stream }]) => stream.channel)].join(' ');
    let group = groups.get(key);
    if (group === undefined) {
      group = { source, everyMs, timesMs: [], columns: new Map(), quality: new Map() };
      for (const [{ stream }] of cells) group.columns.set(stream.channel, []);
      groups.set(key, group);
    }
    for (const [{ stream }, row] of cells) {
      group.columns.get(stream.channel)?.push(stream.values[row] ?? null);
      const quality = stream.qualities[row] ?? 'good';
      if (quality !== 'good') noteQuality(group, stream.channel, quality);
    }
    group.timesMs.push(atMs);
  }
  return [...groups.values()];
}

function noteQuality(
  group: SampledGroup,
  channel: string,
  quality: ReadingStream['qualities'][number],
): void {
  const row = group.timesMs.length;
  const runs = group.quality.get(channel) ?? [];
  const last = runs.at(-1);
  if (last !== undefined && last[2] === quality && last[0] + last[1] === row) last[1] += 1;
  else runs.push([row, 1, quality]);
  group.quality.set(channel, runs);
}

/**
 * All words, channel by channel. Of words that one channel says at one time, that of the earliest record holds, which is
 * the last one where they stand in one record.
 */
function mergeEvents(parts: readonly (readonly EventGroup[])[]): EventGroup[] {
  const channels = new Map<
    string,
    { group: EventGroup; told: { atMs: number; part: number; value: EventGroup['values'][number] }[] }
  >();
  for (const [part, groups] of parts.entries())
    for (const { channel, source, timesMs, values } of groups) {
      const key = `${channel} ${source}`;
      const known = channels.get(key) ?? { group: { channel, source, timesMs: [], values: [] }, told: [] };
      channels.set(key, known);
      for (const [row, atMs] of timesMs.entries())
        known.told.push({ atMs, part, value: values[row] ?? null });
    }
  return [...channels.values()].map(({ group, told }) => {
    told.sort((a, b) => a.atMs - b.atMs || b.part - a.part);
    return { ...group, timesMs: told.map(({ atMs }) => atMs), values: told.map(({ value }) => value) };
  });
}

function mergeLinks(parts: readonly (readonly LinkGroup[])[]): LinkGroup[] {
  const sources = new Map<string, { atMs: number; part: number; up: boolean; reason: string }[]>();
  for (const [part, groups] of parts.entries())
    for (const { source, timesMs, up, reasons } of groups) {
      const told = sources.get(source) ?? [];
      sources.set(source, told);
      for (const [row, atMs] of timesMs.entries())
        told.push({ atMs, part, up: up[row] ?? false, reason: reasons[row] ?? '' });
    }
  return [...sources].map(([source, told]) => {
    told.sort((a, b) => a.atMs - b.atMs || b.part - a.part);
    return {
      source,
      timesMs: told.map(({ atMs }) => atMs),
      up: told.map(({ up }) => up),
      reasons: told.map(({ reason }) => reason),
    };
  });
}

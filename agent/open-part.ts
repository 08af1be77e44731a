import type { ChannelReading } from '../protocols/driver.ts';
import type { Reading } from '../protocols/telemetry/decimal.ts';
import type {
  EventGroup,
  LinkGroup,
  MachinePart,
  QualityRun,
  SampledGroup,
} from '../protocols/telemetry/part.ts';
import type { Quality } from '../protocols/telemetry/quantity.ts';

type Column = (Reading | null)[];
type StatusValue = EventGroup['values'][number];

/** Readings of one machine that are not sealed yet, and how many of them have been written to the spool. */
export class OpenPart {
  readonly machine: string;
  readonly #sampled: SampledGroup[] = [];
  /** The group each source added to last, with its columns in the order of the readings: the same again as a rule. */
  readonly #latest = new Map<string, { group: SampledGroup; channels: string[]; columns: Column[] }>();
  readonly #events: EventGroup[] = [];
  readonly #links: LinkGroup[] = [];
  /** Rows of each group that the spool has; the groups are the keys. */
  readonly #saved = new Map<SampledGroup | EventGroup | LinkGroup, number>();
  #samples = 0;
  #firstMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #unsaved = false;

  constructor(machine: string) {
    this.machine = machine;
  }

  /** Readings held, as header counts them. */
  get samples(): number {
    return this.#samples;
  }

  /** Monotonic ms of the first thing held; Infinity when empty. */
  get firstMs(): number {
    return this.#firstMs;
  }

  get isEmpty(): boolean {
    return this.#firstMs === Number.POSITIVE_INFINITY;
  }

  /** True when something was added since the last `takeUnsaved`. */
  get hasUnsaved(): boolean {
    return this.#unsaved;
  }

  /** Adds one poll. `atMs` must be after the source's poll before. */
  addPoll(source: string, everyMs: number, atMs: number, readings: readonly ChannelReading[]): void {
    const { group, columns } = this.#sampledGroup(source, everyMs, readings);
    const row = group.timesMs.length;
    group.timesMs.push(atMs);
    readings.forEach(({ channel, value, quality }, index) => {
      const whole = typeof value !== 'number' || Number.isFinite(value);
      columns[index]?.push(whole ? value : null);
      if (quality !== 'good' || !whole) noteQuality(group.quality, channel, row, whole ? quality : 'bad');
    });
    this.#note(atMs, readings.length);
  }

  addEvent(source: string, channel: string, atMs: number, value: StatusValue): void {
    let group = this.#events.find((one) => one.channel === channel && one.source === source);
    if (group === undefined) {
      group = { channel, source, timesMs: [], values: [] };
      this.#events.push(group);
    }
    group.timesMs.push(Math.max(atMs, group.timesMs.at(-1) ?? 0));
    group.values.push(value);
    this.#note(atMs, 1);
  }

  addLink(source: string, atMs: number, up: boolean, reason: string): void {
    let group = this.#links.find((one) => one.source === source);
    if (group === undefined) {
      group = { source, timesMs: [], up: [], reasons: [] };
      this.#links.push(group);
    }
    group.timesMs.push(Math.max(atMs, group.timesMs.at(-1) ?? 0));
    group.up.push(up);
    group.reasons.push(reason);
    this.#note(atMs, 0);
  }

  /** Adds what was read back from the spool. */
  addPart(part: MachinePart): void {
    for (const group of part.sampled) {
      const channels = [...group.columns.keys()];
      group.timesMs.forEach((atMs, row) => {
        const readings = channels.map((channel) => ({
          channel,
          value: group.columns.get(channel)?.[row] ?? null,
          quality: qualityAt(group.quality.get(channel), row),
        }));
        this.addPoll(group.source, group.everyMs, atMs, readings);
      });
    }
    for (const { source, channel, timesMs, values } of part.events)
      timesMs.forEach((atMs, row) => this.addEvent(source, channel, atMs, values[row] ?? null));
    for (const { source, timesMs, up, reasons } of part.links)
      timesMs.forEach((atMs, row) => this.addLink(source, atMs, up[row] ?? false, reasons[row] ?? ''));
  }

  /** All that is held, as the record says it. */
  toPart(): MachinePart {
    return { machine: this.machine, sampled: this.#sampled, events: this.#events, links: this.#links };
  }

  /** What was added since the last call, for the spool; undefined when nothing was. */
  takeUnsaved(): MachinePart | undefined {
    if (!this.#unsaved) return undefined;
    this.#unsaved = false;
    return {
      machine: this.machine,
      sampled: this.#sampled
        .filter((group) => this.#isBehind(group))
        .map((group) => sliceSampled(group, this.#takeFrom(group), group.timesMs.length)),
      events: this.#events
        .filter((group) => this.#isBehind(group))
        .map((group) => sliceEvents(group, this.#takeFrom(group), group.timesMs.length)),
      links: this.#links
        .filter((group) => this.#isBehind(group))
        .map((group) => sliceLinks(group, this.#takeFrom(group), group.timesMs.length)),
    };
  }

  #isBehind(group: SampledGroup | EventGroup | LinkGroup): boolean {
    return (this.#saved.get(group) ?? 0) < group.timesMs.length;
  }

  #takeFrom(group: SampledGroup | EventGroup | LinkGroup): number {
    const from = this.#saved.get(group) ?? 0;
    this.#saved.set(group, group.timesMs.length);
    return from;
  }

  #note(atMs: number, samples: number): void {
    this.#samples += samples;
    this.#firstMs = Math.min(this.#firstMs, atMs);
    this.#lastMs = Math.max(this.#lastMs, atMs);
    this.#unsaved = true;
  }

  #sampledGroup(
    source: string,
    everyMs: number,
    readings: readonly ChannelReading[],
  ): { group: SampledGroup; columns: Column[] } {
    const latest = this.#latest.get(source);
    if (
      latest !== undefined &&
      latest.group.everyMs === everyMs &&
      latest.channels.length === readings.length &&
      latest.channels.every((channel, index) => readings[index]?.channel === channel)
    )
      return latest;
    const channels = readings.map(({ channel }) => channel);
    let group = this.#sampled.find(
      (known) =>
        known.source === source &&
        known.everyMs === everyMs &&
        known.columns.size === channels.length &&
        channels.every((channel) => known.columns.has(channel)),
    );
    if (group === undefined) {
      group = {
        source,
        everyMs,
        timesMs: [],
        columns: new Map(channels.map((channel) => [channel, []])),
        quality: new Map(),
      };
      this.#sampled.push(group);
    }
    const { columns } = group;
    const entry = { group, channels, columns: channels.map((channel) => columns.get(channel) ?? []) };
    this.#latest.set(source, entry);
    return entry;
  }
}

/** Rows [from, to) of a group. */
export function sliceSampled(group: SampledGroup, from: number, to: number): SampledGroup {
  const quality = new Map<string, QualityRun[]>();
  for (const [channel, runs] of group.quality) {
    const inside = runs.flatMap(([first, count, name]): QualityRun[] => {
      const start = Math.max(first, from);
      const end = Math.min(first + count, to);
      return end > start ? [[start - from, end - start, name]] : [];
    });
    if (inside.length > 0) quality.set(channel, inside);
  }
  return {
    source: group.source,
    everyMs: group.everyMs,
    timesMs: group.timesMs.slice(from, to),
    columns: new Map([...group.columns].map(([channel, column]) => [channel, column.slice(from, to)])),
    quality,
  };
}

/** Rows [from, to) of a group. */
export function sliceEvents(group: EventGroup, from: number, to: number): EventGroup {
  return { ...group, timesMs: group.timesMs.slice(from, to), values: group.values.slice(from, to) };
}

/** Rows [from, to) of a group. */
export function sliceLinks(group: LinkGroup, from: number, to: number): LinkGroup {
  return {
    source: group.source,
    timesMs: group.timesMs.slice(from, to),
    up: group.up.slice(from, to),
    reasons: group.reasons.slice(from, to),
  };
}

function noteQuality(all: Map<string, QualityRun[]>, channel: string, row: number, quality: Quality): void {
  const runs = all.get(channel);
  const last = runs?.at(-1);
  if (last !== undefined && last[2] === quality && last[0] + last[1] === row) last[1] += 1;
  else if (runs === undefined) all.set(channel, [[row, 1, quality]]);
  else runs.push([row, 1, quality]);
}

function qualityAt(runs: readonly QualityRun[] | undefined, row: number): Quality {
  return runs?.find(([first, count]) => row >= first && row < first + count)?.[2] ?? 'good';
}

import type { MachinePart, SampledGroup } from '../protocols/telemetry/part.ts';
import { sliceEvents, sliceLinks, sliceSampled } from './open-part.ts';

/** Monotonic ms of the first and last thing a part says; undefined when it says nothing. */
export function spanOf(part: MachinePart): { firstMs: number; lastMs: number } | undefined {
  let firstMs = Number.POSITIVE_INFINITY;
  let lastMs = Number.NEGATIVE_INFINITY;
  for (const { timesMs } of [...part.sampled, ...part.events, ...part.links]) {
    firstMs = Math.min(firstMs, timesMs[0] ?? Number.POSITIVE_INFINITY);
    lastMs = Math.max(lastMs, timesMs.at(-1) ?? Number.NEGATIVE_INFINITY);
  }
  return firstMs > lastMs ? undefined : { firstMs, lastMs };
}

/** Cuts a part in two at the middle of its time, or in the middle of its one moment; undefined when it says a single thing. */
export function splitPart(part: MachinePart): [MachinePart, MachinePart] | undefined {
  const span = spanOf(part);
  if (span === undefined) return undefined;
  if (span.firstMs === span.lastMs) return splitMoment(part);
  // The right half begins with the first row at or after the middle, so neither half is empty.
  const middleMs = span.firstMs + Math.ceil((span.lastMs - span.firstMs) / 2);
  const cut = (timesMs: readonly number[]) => {
    const at = timesMs.findIndex((time) => time >= middleMs);
    return at === -1 ? timesMs.length : at;
  };
  const half = (right: boolean): MachinePart => {
    const take = <Group extends { timesMs: number[] }>(
      groups: readonly Group[],
      slice: (group: Group, from: number, to: number) => Group,
    ) =>
      groups
        .map((group) =>
          right
            ? slice(group, cut(group.timesMs), group.timesMs.length)
            : slice(group, 0, cut(group.timesMs)),
        )
        .filter((group) => group.timesMs.length > 0);
    return {
      machine: part.machine,
      sampled: take(part.sampled, sliceSampled),
      events: take(part.events, sliceEvents),
      links: take(part.links, sliceLinks),
    };
  };
  return [half(false), half(true)];
}

/** Halves what is said of one moment: its groups; of a single group the rows; of a single row the channels. */
function splitMoment({
  machine,
  sampled,
  events,
  links,
}: MachinePart): [MachinePart, MachinePart] | undefined {
  const only = (groups: Partial<MachinePart>): MachinePart => ({
    machine,
    sampled: [],
    events: [],
    links: [],
    ...groups,
  });
  const pieces = [
    ...sampled.flatMap(splitChannels).map((group) => only({ sampled: [group] })),
    ...events.flatMap((group) => splitRows(group, sliceEvents)).map((group) => only({ events: [group] })),
    ...links.flatMap((group) => splitRows(group, sliceLinks)).map((group) => only({ links: [group] })),
  ];
  if (pieces.length < 2) return undefined;
  const middle = Math.ceil(pieces.length / 2);
  const join = (some: readonly MachinePart[]) =>
    only({
      sampled: some.flatMap((piece) => piece.sampled),
      events: some.flatMap((piece) => piece.events),
      links: some.flatMap((piece) => piece.links),
    });
  return [join(pieces.slice(0, middle)), join(pieces.slice(middle))];
}

function splitRows<Group extends { timesMs: number[] }>(
  group: Group,
  slice: (group: Group, from: number, to: number) => Group,
): Group[] {
  const rows = group.timesMs.length;
  const middle = Math.ceil(rows / 2);
  return rows < 2 ? [group] : [slice(group, 0, middle), slice(group, middle, rows)];
}

function splitChannels(group: SampledGroup): SampledGroup[] {
  const columns = [...group.columns];
  if (columns.length < 2) return [group];
  const middle = Math.ceil(columns.length / 2);
  return [columns.slice(0, middle), columns.slice(middle)].map((half) => {
    const own = new Map(half);
    const quality = new Map([...group.quality].filter(([channel]) => own.has(channel)));
    return { ...group, columns: own, quality };
  });
}

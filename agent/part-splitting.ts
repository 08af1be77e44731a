import type { MachinePart } from '../protocols/telemetry/part.ts';
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

/** Cuts a part in two at the middle of its time; undefined when all of it has one time. */
export function splitPart(part: MachinePart): [MachinePart, MachinePart] | undefined {
  const span = spanOf(part);
  if (span === undefined || span.firstMs === span.lastMs) return undefined;
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

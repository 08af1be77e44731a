import type { SimulatedItem } from './mtconnect-devices.ts';

/** What is told of an item at a time. */
export interface Told {
  item: SimulatedItem;
  /** As the agent writes it: ISO 8601, with as many digits as the source had. */
  time: string;
  /** `UNAVAILABLE` where there is no value; the words that go with it for a condition. */
  value: string;
  /** Further attributes of the element, such as `nativeCode`. */
  attributes?: Readonly<Record<string, string>> | undefined;
  /** Of a condition. */
  level?: ConditionLevel | undefined;
}

/** How bad a condition is; one that nobody knows is unavailable. */
export type ConditionLevel = 'Normal' | 'Warning' | 'Fault' | 'Unavailable';

/** Something that was told, with its number. */
export interface Observation extends Told {
  sequence: number;
}

/** The last observations of an agent, and the latest of each item. */
export interface ObservationBuffer {
  readonly size: number;
  /** The number of the oldest that is kept; equal to `next` while nothing was told. */
  first(): number;
  /** The number that the next one gets. */
  next(): number;
  add(told: Told): void;
  /** Up to `count` from a number on, in order; `from` not below `first`. */
  slice(from: number, count: number): Observation[];
  /** What is in force, in the order of the numbers: of a condition all that are active, of other items the latest. */
  current(): Observation[];
}

/** Numbers begin at 1 and have no holes; when more than `size` are kept, the oldest is forgotten. */
export function createObservationBuffer(size: number): ObservationBuffer {
  const ring: Observation[] = [];
  let next = 1;
  const latest = new Map<string, Observation[]>();
  const first = () => Math.max(1, next - size);
  return {
    size,
    first,
    next: () => next,
    add: (told) => {
      const observation = { ...told, sequence: next };
      ring[(next - 1) % size] = observation;
      next++;
      latest.set(told.item.id, inForce(latest.get(told.item.id) ?? [], observation));
    },
    slice: (from, count) => {
      const until = Math.min(next, from + count);
      return Array.from(
        { length: Math.max(0, until - from) },
        (_, index) => ring[(from + index - 1) % size]!,
      );
    },
    current: () => [...latest.values()].flat().sort((a, b) => a.sequence - b.sequence),
  };
}

/** A condition stays active beside those of other codes; a normal one without a code ends all. */
function inForce(before: readonly Observation[], told: Observation): Observation[] {
  const codeOf = (one: Observation) => one.attributes?.['nativeCode'] ?? '';
  const { level } = told;
  if (level === undefined || level === 'Unavailable') return [told];
  if (level === 'Normal' && codeOf(told) === '') return [told];
  const others = before.filter(
    (one) => (one.level === 'Warning' || one.level === 'Fault') && codeOf(one) !== codeOf(told),
  );
  return level === 'Normal' && others.length > 0 ? others : [...others, told];
}

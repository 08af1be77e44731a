import type { MachineHour } from '../energy/machine-hour.ts';
import type { Views } from '../ledger/views.ts';
import { describeError } from '../../protocols/errors.ts';

/** A figure that is stored otherwise than it is computed; `undefined` where one of the two has none. */
export interface Difference {
  machine: string;
  /** Start of the hour, ms since the Unix epoch. */
  hourMs: number;
  /** Such as `energy.supplyMwh`, or `minutes.components.supply.counter.12`; `hour` or `minutes` where all of it differs. */
  field: string;
  stored: unknown;
  computed: unknown;
}

/** What was compared, and what was not as it is computed. */
export interface Comparison {
  hours: number;
  /** Hours that are still open, and were left out. */
  provisional: number;
  /** Hours in which a figure differs. */
  hoursThatDiffer: number;
  /** Figures that differ, in all of them. */
  differences: number;
  /** Some of them: the first of each of the first hours. */
  firstDifferences: Difference[];
}

/** A record that is missing changes most of what an hour says: a few of it tell which. */
const NAMED_AN_HOUR_MAX = 5;

type Compared = Pick<Views, 'bases' | 'hour' | 'hourTimes' | 'machines'>;

/**
 * Compares every final hour that is stored, and its minutes, with what is computed, field by field. When it was written is not
 * compared: status and revision tell of that. Yields the share that is done, 0..1, after each hour.
 */
export function* compareViews(
  stored: Compared,
  computed: Compared,
  differencesMax: number,
): Generator<number, Comparison> {
  const found: Comparison = {
    hours: 0,
    provisional: 0,
    hoursThatDiffer: 0,
    differences: 0,
    firstDifferences: [],
  };
  const machines = [...new Set([...stored.machines(), ...computed.machines()])].sort();
  for (const [index, machine] of machines.entries()) {
    const times = (views: Compared) => views.hourTimes(machine, 0, Number.MAX_SAFE_INTEGER);
    const hours = [...new Set([...times(stored), ...times(computed)])].sort((a, b) => a - b);
    for (const [place, hourMs] of hours.entries()) {
      const [before, now] = [hourOf(stored, machine, hourMs), hourOf(computed, machine, hourMs)];
      if (before?.status === 'provisional' || (before === undefined && now?.status === 'provisional'))
        found.provisional++;
      else {
        found.hours++;
        let inHour = 0;
        const tell = (field: string, was: unknown, is: unknown) => {
          found.differences++;
          if (++inHour === 1) found.hoursThatDiffer++;
          if (inHour <= NAMED_AN_HOUR_MAX && found.firstDifferences.length < differencesMax)
            found.firstDifferences.push({ machine, hourMs, field, stored: was, computed: is });
        };
        compare('', before, now, tell);
        if (before !== undefined && now !== undefined)
          compare('minutes', minutesOf(stored, machine, hourMs), minutesOf(computed, machine, hourMs), tell);
      }
      yield (index + (place + 1) / hours.length) / machines.length;
    }
  }
  return found;
}

/** What is known of an hour, but for when it was written; undefined for one of which nothing is known any more. */
function hourOf(views: Compared, machine: string, hourMs: number): Partial<MachineHour> | undefined {
  const hour = views.hour(machine, hourMs);
  if (hour === undefined || (hour.spanMs === 0 && Object.keys(hour.energy.componentMwh).length === 0))
    return undefined;
  // What matters most is named first.
  const { energy, ...others } = hour;
  return { energy, ...others };
}

function minutesOf(views: Compared, machine: string, hourMs: number): unknown {
  try {
    return [...views.bases(machine, hourMs, hourMs + 1)][0];
  } catch (error) {
    return describeError(error);
  }
}

/** What an hour says of its writing rather than of its machine. */
const UNCOMPARED = new Set(['status', 'finalBy', 'revision']);

function compare(
  path: string,
  was: unknown,
  is: unknown,
  tell: (field: string, was: unknown, is: unknown) => void,
): void {
  if (Object.is(was, is)) return;
  if (!isTree(was) || !isTree(is)) {
    tell(path === '' ? 'hour' : path, isTree(was) ? 'there' : was, isTree(is) ? 'there' : is);
    return;
  }
  for (const key of new Set([...Object.keys(was), ...Object.keys(is)]))
    if (path !== '' || !UNCOMPARED.has(key))
      compare(path === '' ? key : `${path}.${key}`, was[key], is[key], tell);
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { HOUR_MEASUREMENT, lineOfHour } from './hour-line.ts';
import type { StoredPoint } from './influx-store.ts';

/** So many hours' fields are remembered: those that are still being revised. */
const HOURS_MAX = 10_000;

/** What is to be written of some hours, and which points have to go before. */
export interface HourPoints {
  lines: string[];
  /** Points of which the new revision would leave a field standing that it does not know any more. */
  stale: StoredPoint[];
}

/** Makes points of hours, and remembers which fields of each are in InfluxDB. */
export class HourWriter {
  readonly #log: Log;
  readonly #isThorough: boolean;
  readonly #fields = new Map<string, ReadonlySet<string>>();
  #refused = 0;

  /** @param isThorough of every hour that was revised, the old point is deleted first, whatever stood there */
  constructor(log: Log, isThorough = false) {
    this.#log = log;
    this.#isThorough = isThorough;
  }

  /** Hours that could not be made into points. */
  get refused(): number {
    return this.#refused;
  }

  /** Forgets what is in InfluxDB: the database is empty. */
  forget(): void {
    this.#fields.clear();
  }

  /** The points of hours in the order of their change. Writing them again is harmless. */
  pointsOf(hours: readonly MachineHour[]): HourPoints {
    const points: HourPoints = { lines: [], stale: [] };
    // The last revision of an hour is the one that counts; a point that is to go first may not stand among these lines.
    const newest = new Map(hours.map((hour) => [keyOf(hour), hour]));
    for (const [key, hour] of newest) {
      const line = this.#lineOf(hour);
      if (line === undefined) continue;
      const fields = fieldsOf(line);
      const before = this.#fields.get(key);
      // Of one written before we started, a later revision may know less: nobody remembers what stands there.
      const isStale =
        before === undefined
          ? hour.revision > 1 && (this.#isThorough || knowsLess(hour))
          : [...before].some((field) => !fields.has(field));
      if (isStale) points.stale.push(pointOf(hour));
      this.#remember(key, fields);
      points.lines.push(line);
    }
    return points;
  }

  #lineOf(hour: MachineHour): string | undefined {
    try {
      return lineOfHour(hour);
    } catch (error) {
      this.#refused++;
      const { machine, hourMs } = hour;
      this.#log.warn(
        { machine, hourMs, reason: describeError(error) },
        'A machine-hour is left out of InfluxDB.',
      );
      return undefined;
    }
  }

  #remember(key: string, fields: ReadonlySet<string>): void {
    this.#fields.delete(key);
    const [oldest] = this.#fields.keys();
    if (oldest !== undefined && this.#fields.size >= HOURS_MAX) this.#fields.delete(oldest);
    this.#fields.set(key, fields);
  }
}

function knowsLess({ energy }: MachineHour): boolean {
  return energy.supplyMwh === null || energy.residualMwh === null;
}

/** Names in an hour's line: none of its values has a comma or a blank in it. */
function fieldsOf(line: string): ReadonlySet<string> {
  const [, fields = ''] = line.split(' ');
  return new Set(fields.split(',').map((field) => field.slice(0, field.indexOf('='))));
}

function pointOf({ site, machine, hourMs }: MachineHour): StoredPoint {
  return {
    measurement: HOUR_MEASUREMENT,
    tags: [
      ['site', site],
      ['machine', machine],
    ],
    timeMs: hourMs,
  };
}

function keyOf({ machine, hourMs }: MachineHour): string {
  return `${machine} ${hourMs}`;
}

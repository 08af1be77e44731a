import type { InfluxStore, WriteOutcome } from '../../collector/influx/influx-store.ts';
import { parseLine } from '../collector/influx/line-parser.ts';
import type { Chance } from './chance.ts';

/**
 * A database in memory: points of one series and time are one, field by field, as in InfluxDB. It fails by chance: before
 * it stored a request, or after it and before the answer.
 */
export class MemoryStore implements InfluxStore {
  /** Series and time -> field -> value, as they were written last. */
  readonly points = new Map<string, Map<string, string>>();
  /** Called when a write was not acknowledged. */
  onRetry: () => void = () => {};
  readonly #chance: Chance | undefined;

  /** @param chance undefined never fails */
  constructor(chance?: Chance) {
    this.#chance = chance;
  }

  async write(lines: string): Promise<WriteOutcome> {
    if (this.#chance?.happens(0.2) === true) return this.#retry('InfluxDB answered 503');
    for (const line of lines.split('\n')) this.#store(line);
    if (this.#chance?.happens(0.2) === true) return this.#retry('the connection broke before the answer');
    return { kind: 'ok', expired: 0 };
  }

  async deletePoints(): Promise<WriteOutcome> {
    return { kind: 'ok', expired: 0 };
  }

  async query(): Promise<[]> {
    return [];
  }

  async ensureDatabase(): Promise<{ empty: boolean }> {
    return { empty: false };
  }

  async health(): Promise<{ up: boolean; version: string; reason: string }> {
    return { up: true, version: 'in memory', reason: '' };
  }

  #retry(reason: string): WriteOutcome {
    this.onRetry();
    return { kind: 'retry', afterMs: null, reason };
  }

  #store(line: string): void {
    const { measurement, tags, fields, timeMs } = parseLine(line);
    const name = JSON.stringify([measurement, [...tags], timeMs]);
    const point = this.points.get(name) ?? new Map<string, string>();
    this.points.set(name, point);
    for (const [field, value] of fields) point.set(field, String(value));
  }
}

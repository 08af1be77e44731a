import type { DayRoot } from './manifest.ts';
import { merkleRoot } from './merkle.ts';

const DAY_MS = 86_400_000;

/** Gathers header hashes by the day (UTC) on which the collector took their records in. */
export class DayLeaves {
  readonly #days = new Map<number, { ordinal: number; hash: Uint8Array }[]>();

  /** @param hash of the header, 32 bytes */
  add(ordinal: number, receivedMs: number, hash: Uint8Array): void {
    const day = Math.floor(receivedMs / DAY_MS);
    const leaves = this.#days.get(day);
    if (leaves === undefined) this.#days.set(day, [{ ordinal, hash }]);
    else leaves.push({ ordinal, hash });
  }

  /** The roots, by day. Leaves are in order of arrival. Days after the year 9999 are left out. */
  roots(): Omit<DayRoot, 'signature'>[] {
    return [...this.#days]
      .filter(([day]) => day * DAY_MS < YEAR_10000_MS)
      .sort(([a], [b]) => a - b)
      .map(([day, leaves]) => ({
        day: new Date(day * DAY_MS).toISOString().slice(0, 10),
        records: leaves.length,
        root: merkleRoot(leaves.sort((a, b) => a.ordinal - b.ordinal).map(({ hash }) => hash)).toString(
          'base64url',
        ),
      }));
  }
}

const YEAR_10000_MS = 253_402_300_800_000;

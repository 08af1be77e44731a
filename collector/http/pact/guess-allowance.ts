/** Wrong secrets of one client from one address that are answered as such, at once and then per second. */
const TOLD_AT_ONCE = 10;
const TOLD_PER_SECOND = 1;
/** Of which so many are looked at at all. Far more than a client sends by mistake, and far too few to find 22 random characters. */
const CHECKED_AT_ONCE = 100;
const CHECKED_PER_SECOND = 100;
/** Addresses and clients that are remembered; the one that was wrong longest ago is forgotten first. */
const PAIRS_MAX = 10_000;
const ID_LENGTH_MAX = 200;

/**
 * Bounds how fast somebody may guess at the secret of a client. Counted by address and client, so that wrong secrets of one cost no
 * other anything, also where a proxy gives all of them one address. Clients that there are not count like any other.
 */
export interface GuessAllowance {
  /** False where so many were wrong that the next is not even compared. */
  mayTry(address: string, client: string): boolean;
  /** Counts a wrong one; false where it is one too many for a mistake. */
  spend(address: string, client: string): boolean;
}

/** @param nowMs monotonic ms */
export function createGuessAllowance(nowMs: () => number): GuessAllowance {
  const wrong = new Map<string, { told: number; checked: number; atMs: number }>();
  const keyOf = (address: string, client: string) => `${address}\n${client.slice(0, ID_LENGTH_MAX)}`;
  const countOf = (key: string) => {
    const atMs = nowMs();
    const { told, checked, atMs: thenMs } = wrong.get(key) ?? { told: 0, checked: 0, atMs };
    const seconds = (atMs - thenMs) / 1000;
    return {
      told: Math.max(0, told - seconds * TOLD_PER_SECOND),
      checked: Math.max(0, checked - seconds * CHECKED_PER_SECOND),
      atMs,
    };
  };
  return {
    mayTry: (address, client) => countOf(keyOf(address, client)).checked <= CHECKED_AT_ONCE - 1,
    spend: (address, client) => {
      const key = keyOf(address, client);
      const { told, checked, atMs } = countOf(key);
      const isTold = told <= TOLD_AT_ONCE - 1;
      const [oldest] = wrong.keys();
      if (wrong.size >= PAIRS_MAX && oldest !== undefined) wrong.delete(oldest);
      // Its place is behind all others again.
      wrong.delete(key);
      wrong.set(key, { told: isTold ? told + 1 : told, checked: checked + 1, atMs });
      return isTold;
    },
  };
}

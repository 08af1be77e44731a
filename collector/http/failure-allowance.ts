/** Failed attempts an address has at once, and how fast it gets new ones. */
const FAILURES_AT_ONCE = 10;
const FAILURE_EVERY_MS = 1_000;
const ADDRESSES_MAX = 10_000;

/** Bounds how often somebody may guess. */
export interface FailureAllowance {
  /** Counts a failed attempt of an address; false where it had none left. */
  spend(address: string): boolean;
}

/** @param nowMs monotonic ms */
export function createFailureAllowance(nowMs: () => number): FailureAllowance {
  const failures = new Map<string, { left: number; atMs: number }>();
  const leftOf = (address: string, now: number): number => {
    const seen = failures.get(address);
    if (seen === undefined) return FAILURES_AT_ONCE;
    return Math.min(FAILURES_AT_ONCE, seen.left + (now - seen.atMs) / FAILURE_EVERY_MS);
  };
  return {
    spend: (address) => {
      const now = nowMs();
      const left = leftOf(address, now);
      if (failures.size >= ADDRESSES_MAX) failures.clear();
      failures.set(address, { left: Math.max(0, left - 1), atMs: now });
      return left >= 1;
    },
  };
}

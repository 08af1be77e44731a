const AT_ONCE = 200;
const PER_SECOND = 20;

/** Bounds how much one partner asks, so that the others and the collector's own work have their turn. */
export interface RequestAllowance {
  /** False where a partner has asked too much in a short time. @param cost of what it asks, by the work it makes */
  spend(partner: string, cost: number): boolean;
}

/** @param nowMs monotonic ms */
export function createRequestAllowance(nowMs: () => number): RequestAllowance {
  const left = new Map<string, { count: number; atMs: number }>();
  return {
    spend: (partner, cost) => {
      const now = nowMs();
      const seen = left.get(partner) ?? { count: AT_ONCE, atMs: now };
      const count = Math.min(AT_ONCE, seen.count + ((now - seen.atMs) / 1000) * PER_SECOND);
      left.set(partner, { count: count < cost ? count : count - cost, atMs: now });
      return count >= cost;
    },
  };
}

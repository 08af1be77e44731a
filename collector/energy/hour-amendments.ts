import type { Amendment } from './amendment.ts';
import { HOUR_MS, type HourAccount } from './hour-account.ts';

/**
 * The amendments that an hour rests on, by their ids in the order in which they were entered: those in force in some of
 * it, and those that decided about one of its readings. `touchFigures` when one of them says more than which meter it was.
 */
export function amendmentsOf(
  amendments: readonly Amendment[],
  { hourMs, decisions }: Pick<HourAccount, 'hourMs' | 'decisions'>,
): { ids: string[]; touchFigures: boolean } {
  if (amendments.length === 0) return { ids: [], touchFigures: false };
  const decided = new Set(decisions.map(({ amendment }) => amendment));
  const own = amendments.filter((amendment) => decided.has(amendment.id) || isInForce(amendment, hourMs));
  return {
    ids: [...new Set(own.map(({ id }) => id))],
    touchFigures: own.some(({ kind }) => kind !== 'same-meter'),
  };
}

function isInForce({ kind, fromMs, toMs }: Amendment, hourMs: number): boolean {
  const endMs = hourMs + HOUR_MS;
  // A meter is replaced at a moment; what follows from it in other hours is told by their decisions.
  if (kind === 'meter-replaced') return fromMs >= hourMs && fromMs < endMs;
  return fromMs < endMs && (toMs === null || toMs > hourMs);
}

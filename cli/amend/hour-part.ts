import type { HourBase } from '../../collector/energy/hour-base.ts';
import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../../collector/energy/hour-account.ts';

/** What of an hour lies in the time of an amendment. */
export interface HourPart {
  /** ms of the hour in the time. */
  ms: number;
  /** Share of a component's energy in those minutes, 0..1; null where the minutes are not known. */
  share: number | null;
}

/**
 * The part of an hour in [fromMs, toMs), wall ms, null for ever. Of a minute that is cut, energy counts by its time.
 * @param base minutes of the hour, before closure: their shares are what is taken from them
 */
export function partOfHour(
  hourMs: number,
  { fromMs, toMs, component }: { fromMs: number; toMs: number | null; component: string },
  base: Partial<Pick<HourBase, 'components'>> | undefined,
): HourPart {
  const [first, end] = [Math.max(hourMs, fromMs), Math.min(hourMs + HOUR_MS, toMs ?? Infinity)];
  const ms = Math.max(0, end - first);
  const cells = base?.components?.[component];
  if (cells === undefined) return { ms, share: ms === HOUR_MS ? 1 : null };
  let [all, inside] = [0, 0];
  for (const way of [cells.counter, cells.integrated, cells.bridged])
    for (const [cell, mwh] of Array.from(way ?? []).entries()) {
      const minuteMs = hourMs + Math.floor(cell / STATE_COUNT) * MINUTE_MS;
      const cutMs = Math.min(end, minuteMs + MINUTE_MS) - Math.max(first, minuteMs);
      all += mwh;
      inside += (mwh * Math.max(0, cutMs)) / MINUTE_MS;
    }
  return { ms, share: all === 0 ? null : inside / all };
}

import { isDeepStrictEqual } from 'node:util';
import type { MinuteRollup } from '../../collector/ledger/views.ts';
import { BrokenPromise, type ReadingSet } from './oracle.ts';
import type { Readout } from './readers.ts';

/** What tells how often an hour was written, and not what is in it. */
const OF_WRITING = new Set(['revision', 'status', 'final', 'final_by']);

/** What was derived and projected bit by bit is what the ledger alone gives. */
export function checkReadout(live: Readout, anew: Readout, options: { mayHoldMore: boolean }): void {
  const lines = (readout: Readout) =>
    readout.hours.map((hour) => ({ ...hour, revision: 0, finalBy: null, status: 'provisional' }));
  requireEqual('the hours', lines(live), lines(anew));
  requireEqual('the minutes', live.minutes.map(ofAnyOrder), anew.minutes.map(ofAnyOrder));
  for (const [name, fields] of anew.points) {
    const stored = live.points.get(name);
    for (const [field, value] of fields)
      if (!OF_WRITING.has(field) && stored?.get(field) !== value)
        throw new BrokenPromise(
          `the database holds ${stored?.get(field)} for ${field} of ${name}, and the ledger gives ${value}`,
        );
  }
  const surplus = options.mayHoldMore
    ? undefined
    : [...live.points.keys()].find((name) => !anew.points.has(name));
  if (surplus !== undefined)
    throw new BrokenPromise(`the database holds a point that the ledger does not give: ${surplus}`);
}

/** Sums of floats end in other digits when they are made in another order, and steps are counted within records. */
function ofAnyOrder(minute: MinuteRollup): unknown {
  return { ...minute, sum: Number(minute.sum.toPrecision(10)), squares: 0, steps: 0 };
}

/**
 * What hours hold of a machine's energy is what its meter counted from the first reading that is here to the last.
 * @param options.isExact whether the clocks were right; else some of it may have no hour, and none of it two
 */
export function checkEnergy(
  readout: Readout,
  readings: ReadingSet,
  machine: string,
  options: { isExact: boolean },
): void {
  const shown = readings.counterOf(`${machine}.supply.activeEnergyImport`);
  const [first, last] = [shown[0], shown.at(-1)];
  if (first === undefined || last === undefined) return;
  const countedMwh = Number(last - first);
  let mwh = 0;
  for (const hour of readout.hours)
    if (hour.machine === machine) mwh += Number(hour.energy.componentMwh['supply'] ?? 0);
  if (options.isExact ? mwh !== countedMwh : mwh < 0 || mwh > countedMwh)
    throw new BrokenPromise(`the hours of ${machine} hold ${mwh} mWh, and its meter counted ${countedMwh}`);
}

/**
 * What minutes hold of a machine's channels is each reading that is here, once.
 * @param options.isExact whether the clocks were right; else some readings may have no minute, and none of them two
 */
export function checkMinutes(
  readout: Readout,
  readings: ReadingSet,
  machine: string,
  options: { isExact: boolean },
): void {
  for (const quantity of ['activePower', 'activeEnergyImport']) {
    const channel = `${machine}.supply.${quantity}`;
    const shown = readings.shownBy(channel);
    const minutes = readout.minutes.filter((minute) => minute.channel === channel);
    const counted = minutes.reduce((sum, { count }) => sum + count, 0);
    if (options.isExact ? counted !== shown.length : counted > shown.length)
      throw new BrokenPromise(
        `the minutes of ${channel} hold ${counted} readings, and the ledger has ${shown.length}`,
      );
    // A counter is told in Wh, and its meter shows mWh.
    const factor = quantity === 'activePower' ? 1 : 1 / 1000;
    const sumOfMinutes = minutes.reduce((sum, minute) => sum + minute.sum, 0);
    const sumShown = shown.reduce((sum, value) => sum + value * factor, 0);
    if (options.isExact && Math.abs(sumOfMinutes - sumShown) > 1e-9 * sumShown)
      throw new BrokenPromise(
        `the minutes of ${channel} add up to ${sumOfMinutes}, and its readings to ${sumShown}`,
      );
  }
}

function requireEqual(what: string, live: readonly unknown[], anew: readonly unknown[]): void {
  for (let index = 0; index < Math.max(live.length, anew.length); index++)
    if (!isDeepStrictEqual(live[index], anew[index]))
      throw new BrokenPromise(
        `${what} that were derived bit by bit are not those that the ledger gives: ${differenceOf(live[index], anew[index])}`,
      );
}

/** The fields that differ. */
function differenceOf(live: unknown, anew: unknown): string {
  if (typeof live !== 'object' || typeof anew !== 'object' || live === null || anew === null)
    return `${json(live)} instead of ${json(anew)}`;
  const [one, other] = [live as Record<string, unknown>, anew as Record<string, unknown>];
  return Object.keys({ ...one, ...other })
    .filter((key) => !isDeepStrictEqual(one[key], other[key]))
    .map((key) => `${key} ${json(one[key])} instead of ${json(other[key])}`)
    .join(', ');
}

function json(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one)) ?? 'none';
}

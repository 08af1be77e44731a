import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../energy/hour-account.ts';
import type { HourBase } from '../energy/hour-base.ts';
import { toNumber } from '../../protocols/telemetry/unit.ts';
import type { MinuteRollup, Views } from '../ledger/views.ts';
import {
  asRead,
  counterOf,
  factorOfPower,
  fateOfHour,
  fateOfReadings,
  type AmendedHour,
  type ReadingFate,
} from './reading-fate.ts';
import type { CounterSight, CurveMinute } from './explained-hour.ts';

/** W x ms per mWh. */
const WATT_MS_PER_MWH = 3600;

/**
 * The sixty minutes of an hour: power, states, and counter beside power x time, all as people amended it. A counter whose
 * readings change their meaning within the hour is in no picture.
 * @param before what the counter showed last before the hour; without it the counter is told from its first minute on
 */
export function explainCurve(
  views: Pick<Views, 'minutes'>,
  base: HourBase,
  before: CounterSight | null,
  { amendments, known }: AmendedHour,
): CurveMinute[] {
  const { machine, hourMs } = base;
  const power = powersOf(views, base, { amendments, known });
  const whole = fateOfHour('supply', known, amendments, hourMs);
  const counter =
    whole?.isRead === true
      ? minutesOf(views, counterOf(machine, whole), hourMs)
      : new Map<number, MinuteRollup>();
  const factor = whole === null ? 1 : toNumber(whole.factor);
  const first = counter.values().next().value;
  const startMwh = before?.mwh ?? (first === undefined ? 0 : Math.round(first.min * 1000));
  const powerAt = (minuteMs: number): number | null => {
    const read = power.get(minuteMs);
    return read === undefined ? null : read.sum / read.count;
  };
  let integralMwh = 0;
  return Array.from({ length: HOUR_MS / MINUTE_MS }, (_, index) => {
    const minuteMs = hourMs + index * MINUTE_MS;
    const read = power.get(minuteMs);
    const counted = counter.get(minuteMs);
    const measuredMs = base.measuredMs[index] ?? 0;
    const meanW = powerAt(minuteMs);
    // A slow meter leaves out whole minutes that are measured all the same: power is drawn straight between its readings.
    const drawnW = meanW ?? (measuredMs > 0 ? drawStraight(powerAt, hourMs, index) : 0);
    integralMwh += (drawnW * measuredMs) / WATT_MS_PER_MWH;
    return {
      minuteMs,
      minW: read?.min ?? null,
      meanW,
      maxW: read?.max ?? null,
      timeMs: timesOf(base, index),
      measuredMs,
      countedMwh:
        counted === undefined ? null : Math.round((Math.round(counted.last * 1000) - startMwh) * factor),
      integralMwh: Math.round(integralMwh),
      bookedMwh: bookedIn(base, index),
    };
  });
}

/** The power of the supply by minute, W as it is meant. */
function powersOf(
  views: Pick<Views, 'minutes'>,
  { machine, hourMs }: HourBase,
  { amendments, known }: AmendedHour,
): Map<number, Pick<MinuteRollup, 'count' | 'sum' | 'min' | 'max'>> {
  const channelOf = ({ origin }: ReadingFate) => `${machine}.${origin}.activePower`;
  if (amendments.length === 0) return minutesOf(views, channelOf(asRead('supply')), hourMs);
  const powers = new Map<number, Pick<MinuteRollup, 'count' | 'sum' | 'min' | 'max'>>();
  const channels = new Map<string, Map<number, MinuteRollup>>();
  for (let minuteMs = hourMs; minuteMs < hourMs + HOUR_MS; minuteMs += MINUTE_MS) {
    const fate = fateOfReadings('supply', known, amendments, minuteMs);
    const channel = channelOf(fate);
    let rows = channels.get(channel);
    if (rows === undefined) channels.set(channel, (rows = minutesOf(views, channel, hourMs)));
    const row = rows.get(minuteMs);
    if (row === undefined || !fate.isRead) continue;
    const factor = factorOfPower(fate);
    const [min, max] = factor < 0 ? [row.max, row.min] : [row.min, row.max];
    powers.set(minuteMs, {
      count: row.count,
      sum: row.sum * factor,
      min: min * factor,
      max: max * factor,
    });
  }
  return powers;
}

function minutesOf(
  views: Pick<Views, 'minutes'>,
  channel: string,
  hourMs: number,
): Map<number, MinuteRollup> {
  return new Map(views.minutes(channel, hourMs, hourMs + HOUR_MS).map((minute) => [minute.minuteMs, minute]));
}

/** Power in a minute without a reading: on the line between those beside it, or that of the only side that has one. */
function drawStraight(powerAt: (minuteMs: number) => number | null, hourMs: number, index: number): number {
  const find = (step: 1 | -1): { away: number; powerW: number } | null => {
    for (let away = 1; index + step * away >= 0 && index + step * away < HOUR_MS / MINUTE_MS; away++) {
      const powerW = powerAt(hourMs + (index + step * away) * MINUTE_MS);
      if (powerW !== null) return { away, powerW };
    }
    return null;
  };
  const [before, after] = [find(-1), find(1)];
  if (before === null || after === null) return (before ?? after)?.powerW ?? 0;
  return before.powerW + ((after.powerW - before.powerW) * before.away) / (before.away + after.away);
}

function timesOf(base: HourBase, minute: number): CurveMinute['timeMs'] {
  return Object.fromEntries(
    OPERATING_STATES.flatMap((state, index) => {
      const ms = base.timeMs[minute * STATE_COUNT + index] ?? 0;
      return ms > 0 ? [[state, ms]] : [];
    }),
  );
}

function bookedIn({ components }: HourBase, minute: number): number {
  const supply = components['supply'];
  if (supply === undefined) return 0;
  let mwh = 0;
  for (const cells of [supply.counter, supply.integrated, supply.bridged]) {
    if (cells === null) continue;
    for (let cell = minute * STATE_COUNT; cell < (minute + 1) * STATE_COUNT; cell++) mwh += cells[cell] ?? 0;
  }
  return mwh;
}

import { sha256 } from '../../protocols/evidence/keys.ts';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import type { CheckLines } from './check-line.ts';
import type { Manifest } from './manifest.ts';

const HOUR_MS = 3_600_000;

/**
 * Checks that a footprint record, sound in itself, rests on the hours of the package: their hash, and where the machine is the
 * product also their energy, whole and by state, to the last mWh. What rests on other machines or times is not proven.
 */
export function checkFootprintHours(
  record: FootprintRecord,
  { machine, fromMs, toMs }: Pick<Manifest, 'machine' | 'fromMs' | 'toMs'>,
  all: ReadonlyMap<number, MachineHour>,
  place: string,
  lines: CheckLines,
): void {
  const { subject, period, evidence, activity, view } = record;
  const [begin, end] = [Date.parse(period.from), Date.parse(period.to)];
  if (subject.machines.join() !== machine || begin < fromMs || end > toMs)
    return lines.unproven(
      'footprints',
      place,
      'It is of other machines or another time than the package: the hours that it rests on are not all here.',
    );
  const hours = [...all.values()].filter(({ hourMs }) => hourMs + HOUR_MS > begin && hourMs < end);
  if (sha256(hours.map((hour) => `${canonicalText(hour)}\n`).join('')) !== evidence.hours.sha256)
    return lines.fail(
      'footprints',
      place,
      'It rests on other hours than those of the package: their hash differs.',
    );
  if (view !== 'use-phase')
    return lines.unproven(
      'footprints',
      place,
      'It rests on these hours; what of them was allocated to the job or part is the word of the collector.',
    );
  const compare = (what: string, text: string, mwh: number[]) => {
    const sum = mwh.reduce((total, one) => total + BigInt(one), 0n);
    if (mwhOf(text) !== sum)
      lines.fail('footprints', place, `${what} is ${text} kWh, and its hours come to ${sum} mWh.`);
  };
  compare(
    'energyKwh',
    activity.energyKwh,
    hours.map(({ energy }) => energy.supplyMwh ?? 0),
  );
  compare(
    'exportKwh',
    activity.exportKwh,
    hours.map(({ energy }) => energy.exportMwh),
  );
  for (const state of OPERATING_STATES)
    compare(
      `states.${state}.energyKwh`,
      activity.states[state].energyKwh,
      hours.map(({ energy }) => energy.stateMwh[state]),
    );
}

/** Kilowatt-hours with at most six digits behind the point, as whole mWh; undefined for another text. */
function mwhOf(text: string): bigint | undefined {
  const [, sign, whole, fraction = ''] = /^(-?)(\d{1,30})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const mwh = BigInt(whole + fraction.padEnd(6, '0'));
  return sign === '-' ? -mwh : mwh;
}

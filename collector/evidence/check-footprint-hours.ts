import { sha256 } from '../../protocols/evidence/keys.ts';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { BRIDGE_METHODS, type MachineHour } from '../energy/machine-hour.ts';
import { sumStates } from '../energy/use-phase/state-totals.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import { hoursText, percentText } from '../reports/footprint/footprint-texts.ts';
import type { CheckLines } from './check-line.ts';
import type { Manifest } from './manifest.ts';

const HOUR_MS = 3_600_000;

/**
 * Checks that a footprint record, sound in itself, rests on the hours of the package: their hash, and where the machine is the
 * product also their energy, whole, by state, component and way of measuring, to the last mWh, their hours, by which all is divided,
 * and how much of them was watched and measured. What rests on other machines or times is not proven.
 */
export function checkFootprintHours(
  record: FootprintRecord,
  { machine, fromMs, toMs }: Pick<Manifest, 'machine' | 'fromMs' | 'toMs'>,
  all: ReadonlyMap<number, MachineHour>,
  place: string,
  lines: CheckLines,
): void {
  const { subject, period, evidence, activity, coverage, view } = record;
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
  const sum = (of: (hour: MachineHour) => number) => hours.reduce((total, hour) => total + of(hour), 0);
  const { timeMs } = sumStates(hours);
  const say = (what: string, text: string | null, due: string | null) => {
    if (text !== due) lines.fail('footprints', place, `${what} is ${text}, and its hours come to ${due}.`);
  };
  for (const state of OPERATING_STATES) {
    const { energyKwh, hours: told } = activity.states[state];
    compare(
      `states.${state}.energyKwh`,
      energyKwh,
      hours.map(({ energy }) => energy.stateMwh[state]),
    );
    say(`states.${state}.hours`, told, hoursText(timeMs[state]));
  }
  const components = new Set([
    ...Object.keys(activity.components),
    ...hours.flatMap(({ energy }) => Object.keys(energy.componentMwh)),
  ]);
  components.delete('supply');
  for (const component of components)
    compare(
      `components.${component}.energyKwh`,
      activity.components[component]?.energyKwh ?? 'not told',
      hours.map(({ energy }) => energy.componentMwh[component] ?? 0),
    );
  const { obtained } = coverage;
  for (const [name, mwh] of [
    ['counter', 'counterMwh'],
    ['integrated', 'integratedMwh'],
    ['bridged', 'bridgedMwh'],
  ] as const)
    compare(
      `obtained.${name}Kwh`,
      obtained[`${name}Kwh`],
      hours.map((hour) => hour.obtained[mwh]),
    );
  for (const method of BRIDGE_METHODS)
    compare(
      `obtained.bridgedByKwh.${method}`,
      obtained.bridgedByKwh[method],
      hours.map((hour) => hour.obtained.bridgedBy[method]),
    );
  const watchedMs = sum(({ spanMs }) => spanMs);
  const measured = sum((hour) => hour.obtained.counterMwh + hour.obtained.integratedMwh);
  const energy = measured + sum((hour) => hour.obtained.bridgedMwh);
  say('watchedPercent', coverage.watchedPercent, percentText(watchedMs, end - begin));
  say(
    'measuredTimePercent',
    coverage.measuredTimePercent,
    watchedMs === 0
      ? '0'
      : percentText(
          sum(({ measuredMs }) => measuredMs),
          watchedMs,
        ),
  );
  say(
    'measuredEnergyPercent',
    coverage.measuredEnergyPercent,
    energy === 0 ? null : percentText(measured, energy),
  );
  lines.unproven(
    'footprints',
    place,
    'Its uncertainty, scores and sensitivity rest on the load of every minute and on what the site declared: they are the word of the collector.',
  );
}

/** Kilowatt-hours with at most six digits behind the point, as whole mWh; undefined for another text. */
function mwhOf(text: string): bigint | undefined {
  const [, sign, whole, fraction = ''] = /^(-?)(\d{1,30})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const mwh = BigInt(whole + fraction.padEnd(6, '0'));
  return sign === '-' ? -mwh : mwh;
}

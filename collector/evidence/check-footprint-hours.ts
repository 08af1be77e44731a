import { sha256 } from '../../protocols/evidence/keys.ts';
import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../protocols/telemetry/unit.ts';
import { BRIDGE_METHODS, type MachineHour } from '../energy/machine-hour.ts';
import type { MachineModel } from '../energy/machine-model.ts';
import { balanceTree } from '../energy/metering-tree.ts';
import { sumStates } from '../energy/use-phase/state-totals.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import { figureText, hoursText, kwhText, percentText } from '../reports/footprint/footprint-texts.ts';
import { checkFootprintBasis } from './check-footprint-facts.ts';
import type { CheckLines } from './check-line.ts';
import type { Manifest } from './manifest.ts';

const HOUR_MS = 3_600_000;

/**
 * Checks that a footprint record, sound in itself, rests on the hours of the package: their hash, and where the machine is the
 * product also their energy, whole, by state, component and way of measuring, to the last mWh, what components leave of it, other
 * media, their hours, by which all is divided, and how much of them was watched and measured. What rests on other machines or times is
 * not proven.
 *
 * @param of the package: its hours, and the metering tree of its model; undefined where there is none to be read
 */
export function checkFootprintHours(
  record: FootprintRecord,
  { machine, fromMs, toMs }: Pick<Manifest, 'machine' | 'fromMs' | 'toMs'>,
  { hours: all, tree }: { hours: ReadonlyMap<number, MachineHour>; tree: MachineModel['tree'] | undefined },
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
  if (tree !== undefined) {
    const names = [...new Set(hours.flatMap(({ energy }) => Object.keys(energy.componentMwh)))];
    const whole = names.map((name) => [
      name,
      milliwattHours(sum(({ energy }) => energy.componentMwh[name] ?? 0)),
    ]);
    const { residualMwh } = balanceTree(Object.fromEntries(whole), tree);
    say('residualKwh', activity.residualKwh, residualMwh === null ? null : kwhText(residualMwh));
  }
  const media = new Set([
    ...activity.media.map(({ component }) => component),
    ...hours.flatMap((hour) => Object.keys(hour.media)),
  ]);
  for (const name of media) {
    const told = activity.media.filter(({ component }) => component === name);
    const isKnown = hours.some((hour) => hour.media[name] !== undefined);
    say(
      `media.${name}.normLitres`,
      told.length === 0 ? null : told.map(({ normLitres }) => normLitres).join(' and '),
      isKnown
        ? figureText(
            sum((hour) => hour.media[name] ?? 0),
            0,
          )
        : null,
    );
  }
  checkFootprintBasis(record, hours, place, lines);
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
    'Not computed anew, and so the word of the collector: how large each source of its uncertainty is, the U of each state and what a worse class of meter gives (they rest on the load of every minute and on what the site entered of meters), the class, transformers and calibration of its meters, the region, the words of its scores, the energy declared behind other media, and which factors, losses and supplies the site declared.',
  );
}

/** Kilowatt-hours with at most six digits behind the point, as whole mWh; undefined for another text. */
function mwhOf(text: string): bigint | undefined {
  const [, sign, whole, fraction = ''] = /^(-?)(\d{1,30})(?:\.(\d{1,6}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const mwh = BigInt(whole + fraction.padEnd(6, '0'));
  return sign === '-' ? -mwh : mwh;
}

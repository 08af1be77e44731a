import { resolve } from 'node:path';
import type { MachineHour } from '../collector/energy/machine-hour.ts';
import { readViews } from '../collector/ledger/sqlite-views.ts';
import { loadCollectorConfig } from '../config/load.ts';
import { OPERATING_STATES } from '../protocols/telemetry/operating-state.ts';
import { explainReasons } from './reason-words.ts';
import { explainOne } from './hours-explain.ts';
import { formatEnergy, formatPower, formatShare, hourWordsOf } from './format.ts';
import { style, widthOf } from './screen.ts';
import { readSiteRange, readSiteTime, sayRange, takeSiteClock } from './site-clock.ts';
import { renderStateTable, type SayStates } from './state-table.ts';
import { sumTimes } from './state-times.ts';
import type { TextColumn } from './text-table.ts';
import { wrapLines } from './text-wrap.ts';
import { requireMachine } from './known-machine.ts';

const HOUR_MS = 3_600_000;

interface HoursOptions {
  config: string;
  machine?: string;
  from?: string;
  to?: string;
  /** A time in the hour that is to be explained. */
  explain?: string;
  json?: true;
  csv?: true;
}

/** `millwatt hours`: machine-hours from the collector's folder; the collector may run meanwhile. */
export async function runHours(options: HoursOptions): Promise<void> {
  if (options.explain !== undefined) {
    const { calendar } = takeSiteClock(loadCollectorConfig(options.config).config);
    explainOne(options, readSiteTime(options.explain, '--explain', calendar));
    return;
  }
  const { config, folder } = loadCollectorConfig(options.config);
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    const known = views.machines();
    if (options.machine !== undefined) requireMachine(known, options.machine);
    const clock = takeSiteClock(config);
    const asked = readSiteRange(options, clock);
    const { toMs } = asked;
    // Hours begin on the hour: of the first of the last 24, all is shown.
    const fromMs = options.from === undefined ? Math.floor(asked.fromMs / HOUR_MS) * HOUR_MS : asked.fromMs;
    const machines = options.machine === undefined ? known : [options.machine];
    const hours = machines.flatMap((machine) => views.hours(machine, fromMs, toMs));
    process.stdout.write(
      `${(options.json ? [JSON.stringify({ ok: true, hours }, null, 2)] : options.csv ? csvLines(hours) : [style(sayRange(fromMs, toMs, clock), 'dim'), ...tableLines(hours, widthOf())]).join('\n')}\n`,
    );
  } finally {
    views.close();
  }
}

/**
 * The table for people, and what its reasons mean. Where the column of reasons has no room, they name their hours; where
 * states in words have none, letters and percent stand for them.
 */
export function tableLines(hours: readonly MachineHour[], width: number): string[] {
  if (hours.length === 0) return ['No machine-hours in this time.'];
  const components = [...new Set(hours.flatMap((hour) => Object.keys(hour.energy.componentMwh)))].filter(
    (name) => name !== 'supply',
  );
  const words = hourWordsOf(hours.map(({ hourMs }) => hourMs));
  const machines = Map.groupBy(hours, (hour) => hour.machine);
  const rowsWith = (sayStates: SayStates) =>
    [...machines.values()].flatMap((ofMachine) => [
      ...ofMachine.map((hour) => [
        hour.machine,
        words.say(hour.hourMs),
        ...figuresOf([hour], components, sayStates),
        hour.status === 'final' ? `final r${hour.revision}` : style('provisional', 'dim'),
        hour.reasons.join(' '),
      ]),
      totalOf(ofMachine, components, sayStates).map((cell) => style(cell, 'bold')),
    ]);
  const columns: TextColumn[] = [
    { title: 'machine' },
    { title: words.title },
    { title: 'energy', align: 'right' },
    ...components.map((title) => ({ title, align: 'right' as const, spare: 1 })),
    // Energy says it again.
    { title: 'mean power', align: 'right', spare: 0 },
    { title: 'states', spare: 4 },
    { title: 'measured', align: 'right' },
    { title: 'status' },
    { title: 'because', spare: 3, wrap: 7 },
  ];
  const table = renderStateTable(
    columns,
    rowsWith,
    hours.map(({ timeMs }) => timeMs),
    width,
  );
  const isShown = table[0]?.includes('because') === true;
  const legend = explainReasons(hours, isShown ? undefined : words.say).flatMap((line) =>
    wrapLines(line, width),
  );
  return [...table, ...(legend.length === 0 ? [] : ['', ...legend.map((line) => style(line, 'dim'))])];
}

/** The last line of a machine: its hours together, so that nobody has to add them up. */
function totalOf(
  hours: readonly MachineHour[],
  components: readonly string[],
  sayStates: SayStates,
): string[] {
  const final = hours.filter((hour) => hour.status === 'final').length;
  return [
    hours[0]?.machine ?? '',
    `${hours.length} ${hours.length === 1 ? 'hour' : 'hours'}`,
    ...figuresOf(hours, components, sayStates),
    final === hours.length ? 'final' : `${final} final`,
    '',
  ];
}

/** Energy, components, mean power, states and measured share of one hour, or of several together. */
function figuresOf(
  hours: readonly MachineHour[],
  components: readonly string[],
  sayStates: SayStates,
): string[] {
  const supplyMwh = sumKnown(hours.map((hour) => hour.energy.supplyMwh));
  // Mean power only over the time whose energy is known.
  const spanMs = sum(hours.filter((hour) => hour.energy.supplyMwh !== null).map((hour) => hour.spanMs));
  const allMs = sum(hours.map((hour) => hour.spanMs));
  return [
    formatEnergy(supplyMwh),
    ...components.map((name) =>
      formatEnergy(sumKnown(hours.map((hour) => hour.energy.componentMwh[name] ?? null))),
    ),
    supplyMwh === null || spanMs === 0 ? '-' : formatPower((supplyMwh / 1000) * (HOUR_MS / spanMs)),
    sayStates(sumTimes(hours.map(({ timeMs }) => timeMs))),
    formatShare(allMs === 0 ? null : sum(hours.map((hour) => hour.measuredMs)) / allMs),
  ];
}

function sumKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : sum(known);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function csvLines(hours: readonly MachineHour[]): string[] {
  const components = [...new Set(hours.flatMap((hour) => Object.keys(hour.energy.componentMwh)))];
  const header = [
    'machine',
    'hour_utc',
    'supply_mwh',
    'export_mwh',
    ...components.map((name) => `${name}_import_mwh`),
    'residual_mwh',
    'counter_mwh',
    'integrated_mwh',
    'bridged_mwh',
    ...OPERATING_STATES.map((state) => `${state}_mwh`),
    ...OPERATING_STATES.map((state) => `${state}_ms`),
    'span_ms',
    'measured_ms',
    'quality',
    'status',
    'revision',
    'reasons',
  ];
  const rows = hours.map((hour) => [
    hour.machine,
    new Date(hour.hourMs).toISOString(),
    hour.energy.supplyMwh ?? '',
    hour.energy.exportMwh,
    ...components.map((name) => hour.energy.componentMwh[name] ?? ''),
    hour.energy.residualMwh ?? '',
    hour.obtained.counterMwh,
    hour.obtained.integratedMwh,
    hour.obtained.bridgedMwh,
    ...OPERATING_STATES.map((state) => hour.energy.stateMwh[state]),
    ...OPERATING_STATES.map((state) => hour.timeMs[state]),
    hour.spanMs,
    hour.measuredMs,
    hour.quality,
    hour.status,
    hour.revision,
    hour.reasons.join(' '),
  ]);
  return [header, ...rows].map((row) => row.join(','));
}

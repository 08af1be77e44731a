import { resolve } from 'node:path';
import { openCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import { HOUR_BASES, type HourBasis } from '../../collector/energy/use-phase/hour-basis.ts';
import { decimalOf, textOf, type DecimalText } from '../../collector/footprint/figures/decimal.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import type { FootprintPlan } from '../../collector/reports/footprint/footprint-plan.ts';
import {
  significantText,
  stepRegression,
  type RegressionReport,
} from '../../collector/reports/footprint/regression-report.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { requireFree, writeWhole } from '../export/write-file.ts';
import { footprintPlanOf } from '../footprint-plan-of.ts';
import { readConfiguredJournal, readKey } from '../journal-access.ts';
import { requireMachine } from '../known-machine.ts';
import { widthOf } from '../screen.ts';
import { readSiteRange, sayRange, takeSiteClock } from '../site-clock.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { regressionLines } from './regression-lines.ts';
import { regressionSvg } from './regression-svg.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BACK_DAYS = 30;

interface RegressOptions {
  config: string;
  over?: string;
  machines?: string;
  model?: string;
  hours?: string;
  from?: string;
  to?: string;
  at?: string;
  svg?: string;
  force?: true;
  json?: true;
}

/** `millwatt regress`: a line of kWh per machine-hour over a parameter; the collector may run meanwhile. */
export async function runRegress(options: RegressOptions): Promise<void> {
  const { config, folder } = loadCollectorConfig(options.config);
  const over = options.over ?? refuseWithout(parametersOf(config));
  const clock = takeSiteClock(config);
  const range = readSiteRange(options, clock, BACK_DAYS * DAY_MS);
  const at = valuesOf(options.at);
  const svg = options.svg === undefined ? undefined : resolve(options.svg);
  if (svg !== undefined) requireFree(svg, options.force === true, '--svg');
  const views = readViews({ folder: resolve(folder, config.data) });
  try {
    const journal = readConfiguredJournal(config, folder);
    try {
      const sitePlan = sitePlanOf(config, process.versions['tz'] ?? '');
      const key = readKey(resolve(folder, config.data)).publicKey;
      const plan = footprintPlanOf(config, folder, { key, sitePlanHash: sitePlan.hash });
      const known = views.machines();
      const machines = machinesAsked(plan, options);
      for (const machine of machines ?? []) requireMachine(known, machine);
      const from = {
        source: { views, plan: sitePlan, journal },
        plan,
        calendar: openCalendar(sitePlan.calendar),
      };
      const query = { machines, over, basis: basisOf(options.hours, plan.hours), at, ...range };
      const count = machines?.length ?? Object.keys(plan.machines).length;
      const hours = (count * (range.toMs - range.fromMs)) / HOUR_MS;
      const report = makeReport(stepRegression(from, query), hours, options.json === true);
      if (svg !== undefined) await writeWhole(svg, regressionSvg(report));
      if (options.json === true) process.stdout.write(`${JSON.stringify(inTexts(report), null, 2)}\n`);
      else {
        const lines = regressionLines(report, Math.min(100, widthOf()));
        const wrote = svg === undefined ? [] : [`wrote ${svg}`];
        const time = sayRange(Date.parse(report.period.from), Date.parse(report.period.to), clock);
        process.stdout.write(`${[...lines, time, ...wrote].join('\n')}\n`);
      }
    } finally {
      journal.close();
    }
  } finally {
    views.close();
  }
}

/** Null where nobody named any: all that have the parameter. */
function machinesAsked(
  { models }: FootprintPlan,
  { machines, model }: Pick<RegressOptions, 'machines' | 'model'>,
): readonly string[] | null {
  if (machines !== undefined) {
    const names = machines.split(',').map((name) => name.trim());
    if (!names.includes('') && new Set(names).size === names.length) return names;
    throw usage(
      `--machines ${JSON.stringify(machines)} is no list of machines.`,
      'Write mill-1,mill-2,mill-3, each once.',
    );
  }
  if (model === undefined) return null;
  const found = Object.hasOwn(models, model) ? models[model] : undefined;
  if (found !== undefined) return found.machines;
  throw new MillwattError('refuse', 'no-model', `There is no model ${model}.`, {
    cure: `List it under footprint.models in collector.yaml${Object.keys(models).length === 0 ? '' : `; models are: ${Object.keys(models).join(', ')}`}.`,
  });
}

function basisOf(text: string | undefined, declared: HourBasis): HourBasis {
  const found = text === undefined ? declared : HOUR_BASES.find((basis) => basis === text);
  if (found !== undefined) return found;
  throw usage(`--hours ${JSON.stringify(text)} are no hours.`, `Write one of ${HOUR_BASES.join(', ')}.`);
}

function valuesOf(text: string | undefined): DecimalText[] {
  return (text?.split(',') ?? []).map((one) => {
    if (/^ *-?\d{1,15}(\.\d{1,12})? *$/.test(one)) return textOf(decimalOf(one.trim()));
    throw usage(`--at ${JSON.stringify(text)} is no list of numbers.`, 'Write 22 or 15,22.5.');
  });
}

function makeReport(
  steps: Iterable<RegressionReport | null>,
  hours: number,
  isQuiet: boolean,
): RegressionReport {
  const progress = createReadProgress('machines', isQuiet);
  let count = 0;
  try {
    for (const report of steps) {
      if (report !== null) return report;
      progress.show(Math.min(0.99, ++count / Math.max(1, hours)));
    }
  } finally {
    progress.end();
  }
  throw new Error('the steps end with a report');
}

/** As records are written: every number a decimal text, of computed ones six significant digits. */
function inTexts(value: unknown): unknown {
  if (typeof value === 'number') return significantText(value);
  if (Array.isArray(value)) return value.map(inTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inTexts(inner)]));
}

const usage = (message: string, cure: string) => new MillwattError('refuse', 'usage', message, { cure });

/** Names of the parameters that machines and models have, in the order of the alphabet. */
function parametersOf({ machines, footprint }: CollectorConfig): string[] {
  const all = [...machines.map(({ product }) => product), ...(footprint?.models ?? [])];
  return [...new Set(all.flatMap((product) => Object.keys(product?.parameters ?? {})))].sort();
}

function refuseWithout(parameters: readonly string[]): never {
  throw new MillwattError('refuse', 'usage', 'Nothing says over which parameter: --over is missing.', {
    cure:
      parameters.length === 0
        ? 'No machine has one: write it in the configuration, for example product: { parameters: { spindleKw: 22 } } under machines, then give --over spindleKw.'
        : `Give one of those that are declared: ${parameters.map((name) => `--over ${name}`).join(', ')}.`,
  });
}

import { basename, join } from 'node:path';
import type { PowerSamples } from '../../collector/energy/calibration/power-samples.ts';
import { readLedger } from '../../collector/ledger/read-ledger.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { silentLog } from '../../protocols/log.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { formatSpan } from '../format.ts';
import { readIsoTime } from '../iso-time.ts';
import { readSiteRange, type SiteClock } from '../site-clock.ts';
import type { Subject } from './calibrate-report.ts';
import { readCsvPower } from './csv-power.ts';
import { readLedgerPower } from './ledger-power.ts';
import { createReadProgress } from './read-progress.ts';

const HOUR_MS = 3_600_000;
/** A week shows working days and a weekend. */
const DEFAULT_SPAN_MS = 7 * 24 * HOUR_MS;

/** A day that an hour is missing of, for a restart or a lunch of the network, is a day. */
const ENOUGH_SHARE = 0.95;

/** What is calibrated from. */
export interface Readings {
  samples: PowerSamples;
  subject: Subject;
  source: string;
  zoneOffsetMin: number;
  /** What could not be read, as a sentence; empty where everything could. */
  leftOut: string;
}

/** Which readings are wanted, as the command line says it. */
export interface ReadingOptions {
  component?: string;
  from?: string;
  to?: string;
  timeColumn?: string;
  powerColumn?: string;
  unit?: string;
  json?: true;
}

/** Readings of a machine from the collector's ledger: the last week where no time is given. Throws errors of class `refuse`. */
export async function fromLedger(
  {
    machine,
    dataFolder,
    clock,
  }: { machine: { id: string; name?: string | undefined }; dataFolder: string; clock: SiteClock },
  options: ReadingOptions,
  signal: AbortSignal,
): Promise<Readings> {
  const component = options.component ?? 'supply';
  const { fromMs, toMs } = readSiteRange(options, clock, DEFAULT_SPAN_MS);
  const progress = createReadProgress(`reading the ledger of ${machine.id}`, options.json === true);
  const ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog });
  try {
    const { samples, unread, components } = await readLedgerPower(
      ledger,
      { machine: machine.id, component, fromMs, toMs },
      { signal, onProgress: (share) => progress.show(share) },
    );
    if (samples.timesMs.length === 0)
      throw new MillwattError(
        'refuse',
        'no-readings',
        `The ledger holds no power of ${machine.id} (${component}) in this time.`,
        {
          cure: cureOf(component, components),
        },
      );
    return {
      samples,
      subject: { name: machine.name ?? machine.id, what: `${component} power` },
      source: `ledger, ${component} power`,
      zoneOffsetMin: -new Date(toMs).getTimezoneOffset(),
      leftOut: sayLeftOut(unread, ['record of the ledger', 'records of the ledger'], 'that cannot be read'),
    };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw stopped();
  } finally {
    progress.end();
    ledger.close();
  }
}

/** What to do where a component has no power in the time asked for, and others may. */
function cureOf(component: string, components: readonly string[]): string {
  if (components.length === 0) return 'Give another time with --from and --to.';
  const others = components.join(', ');
  return component === 'supply'
    ? `In this time there is power of: ${others}. Look at one with --component ${components[0]}; states are told by supply power, which a meter has to measure.`
    : `In this time there is power of: ${others}. Choose one with --component.`;
}

/** Readings of a recording. Throws errors of class `refuse`. */
export function fromCsv(file: string, word: string | undefined, options: ReadingOptions): Readings {
  const {
    samples: all,
    powerColumn,
    skipped,
  } = readCsvPower({
    file,
    timeColumn: options.timeColumn,
    powerColumn: options.powerColumn,
    unit: options.unit,
  });
  const samples = cutSamples(all, {
    fromMs: options.from === undefined ? -Infinity : timeOf(options.from, '--from'),
    toMs: options.to === undefined ? Infinity : timeOf(options.to, '--to'),
  });
  if (samples.timesMs.length === 0)
    throw new MillwattError('refuse', 'no-readings', `${file} has no readings in this time.`, {
      cure: `It reaches from ${isoOf(all.timesMs[0]!)} to ${isoOf(all.timesMs[all.timesMs.length - 1]!)}.`,
    });
  return {
    samples,
    subject: { name: word ?? basename(file), what: powerColumn },
    source: `${basename(file)}, ${powerColumn}`,
    // Times without a zone were read as UTC, and are shown as they stand in the file.
    zoneOffsetMin: 0,
    leftOut: sayLeftOut(skipped, ['line', 'lines'], 'without a time or a number'),
  };
}

function sayLeftOut(count: number, [one, many]: [string, string], why: string): string {
  if (count === 0) return '';
  return `${count.toLocaleString('en')} ${count === 1 ? `${one} ${why} was` : `${many} ${why} were`} left out.`;
}

function cutSamples(samples: PowerSamples, { fromMs, toMs }: { fromMs: number; toMs: number }): PowerSamples {
  const isIn = (_: number, row: number) => samples.timesMs[row]! >= fromMs && samples.timesMs[row]! < toMs;
  const [timesMs, powersW, everyMs] = [samples.timesMs, samples.powersW, samples.everyMs].map((column) =>
    Array.from(column).filter(isIn),
  ) as [number[], number[], number[]];
  return { timesMs, powersW, everyMs };
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** What is thrown where a person has ended it. */
export function stopped(): MillwattError {
  return new MillwattError('refuse', 'stopped', 'Stopped; nothing was changed.');
}

/** Refuses less than so many hours of readings. */
export function refuseLittle(
  { timesMs, everyMs }: PowerSamples,
  hoursMin: number,
  machine: string | undefined,
): void {
  let measuredMs = 0;
  for (let row = 1; row < timesMs.length; row++) {
    const stepMs = timesMs[row]! - timesMs[row - 1]!;
    if (stepMs <= 2 * everyMs[row]!) measuredMs += stepMs;
  }
  if (measuredMs >= hoursMin * HOUR_MS * ENOUGH_SHARE) return;
  throw new MillwattError(
    'refuse',
    'too-little',
    `There are ${formatSpan(measuredMs)} of readings, and ${hoursMin === 24 ? 'a day is' : `${hoursMin} h are`} needed: what was not seen cannot be told apart.`,
    {
      cure: `Wait until there is a day and a night, or accept less: ${machine === undefined ? 'millwatt calibrate' : `millwatt calibrate ${machine}`} ... --hours-min ${Math.max(0.1, Math.floor((measuredMs / HOUR_MS) * 10) / 10)}`,
    },
  );
}

/** The time of a recording that an option gives, wall ms; throws an error of class `refuse` (code `usage`). */
function timeOf(text: string, option: string): number {
  const atMs = readIsoTime(text);
  if (atMs !== undefined) return atMs;
  throw usageError(
    `${option} ${JSON.stringify(text)} is not a time.`,
    'Write it as 2026-11-22 or 2026-11-22T06:30:00+01:00.',
  );
}

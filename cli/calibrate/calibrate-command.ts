import { existsSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { calibrate } from '../../collector/energy/calibration/calibrate.ts';
import type { PowerSamples } from '../../collector/energy/calibration/power-samples.ts';
import type { Proposal } from '../../collector/energy/calibration/proposal.ts';
import { readLedger } from '../../collector/ledger/read-ledger.ts';
import type { MachineConfig } from '../../config/collector-config.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { silentLog } from '../../protocols/log.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { chooseConfig } from '../config-argument.ts';
import { formatSpan } from '../format.ts';
import { readIsoTime } from '../iso-time.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { adoptProposal, type Adoption } from './adopt.ts';
import { drawProposal, type Subject } from './calibrate-report.ts';
import { drawSvg } from './calibration-svg.ts';
import { readCsvPower } from './csv-power.ts';
import { readLedgerPower } from './ledger-power.ts';
import { createReadProgress } from './read-progress.ts';
import { wrapLines } from '../text-wrap.ts';

const HOUR_MS = 3_600_000;
const DEFAULT_HOURS_MIN = 24;
const CONFIDENCE_LOW = 0.5;
/** A week shows working days and a weekend. */
const DEFAULT_SPAN_MS = 7 * 24 * HOUR_MS;
const EXAMPLE = 'millwatt calibrate mill-1 -c collector.yaml';

/** The options of `millwatt calibrate` as they are written. */
export interface CalibrateOptions {
  config?: string;
  component?: string;
  from?: string;
  to?: string;
  hoursMin?: string;
  csv?: string;
  timeColumn?: string;
  powerColumn?: string;
  unit?: string;
  plot?: string;
  credit?: string;
  adopt?: true;
  validFrom?: string;
  json?: true;
}

/** What is calibrated from. */
interface Readings {
  samples: PowerSamples;
  subject: Subject;
  source: string;
  zoneOffsetMin: number;
}

/** `millwatt calibrate`: proposes operating states by power from what a machine drew; adopts them where that is asked. */
export async function runCalibrate(word: string | undefined, options: CalibrateOptions): Promise<void> {
  const nowMs = Date.now();
  const machine =
    options.csv === undefined || options.config !== undefined ? machineOf(word, options) : undefined;
  if (options.adopt && machine === undefined)
    throw usageError(
      '--adopt needs the machine and its collector.',
      `${EXAMPLE} --csv recording.csv --adopt`,
    );
  if (options.adopt && (options.component ?? 'supply') !== 'supply')
    throw usageError(
      `Bands of ${options.component} cannot be adopted: states are told by supply power.`,
      'Leave --component or --adopt out.',
    );
  const validFromMs = options.validFrom === undefined ? undefined : timeOf(options.validFrom, '--valid-from');
  const signal = listenForStop();
  const readings =
    options.csv === undefined
      ? await fromLedger(machine!, options, nowMs, signal)
      : fromCsv(options.csv, word, options);
  const hoursMin = hoursMinOf(options);
  const { samples } = readings;
  refuseLittle(samples, hoursMin, machine?.machine.id);
  const known = machine?.machine;
  const result = calibrate(samples, {
    ratedPowerW: options.component === undefined ? (known?.ratedPower ?? null) : null,
    offBelowW: options.component === undefined ? (known?.offBelow ?? null) : null,
  });
  if ('refusal' in result) {
    const { code, message, cure } = result.refusal;
    throw new MillwattError('refuse', code, `${readings.subject.name}: ${message}`, { cure });
  }
  const { proposal } = result;
  // Whoever pressed Ctrl-C meanwhile wants nothing written.
  await setImmediate();
  if (signal.aborted) throw stopped();
  if (options.plot !== undefined) writePlot(options.plot, proposal, readings, options.credit);
  const adoption =
    options.adopt && machine !== undefined
      ? adoptProposal(proposal, { ...machine, source: readings.source, validFromMs, nowMs })
      : undefined;
  const width = widthOf();
  const lines = options.json
    ? [
        JSON.stringify(
          { ok: true, subject: readings.subject, proposal, ...(adoption === undefined ? {} : { adoption }) },
          null,
          2,
        ),
      ]
    : [
        ...drawProposal(proposal, readings.subject, width),
        '',
        ...(options.plot === undefined ? [] : [`The picture is in ${options.plot}.`]),
        ...lastLines(proposal, adoption, machine, options).flatMap((line) => wrapLines(line, width)),
      ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

interface ChosenMachine {
  machine: MachineConfig;
  folder: string;
  config: string;
  dataFolder: string;
}

function machineOf(word: string | undefined, options: CalibrateOptions): ChosenMachine {
  const chosen = chooseConfig(undefined, options.config, EXAMPLE);
  const { config, folder } = loadCollectorConfig(chosen.config);
  const ids = config.machines.map(({ id }) => id);
  const machine =
    word === undefined && ids.length === 1
      ? config.machines[0]
      : config.machines.find(({ id }) => id === word);
  if (machine === undefined)
    throw new MillwattError(
      'refuse',
      word === undefined ? 'usage' : 'no-machine',
      word === undefined
        ? 'Nothing says which machine.'
        : `${basename(chosen.config)} describes no machine ${word}.`,
      {
        cure:
          ids.length === 0
            ? 'Describe it there under machines, with its ratedPower.'
            : `Choose one of: ${ids.join(', ')}.`,
      },
    );
  return { machine, folder, config: chosen.config, dataFolder: resolve(folder, config.data) };
}

async function fromLedger(
  { machine, dataFolder }: ChosenMachine,
  options: CalibrateOptions,
  nowMs: number,
  signal: AbortSignal,
): Promise<Readings> {
  const component = options.component ?? 'supply';
  const toMs = options.to === undefined ? nowMs : timeOf(options.to, '--to');
  const fromMs = options.from === undefined ? toMs - DEFAULT_SPAN_MS : timeOf(options.from, '--from');
  if (fromMs >= toMs) throw usageError('--from is not before --to.', 'Exchange them.');
  const progress = createReadProgress(`reading the ledger of ${machine.id}`, options.json === true);
  const ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog });
  try {
    const samples = await readLedgerPower(
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
          cure: 'Give another time with --from and --to, or --component for one below the supply.',
        },
      );
    return {
      samples,
      subject: { name: machine.name ?? machine.id, what: `${component} power` },
      source: `ledger, ${component} power`,
      zoneOffsetMin: -new Date(toMs).getTimezoneOffset(),
    };
  } catch (error) {
    if (!signal.aborted) throw error;
    throw stopped();
  } finally {
    progress.end();
    ledger.close();
  }
}

function fromCsv(file: string, word: string | undefined, options: CalibrateOptions): Readings {
  const { samples: all, powerColumn } = readCsvPower({
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
  };
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

function stopped(): MillwattError {
  return new MillwattError('refuse', 'stopped', 'Stopped; nothing was changed.');
}

/** A recording is what it is; a ledger can wait until there is a day. */
function hoursMinOf({ hoursMin, csv }: CalibrateOptions): number {
  if (hoursMin === undefined) return csv === undefined ? DEFAULT_HOURS_MIN : 0;
  const hours = Number(hoursMin);
  if (Number.isFinite(hours) && hours >= 0 && hoursMin !== '') return hours;
  throw usageError(`--hours-min ${JSON.stringify(hoursMin)} is no number of hours.`, 'Write it as 8 or 0.5.');
}

function refuseLittle(
  { timesMs, everyMs }: PowerSamples,
  hoursMin: number,
  machine: string | undefined,
): void {
  let measuredMs = 0;
  for (let row = 1; row < timesMs.length; row++) {
    const stepMs = timesMs[row]! - timesMs[row - 1]!;
    if (stepMs <= 2 * everyMs[row]!) measuredMs += stepMs;
  }
  // A day whose first and last reading are a cycle short of it is a day.
  if (measuredMs >= hoursMin * HOUR_MS * 0.999) return;
  throw new MillwattError(
    'refuse',
    'too-little',
    `There are ${formatSpan(measuredMs)} of readings, and ${hoursMin} h are needed: what was not seen cannot be told apart.`,
    {
      cure: `Wait until there is a day and a night, or accept less: ${machine === undefined ? 'millwatt calibrate' : `millwatt calibrate ${machine}`} ... --hours-min ${Math.max(0.1, Math.floor((measuredMs / HOUR_MS) * 10) / 10)}`,
    },
  );
}

function writePlot(path: string, proposal: Proposal, readings: Readings, credit: string | undefined): void {
  const { samples, subject, zoneOffsetMin } = readings;
  try {
    writeFileSync(path, drawSvg(proposal, samples, { subject, zoneOffsetMin, credit }));
  } catch (cause) {
    throw new MillwattError('refuse', 'no-plot', `The picture ${path} cannot be written.`, {
      cure: 'Give a path in a folder that is there: --plot mill-1.svg',
      cause,
    });
  }
}

function lastLines(
  proposal: Proposal,
  adoption: Adoption | undefined,
  machine: ChosenMachine | undefined,
  { csv }: CalibrateOptions,
): string[] {
  if (adoption !== undefined)
    return [
      ...(proposal.confidence < CONFIDENCE_LOW
        ? [
            'The confidence is low: look at the states for a while, and calibrate again when there is more to see.',
          ]
        : []),
      `Adopted as version ${adoption.version} in ${adoption.file}, valid from ${adoption.validFrom}.`,
      ...adoption.next,
    ];
  if (machine === undefined) return [];
  const file = machine.machine.calibration ?? `${machine.machine.id}.calibration.yaml`;
  const isNext = existsSync(resolve(machine.folder, file));
  return [
    `Nothing was changed. To adopt it ${isNext ? 'as the next version' : 'as version 1'} in ${file}: millwatt calibrate ${machine.machine.id} -c ${machine.config}${csv === undefined ? '' : ` --csv ${csv}`} --adopt`,
  ];
}

function timeOf(text: string, option: string): number {
  const atMs = readIsoTime(text);
  if (atMs !== undefined) return atMs;
  throw usageError(
    `${option} ${JSON.stringify(text)} is not a time.`,
    'Write it as 2026-11-22 or 2026-11-22T06:30:00+01:00.',
  );
}

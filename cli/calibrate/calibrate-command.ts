import { existsSync, writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { calibrateInSteps, type Calibration } from '../../collector/energy/calibration/calibrate.ts';
import type { Proposal } from '../../collector/energy/calibration/proposal.ts';
import type { MachineConfig } from '../../config/collector-config.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { describeFileFault, MillwattError } from '../../protocols/errors.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { chooseConfig } from '../config-argument.ts';
import { readZonedTime } from '../iso-time.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { takeSiteClock, type SiteClock } from '../site-clock.ts';
import { adoptProposal, type Adoption } from './adopt.ts';
import {
  fromCsv,
  fromLedger,
  refuseLittle,
  stopped,
  type ReadingOptions,
  type Readings,
} from './calibrate-readings.ts';
import { drawProposal } from './calibrate-report.ts';
import { drawSvg } from './calibration-svg.ts';
import { compactJson } from '../compact-json.ts';
import { wrapLines } from '../text-wrap.ts';
import { createReadProgress } from './read-progress.ts';
import { shellWord } from '../../protocols/shell-word.ts';

const DEFAULT_HOURS_MIN = 24;
const CONFIDENCE_LOW = 0.5;
const EXAMPLE = 'millwatt calibrate mill-1 -c collector.yaml';

/** The options of `millwatt calibrate` as they are written. */
export interface CalibrateOptions extends ReadingOptions {
  config?: string;
  hoursMin?: string;
  csv?: string;
  plot?: string;
  credit?: string;
  adopt?: true;
  validFrom?: string;
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
  const validFromMs = options.validFrom === undefined ? undefined : validFromOf(options.validFrom);
  const signal = listenForStop();
  const readings =
    options.csv === undefined
      ? await fromLedger(machine!, options, signal)
      : fromCsv(options.csv, word, options);
  const hoursMin = hoursMinOf(options);
  const { samples } = readings;
  refuseLittle(samples, hoursMin, machine?.machine.id);
  const known = machine?.machine;
  const result = await calibrateInTurns(
    calibrateInSteps(samples, {
      ratedPowerW: options.component === undefined ? (known?.ratedPower ?? null) : null,
      offBelowW: options.component === undefined ? (known?.offBelow ?? null) : null,
    }),
    createReadProgress(`finding the states of ${readings.subject.name}`, options.json === true),
    signal,
  );
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
        compactJson({
          ok: true,
          subject: readings.subject,
          leftOut: readings.leftOut,
          proposal,
          ...(adoption === undefined ? {} : { adoption }),
        }),
      ]
    : [
        ...drawProposal(proposal, readings.subject, width),
        '',
        ...(options.csv === undefined && machine !== undefined ? wrapLines(machine.clock.saying, width) : []),
        ...(readings.leftOut === '' ? [] : wrapLines(readings.leftOut, width)),
        ...(options.plot === undefined ? [] : [`The picture is in ${options.plot}.`]),
        ...lastLines(proposal, adoption, machine, options).flatMap((line) => wrapLines(line, width)),
      ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Computes a calibration with a bar, and a turn for Ctrl-C between its steps. */
export async function calibrateInTurns(
  steps: Generator<number, Calibration, void>,
  progress: Pick<ReturnType<typeof createReadProgress>, 'show' | 'end'>,
  signal: AbortSignal,
): Promise<Calibration> {
  try {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      progress.show(step.value);
      await setImmediate();
      if (signal.aborted) throw stopped();
    }
  } finally {
    progress.end();
  }
}

interface ChosenMachine {
  machine: MachineConfig;
  folder: string;
  config: string;
  dataFolder: string;
  clock: SiteClock;
}

function machineOf(word: string | undefined, options: CalibrateOptions): ChosenMachine {
  const chosen = chooseConfig(undefined, options.config, EXAMPLE);
  const { config, folder } = loadCollectorConfig(chosen.config);
  const clock = takeSiteClock(config);
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
  return { machine, folder, config: chosen.config, dataFolder: resolve(folder, config.data), clock };
}

/** What is written into a file for good says its zone. */
function validFromOf(text: string): number {
  const read = readZonedTime(text, '--valid-from');
  if (typeof read === 'number') return read;
  throw usageError(read.fault, read.cure);
}

/** A recording is what it is; a ledger can wait until there is a day. */
function hoursMinOf({ hoursMin, csv }: CalibrateOptions): number {
  if (hoursMin === undefined) return csv === undefined ? DEFAULT_HOURS_MIN : 0;
  const hours = Number(hoursMin);
  if (Number.isFinite(hours) && hours >= 0 && hoursMin !== '') return hours;
  throw usageError(`--hours-min ${JSON.stringify(hoursMin)} is no number of hours.`, 'Write it as 8 or 0.5.');
}

function writePlot(path: string, proposal: Proposal, readings: Readings, credit: string | undefined): void {
  const { samples, subject, zoneOffsetMin } = readings;
  try {
    writeFileSync(path, drawSvg(proposal, samples, { subject, zoneOffsetMin, credit }));
  } catch (cause) {
    throw new MillwattError(
      'refuse',
      'no-plot',
      `The picture ${path} cannot be written: ${describeFileFault(cause)}.`,
      {
        cure: 'Give a path in a folder that is there: --plot mill-1.svg',
        cause,
      },
    );
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
    `Nothing was changed. To adopt it ${isNext ? 'as the next version' : 'as version 1'} in ${file}: millwatt calibrate ${machine.machine.id} -c ${shellWord(machine.config)}${csv === undefined ? '' : ` --csv ${shellWord(csv)}`} --adopt`,
  ];
}

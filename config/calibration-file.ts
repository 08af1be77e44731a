import { chmodSync, closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs';
import { writeDurably } from '../protocols/durable-file.ts';
import { MillwattError } from '../protocols/errors.ts';
import type { OperatingState } from '../protocols/telemetry/operating-state.ts';
import { watts, type Watts } from '../protocols/telemetry/unit.ts';
import {
  checkCalibration,
  renderHead,
  renderVersion,
  startOf,
  type CalibrationFile,
  type NewVersion,
} from './calibration-text.ts';
import { formatFinding } from './finding.ts';
import { readConfigText } from './load.ts';

const FILE_MODE = 0o644;

/** The bands of one version: what the derivation calls a band set. */
export interface AdoptedBands {
  version: number;
  /** Wall ms; -Infinity for `always`. */
  fromMs: number;
  bands: { state: OperatingState; belowW: Watts | null }[];
  hysteresis: number;
  dwellMs: number;
}

/** The bands that a calibration file holds, in order of time; throws an error of class `refuse` (code `bad-calibration` or `no-config`). */
export function readCalibration(path: string, machine?: string): AdoptedBands[] {
  const file = loadCalibration(path);
  if (machine !== undefined && file.machine !== machine)
    throw new MillwattError(
      'refuse',
      'bad-calibration',
      `${path} holds the calibration of ${file.machine}, not of ${machine}.`,
      {
        cure: `Give ${machine} a file of its own: millwatt calibrate ${machine} -c collector.yaml --adopt`,
      },
    );
  return file.versions.map(({ version: number, validFrom, bands, hysteresis, dwell }) => ({
    version: number,
    fromMs: startOf(validFrom),
    bands: bands.map(({ state, below }) => ({ state, belowW: below === undefined ? null : watts(below) })),
    hysteresis,
    dwellMs: dwell,
  }));
}

/** A calibration file; throws an error of class `refuse` (code `bad-calibration`) that lists every finding with its line. */
export function loadCalibration(path: string): CalibrationFile {
  const { file, findings } = checkCalibration(readConfigText(path), path);
  if (file !== undefined) return file;
  throw new MillwattError(
    'refuse',
    'bad-calibration',
    [`${path} cannot be used as a calibration:`, ...findings.map(formatFinding)].join('\n'),
    { cure: 'Correct the lines above, or restore the file as millwatt calibrate --adopt wrote it.' },
  );
}

/**
 * Appends a version to a machine's calibration file, or makes the file. What is written there stays as it is, byte for
 * byte; the file is replaced whole or not at all. Returns the number of the version.
 * Throws errors of class `refuse`: `bad-calibration` where the file is of another machine or damaged, or where the version
 * would begin before the one before it; `busy` where another adoption into this file goes on just now.
 */
export function appendVersion(path: string, machine: string, added: NewVersion): number {
  const unlock = lock(path);
  try {
    return appendLocked(path, machine, added);
  } finally {
    unlock();
  }
}

/** Makes a file that only one can make; what it returns takes it away. */
function lock(path: string): () => void {
  const mark = `${path}.lock`;
  try {
    closeSync(openSync(mark, 'wx', 0o600));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new MillwattError('refuse', 'busy', `Another calibration is being adopted into ${path}.`, {
      cure: `Try again in a moment, and look at what was adopted. Where nobody adopts one, an adoption was broken off: delete ${mark}.`,
      cause,
    });
  }
  return () => rmSync(mark, { force: true });
}

function appendLocked(path: string, machine: string, added: NewVersion): number {
  const isThere = existsSync(path);
  const before = isThere ? readConfigText(path) : renderHead(machine);
  const known = isThere ? loadCalibration(path) : { machine, versions: [] };
  if (known.machine !== machine)
    throw new MillwattError(
      'refuse',
      'bad-calibration',
      `${path} holds the calibration of ${known.machine}, not of ${machine}.`,
      {
        cure: 'Give the machine a file of its own, or adopt for the other machine.',
      },
    );
  const number = known.versions.length + 1;
  const text = `${before.replace(/\n*$/, '\n')}${renderVersion(number, added)}`;
  const { file, findings } = checkCalibration(text, path);
  if (file === undefined)
    throw new MillwattError(
      'refuse',
      'bad-calibration',
      [`Version ${number} would not stand in ${path}:`, ...findings.map(formatFinding)].join('\n'),
      { cure: findings[0]?.cure ?? 'Look at the end of the file: the versions must stand last.' },
    );
  const mode = isThere ? statSync(path).mode & 0o777 : FILE_MODE;
  writeDurably(path, text);
  // It holds no secret, and the service that reads it may run as another user than who adopted it.
  chmodSync(path, mode);
  return number;
}

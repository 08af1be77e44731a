import { z } from 'zod';
import { OPERATING_STATES, type OperatingState } from '../protocols/telemetry/operating-state.ts';
import type { Finding, Remark } from './finding.ts';
import { remarkOnIssues } from './issue-remarks.ts';
import { DELAY_MS_MAX } from './machine-checks.ts';
import { placeRemarks, toFindings } from './placed-findings.ts';
import { duration, levelId, power } from './scalars.ts';
import { parseYamlText } from './yaml-text.ts';

const TIME_WORDS = 'an ISO 8601 time with its zone, such as 2026-11-22T06:30:00Z';

const time = z.iso.datetime({ offset: true, error: TIME_WORDS });

const version = z.strictObject({
  version: z.int().min(1).describe('1, 2, 3 ...; one more than the one before it.'),
  validFrom: z
    .union([z.literal('always'), time], `always, or ${TIME_WORDS}`)
    .describe('From when the bands hold; `always` for the time before as well.'),
  bands: z
    .array(z.strictObject({ state: z.enum(OPERATING_STATES), below: power.optional() }))
    .min(1)
    .describe('States by supply power, lowest first; the last has no upper bound.'),
  hysteresis: z.number().min(0).max(0.5).describe('Share by which power must pass a boundary.'),
  dwell: duration.describe('How long it must stay beyond it.'),
  adopted: z.strictObject({ at: time, by: z.string().max(120) }).describe('Who adopted it, and when.'),
  basis: z
    .strictObject({
      source: z.string().max(400).describe('What the readings came from.'),
      from: time,
      to: time,
      measured: duration.describe('Time that readings speak for.'),
      samples: z.int().min(1),
      confidence: z.number().min(0).max(1),
      method: z.int().min(1).describe('Version of the method.'),
    })
    .describe('What it rests on.'),
});

const calibrationFile = z.strictObject({
  machine: levelId.describe('The machine whose supply power it is.'),
  versions: z.array(version).min(1),
});

/** A machine's adopted calibrations as they are written. Powers are W, spans ms. */
export type CalibrationFile = z.output<typeof calibrationFile>;

/** Checks the text of a calibration file. Never throws; `file` is there only where nothing is wrong. */
export function checkCalibration(
  text: string,
  path: string,
): { file?: CalibrationFile; findings: Finding[] } {
  const yaml = parseYamlText(text);
  if (yaml.remarks.length > 0) return { findings: toFindings(yaml.remarks, path) };
  const parsed = calibrationFile.safeParse(yaml.value ?? {}, { reportInput: true });
  const remarks = parsed.success
    ? remarkOnVersions(parsed.data)
    : remarkOnIssues(parsed.error.issues, calibrationFile, yaml.value ?? {});
  const findings = toFindings(placeRemarks(remarks, yaml), path);
  return parsed.success && findings.length === 0 ? { file: parsed.data, findings } : { findings };
}

/** What one adoption adds to a file. */
export type NewVersion = Omit<CalibrationFile['versions'][number], 'version'>;

/** The first lines of a machine's calibration file; versions follow. */
export function renderHead(machine: string): string {
  return [
    `# Calibrated operating states of ${machine}, adopted with: millwatt calibrate ${machine} --adopt`,
    '# Each version holds from its validFrom until the next. Adopt a new one rather than change one: hours of the past',
    '# rest on it.',
    `machine: ${machine}`,
    'versions:',
    '',
  ].join('\n');
}

/** A version as it is written at the end of a file. */
export function renderVersion(number: number, added: NewVersion): string {
  const { validFrom, bands, hysteresis, dwell, adopted, basis } = added;
  return [
    `  - version: ${number}`,
    `    validFrom: ${validFrom}`,
    '    bands:',
    ...renderBands(bands).map((line) => `      ${line}`),
    `    hysteresis: ${hysteresis}`,
    `    dwell: ${writeSpan(dwell)}`,
    `    adopted: { at: ${adopted.at}, by: ${JSON.stringify(adopted.by)} }`,
    '    basis:',
    `      source: ${JSON.stringify(basis.source)}`,
    `      from: ${basis.from}`,
    `      to: ${basis.to}`,
    `      measured: ${writeSpan(basis.measured)}`,
    `      samples: ${basis.samples}`,
    `      confidence: ${Number(basis.confidence.toFixed(2))}`,
    `      method: ${basis.method}`,
    '',
  ].join('\n');
}

/** Bands as YAML list items, one a line: `- { state: off, below: 120W }`. Powers are W. */
export function renderBands(
  bands: readonly { state: OperatingState; below?: number | undefined }[],
): string[] {
  return bands.map(({ state, below }) =>
    below === undefined ? `- { state: ${state} }` : `- { state: ${state}, below: ${writePower(below)} }`,
  );
}

/** `120W`, `2.9kW`, `218mW`: what `power` of a configuration reads back as the same number. */
export function writePower(powerW: number): string {
  const [factor, unit] = powerW >= 1000 ? [1000, 'kW'] : powerW < 1 ? [0.001, 'mW'] : [1, 'W'];
  return `${Number((powerW / factor).toFixed(6))}${unit}`;
}

/** `1500ms`, `2s`, `24h`, to the ms below a minute and to the second above. */
export function writeSpan(spanMs: number): string {
  if (spanMs < 60_000) return spanMs % 1000 === 0 && spanMs > 0 ? `${spanMs / 1000}s` : `${spanMs}ms`;
  return `${Math.round(spanMs / 1000)}s`;
}

function remarkOnVersions({ versions }: CalibrationFile): Remark[] {
  return versions.flatMap(({ version: number, validFrom, bands, dwell }, index): Remark[] => {
    const at = ['versions', index];
    const remarks: Remark[] = [];
    const add = (path: (string | number)[], message: string, cure: string) =>
      remarks.push({ severity: 'error', path: [...at, ...path], message, cure });
    if (number !== index + 1)
      add(
        ['version'],
        `is ${number}, where version ${index + 1} is due.`,
        'Restore the file: versions count 1, 2, 3 ... and none is taken away.',
      );
    const before = versions[index - 1];
    if (before !== undefined && startOf(validFrom) <= startOf(before.validFrom))
      add(
        ['validFrom'],
        `version ${number} does not begin after version ${before.version} (${before.validFrom}).`,
        'Let it hold from a later time: --valid-from 2026-11-22T06:30:00Z',
      );
    if (dwell > DELAY_MS_MAX)
      add(
        ['dwell'],
        'is longer than 10min: states would be told later than hours are made final.',
        'Write a few seconds, such as 3s.',
      );
    bands.forEach((band, place) => {
      const isLast = place === bands.length - 1;
      if (isLast !== (band.below === undefined))
        add(
          ['bands', place],
          isLast
            ? 'is the last band and has an upper bound.'
            : 'has no upper bound, so that the bands after it are never reached.',
          isLast ? 'Take below away.' : 'Add below, or put it last.',
        );
      const floorW = bands[place - 1]?.below ?? 0;
      if (band.below !== undefined && band.below <= floorW)
        add(
          ['bands', place, 'below'],
          `${band.below} W is not above the band before it (${floorW} W).`,
          'Write the bands from the lowest power to the highest.',
        );
    });
    return remarks;
  });
}

/** Wall ms from which a version holds; -Infinity for `always`. */
export function startOf(validFrom: string): number {
  return validFrom === 'always' ? -Infinity : Date.parse(validFrom);
}

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendVersion, readCalibration } from '../../config/calibration-file.ts';
import { checkCalibration, writePower, writeSpan, type NewVersion } from '../../config/calibration-text.ts';
import { checkConfig } from '../../config/check.ts';
import { duration, power } from '../../config/scalars.ts';

const FIRST: NewVersion = {
  validFrom: 'always',
  bands: [{ state: 'off', below: 120 }, { state: 'ready', below: 2900 }, { state: 'processing' }],
  hysteresis: 0.05,
  dwell: 1500,
  adopted: { at: '2026-11-22T06:30:00.000Z', by: 'anna' },
  basis: {
    source: 'ledger, supply',
    from: '2026-11-21T06:00:00.000Z',
    to: '2026-11-22T06:00:00.000Z',
    measured: 86_400_000,
    samples: 86_400,
    confidence: 0.7,
    method: 1,
  },
};
const SECOND: NewVersion = { ...FIRST, validFrom: '2026-12-01T00:00:00.000Z', hysteresis: 0.1, dwell: 0 };

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millwatt-calibration-'));
  path = join(folder, 'mill-1.bands.yaml');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a calibration file', () => {
  it('takes one adoption at a time: another one meanwhile is told, and loses nothing', () => {
    writeFileSync(`${path}.lock`, '');
    expect(() => appendVersion(path, 'mill-1', FIRST)).toThrow(/being adopted/);
    expect(existsSync(path)).toBe(false);
    rmSync(`${path}.lock`);
    expect(appendVersion(path, 'mill-1', FIRST)).toBe(1);
    expect(() => appendVersion(path, 'mill-1', FIRST)).toThrow(/Version 2/);
    // Neither leaves it locked.
    expect(appendVersion(path, 'mill-1', SECOND)).toBe(2);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('is made by the first version and read back as bands', () => {
    expect(appendVersion(path, 'mill-1', FIRST)).toBe(1);
    expect(readCalibration(path, 'mill-1')).toEqual([
      {
        version: 1,
        fromMs: -Infinity,
        bands: [
          { state: 'off', belowW: 120 },
          { state: 'ready', belowW: 2900 },
          { state: 'processing', belowW: null },
        ],
        hysteresis: 0.05,
        dwellMs: 1500,
      },
    ]);
    // The service that reads it may be another user.
    expect(statSync(path).mode & 0o777).toBe(0o644);
  });

  it('keeps what stands in it byte for byte when a version is added', () => {
    appendVersion(path, 'mill-1', FIRST);
    writeFileSync(path, `${readFileSync(path, 'utf8')}  # Looked at with Bernd on Monday.\n`);
    const before = readFileSync(path, 'utf8');
    expect(appendVersion(path, 'mill-1', SECOND)).toBe(2);
    expect(readFileSync(path, 'utf8').startsWith(before)).toBe(true);
    const bands = readCalibration(path);
    expect(bands.map(({ version, fromMs }) => [version, fromMs])).toEqual([
      [1, -Infinity],
      [2, Date.UTC(2026, 11, 1)],
    ]);
    expect(bands[1]?.dwellMs).toBe(0);
  });

  it('refuses a version that begins before the last one, and changes nothing', () => {
    appendVersion(path, 'mill-1', FIRST);
    appendVersion(path, 'mill-1', SECOND);
    const before = readFileSync(path, 'utf8');
    expect(() => appendVersion(path, 'mill-1', { ...SECOND, validFrom: '2026-11-30T00:00:00Z' })).toThrow(
      /does not begin after version 2/,
    );
    expect(() => appendVersion(path, 'lathe-2', SECOND)).toThrow(/holds the calibration of mill-1/);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('refuses a dwell after which hours would have been final', () => {
    expect(() => appendVersion(path, 'mill-1', { ...FIRST, dwell: 600_000 })).not.toThrow();
    expect(() => appendVersion(path, 'mill-1', { ...SECOND, dwell: 601_000 })).toThrow('longer than 10min');
    expect(readCalibration(path)).toHaveLength(1);
  });

  it('refuses a file of another machine, with a cure', () => {
    appendVersion(path, 'mill-1', FIRST);
    expect(() => readCalibration(path, 'lathe-2')).toThrow(/calibration of mill-1, not of lathe-2/);
  });

  it('names file, line and cure of what is wrong', () => {
    appendVersion(path, 'mill-1', FIRST);
    const text = readFileSync(path, 'utf8');
    const findingsOf = (from: string, to: string) =>
      checkCalibration(text.replace(from, to), 'mill-1.bands.yaml').findings.map(
        ({ line, path: at, message }) => `${line} ${at} ${message}`,
      );
    expect(findingsOf('version: 1', 'version: 3')).toEqual([
      '6 versions[0].version is 3, where version 1 is due.',
    ]);
    expect(findingsOf('below: 2.9kW', 'below: 90W')).toEqual([
      '10 versions[0].bands[1].below 90 W is not above the band before it (120 W).',
    ]);
    expect(findingsOf(', below: 2.9kW', '')[0]).toContain('has no upper bound');
    expect(findingsOf('state: ready', 'state: redy')[0]).toContain('10 versions[0].bands[1].state');
    expect(findingsOf('hysteresis: 0.05', 'hysteresis: 5')[0]).toContain('hysteresis');
    expect(findingsOf('validFrom: always', 'validFrom: 2026-13-01')[0]).toContain('validFrom');
    expect(checkCalibration('', 'x.yaml').findings).not.toEqual([]);
    expect(checkCalibration('versions: [', 'x.yaml').findings).not.toEqual([]);
  });
});

describe('a collector that names a calibration', () => {
  const findings = (calibration: string) => {
    const file = join(folder, 'collector.yaml');
    const text = `site: hall\nbroker: { url: mqtt://127.0.0.1 }\nmachines:\n  - id: mill-1\n    ratedPower: 15kW\n    calibration: ${calibration}\n`;
    return checkConfig(text, file, 'collector').findings;
  };
  const cureOf = (calibration: string) => findings(calibration)[0]?.cure;
  const check = (calibration: string) =>
    findings(calibration).map(({ line, path: at, message }) => `${line} ${at} ${message}`);

  it('is told of a file that is missing, faulty or of another machine', () => {
    expect(check('mill-1.bands.yaml')).toEqual([
      '6 machines[0].calibration the file mill-1.bands.yaml is not there.',
    ]);
    // No command takes a configuration with that line in it: the cure must not be one that is refused in turn.
    expect(cureOf('mill-1.bands.yaml')).toMatch(/take the line away and make one: millwatt calibrate mill-1/);
    appendVersion(path, 'mill-1', FIRST);
    expect(check('mill-1.bands.yaml')).toEqual([]);
    writeFileSync(path, readFileSync(path, 'utf8').replace('version: 1', 'version: 3'));
    expect(check('mill-1.bands.yaml')).toEqual([
      '6 machines[0].calibration mill-1.bands.yaml:6: versions[0].version: is 3, where version 1 is due.',
    ]);
    appendVersion(join(folder, 'other.yaml'), 'lathe-2', FIRST);
    expect(check('other.yaml')).toEqual([
      '6 machines[0].calibration other.yaml is the calibration of lathe-2.',
    ]);
  });
});

describe('what is written', () => {
  it.each([120, 2900, 9.9, 0.218, 0.0123, 1_234_567])('%d W reads back as the same power', (powerW) => {
    expect(power.parse(writePower(powerW))).toBeCloseTo(powerW, 6);
  });

  it.each([0, 100, 1500, 2000, 60_000, 86_400_000])('%d ms reads back as the same span', (spanMs) => {
    expect(duration.parse(writeSpan(spanMs))).toBe(spanMs);
  });
});

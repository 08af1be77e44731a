import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { PowerSamples } from '../../../../collector/energy/calibration/power-samples.ts';
import { sharedFile } from '../../../support/shared-files.ts';

/** Recordings of real machines, beside the project; they are not part of it. */
export const MICHIGAN = sharedFile('data/cnc-mill-michigan');
export const NTUST = sharedFile('data/cnc-power-ntust/data.csv');

/** One row of the Michigan recording. */
export interface MichiganRow {
  experiment: string;
  /** 0-based, without the header. */
  row: number;
  powerW: number;
  /** What the control commanded, the truth. */
  isRunning: boolean;
}

/** All rows of the 18 experiments in order: 10 Hz, spindle power in kW; one file ends its lines as old Macs did. */
export function readMichigan(): MichiganRow[] {
  return readdirSync(MICHIGAN)
    .filter((name) => /^experiment_\d\d\.csv\.gz$/.test(name))
    .sort()
    .flatMap((name) => {
      const rows = parseCsv(gunzipSync(readFileSync(join(MICHIGAN, name))).toString('utf8'));
      return rows.map((cells, row) => ({
        experiment: name.slice(0, 13),
        row,
        powerW: Number(cells['S1_OutputPower']) * 1000,
        isRunning: Number(cells['S1_CommandVelocity']) > 5,
      }));
    });
}

/** The rows as readings: 100 ms apart, and a minute between experiments. */
export function samplesOf(rows: readonly MichiganRow[]): PowerSamples {
  let atMs = 0;
  return {
    timesMs: rows.map(({ experiment }, index) => {
      atMs += rows[index - 1]?.experiment === experiment ? 100 : 60_000;
      return atMs;
    }),
    powersW: rows.map(({ powerW }) => powerW),
    everyMs: rows.map(() => 100),
  };
}

/** A column of the NTUST recording, kW, as readings: nominally one a second, with gaps of hours. */
export function readNtust(column: 'kW_machine' | 'kW_spindle'): PowerSamples {
  const rows = parseCsv(readFileSync(NTUST, 'utf8'));
  return {
    timesMs: rows.map((cells) => Date.parse(`${cells['time']?.replace(' ', 'T')}Z`)),
    powersW: rows.map((cells) => Number(cells[column]) * 1000),
    everyMs: rows.map(() => 1000),
  };
}

function parseCsv(text: string): Record<string, string>[] {
  const [header = '', ...lines] = text.trim().split(/\r\n|\r|\n/);
  const names = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, index) => [names[index], cell])));
}

import { resolve } from 'node:path';
import { checkCalibration } from './calibration-text.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { ownValue } from './salvage.ts';
import type { Surroundings } from './surroundings.ts';

/** The calibration files that machines name are there, of the right machine and sound. */
export function checkCalibrations(
  machines: readonly unknown[],
  folder: string,
  world: Pick<Surroundings, 'stat' | 'readText'>,
): Remark[] {
  return machines.flatMap((raw, index): Remark[] => {
    const name = ownValue(raw, 'calibration');
    const id = ownValue(raw, 'id');
    if (typeof name !== 'string' || typeof id !== 'string') return [];
    const at: ConfigPath = ['machines', index, 'calibration'];
    const error = (message: string, cure: string): Remark[] => [
      { severity: 'error', path: at, message, cure },
    ];
    const path = resolve(folder, name);
    const state = world.stat(path);
    if (state === 'missing')
      return error(
        `the file ${name} is not there.`,
        `Restore it; or take the line away and make one: millwatt calibrate ${id} -c collector.yaml --adopt`,
      );
    const text = state === 'hidden' ? undefined : world.readText?.(path);
    if (text === undefined) return [];
    const { file, findings } = checkCalibration(text, name);
    const [first] = findings;
    if (first !== undefined)
      return error(
        `${name}:${first.line}: ${first.path === '' ? '' : `${first.path}: `}${first.message}`,
        first.cure,
      );
    return file === undefined || file.machine === id
      ? []
      : error(`${name} is the calibration of ${file.machine}.`, `Give ${id} a file of its own.`);
  });
}

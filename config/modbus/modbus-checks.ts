import { MillwattError } from '../../protocols/errors.ts';
import { pointName, type DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { isId } from '../../protocols/telemetry/ids.ts';
import { checkTlsFiles } from '../file-checks.ts';
import type { ConfigPath, Remark } from '../finding.ts';
import { chooseCure } from '../issue-remarks.ts';
import type { ModbusSourceConfig } from './modbus-config.ts';
import { checkModbusValues } from './modbus-value-checks.ts';
import { findNearest } from '../nearest.ts';
import { plainPoint, slowerId } from './read-groups.ts';
import type { ModbusDraft } from '../source-draft.ts';
import type { Surroundings } from '../surroundings.ts';

/** A profile that is there and can read what is asked, groups that make sense, values that fit the device, files that are there. */
export function checkModbusSource(draft: ModbusDraft, folder: string, world: Surroundings): Remark[] {
  const { value: source, index } = draft;
  const at = ['sources', index];
  const profile = world.profileOf(source.profile);
  return [
    ...checkProfileId(source.profile, [...at, 'profile'], world),
    ...checkSlower(source, at),
    ...checkTransformers(source, at),
    ...(profile instanceof MillwattError
      ? []
      : [...checkPoints(source, profile, at), ...checkModbusValues(draft, profile, at)]),
    ...(source.protocol === 'modbus-tcp' && source.tls !== undefined
      ? checkTlsFiles([...at, 'tls'], source.tls, folder, world)
      : []),
  ];
}

function checkPoints(source: ModbusSourceConfig, profile: DeviceProfile, at: ConfigPath): Remark[] {
  const points = [...profile.points.map(pointName), ...profile.statuses.map(({ status }) => status)];
  // With importOnly the sum of import and export is known as the import.
  const known = source.importOnly ? [...points, ...points.map(asImport)] : points;
  const check = (names: readonly string[], path: ConfigPath) =>
    names.flatMap((written, index): Remark[] => {
      const name = plainPoint(written);
      if (known.includes(name)) return [];
      return [
        {
          severity: 'error',
          path: [...path, index],
          message: `the profile ${source.profile} does not have ${name}.`,
          cure: curePoint(name, profile, points),
        },
      ];
    });
  return [
    ...check(source.read ?? [], [...at, 'read']),
    ...(source.slower ?? []).flatMap(({ read }, index) => check(read, [...at, 'slower', index, 'read'])),
  ];
}

/** What to read instead; who looks for a status word is told of those, and none among many values. */
function curePoint(name: string, { statuses }: DeviceProfile, points: readonly string[]): string {
  if (!/stat(us|e)|word/i.test(name)) return chooseCure(name, points);
  if (statuses.length === 0) return `It has no status word. ${chooseCure(name, points)}`;
  const words = statuses.map(({ status, vocabulary }) => `${status} (${vocabulary})`);
  return `What the device says of itself is read as: ${words.join(', ')}.`;
}

function asImport(name: string): string {
  return name.replace('activeEnergySum', 'activeEnergyImport');
}

/** A slower group is slower, has a pace of its own, and gives an id that can be used. */
function checkSlower(source: ModbusSourceConfig, at: ConfigPath): Remark[] {
  const groups = source.slower ?? [];
  return groups.flatMap(({ every }, index): Remark[] => {
    const path = [...at, 'slower', index, 'every'];
    const error = (message: string, cure: string): Remark[] => [{ severity: 'error', path, message, cure }];
    const id = slowerId(source.id, every);
    if (every <= source.every)
      return error(
        `is not slower than the source itself (${source.every} ms).`,
        'Write a longer time, or list these points under read.',
      );
    if (every > EVERY_MS_MAX)
      return error(
        'is longer than an hour, so that machine-hours could not be told apart.',
        'Write at most 1h.',
      );
    if (groups.findIndex((other) => other.every === every) < index)
      return error('another slower group has the same pace.', 'Put the points of both into one list.');
    const isUsable: boolean = isId(id);
    if (!isUsable)
      return error(
        `"${id}" would be the id of this group, and is too long.`,
        'Give the source a shorter id.',
      );
    return [];
  });
}

const EVERY_MS_MAX = 3_600_000;

function checkTransformers(source: ModbusSourceConfig, at: ConfigPath): Remark[] {
  return (['ct', 'vt'] as const).flatMap((key): Remark[] => {
    const ratio = source[key];
    if (ratio === undefined || ratio.primary >= ratio.secondary) return [];
    return [
      {
        severity: 'error',
        path: [...at, key],
        message: `the primary (${ratio.primary}) is smaller than the secondary (${ratio.secondary}).`,
        cure: 'Swap the two: the primary is the side of the machine.',
      },
    ];
  });
}

/** A remark where there is no usable device profile of this id: with the nearest one that there is, or what is wrong with its file. */
export function checkProfileId(id: string, path: ConfigPath, world: Surroundings): Remark[] {
  const profile = world.profileOf(id);
  if (!(profile instanceof MillwattError)) return [];
  const error = (message: string, cure: string): Remark[] => [{ severity: 'error', path, message, cure }];
  if (profile.code === 'misplaced-profile') return error(profile.message, profile.cure);
  const ids = world.profileIds();
  const [base = id] = id.split(':');
  if (ids.includes(base)) {
    const whole = base === id ? profile : world.profileOf(base);
    if (whole instanceof MillwattError) return error(whole.message, whole.cure);
    const variants = whole.variants.map((name) => `${base}:${name}`);
    return error(
      `the profile ${base} has no variant "${id.slice(base.length + 1)}".`,
      variants.length === 0 ? `Write ${base}.` : chooseCure(id, [base, ...variants]),
    );
  }
  const near = findNearest(base, ids);
  const few = ids.length > 0 && ids.length <= 8 ? `: ${ids.join(', ')}` : '';
  return error(
    `there is no device profile "${id}".`,
    near === undefined
      ? `Choose one of those that \`millwatt profiles\` lists${few}.`
      : `Did you mean "${near}"? \`millwatt profiles\` lists all.`,
  );
}

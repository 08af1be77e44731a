import { collectorConfig, type CollectorConfig } from './collector-config.ts';
import type { ConfigPath, Remark } from './finding.ts';
import { findNearest } from './nearest.ts';
import { ownList, ownValue, salvage } from './salvage.ts';

const shape = collectorConfig.shape;
/** Thirds are written with finitely many digits. */
const SHARE_TOLERANCE = 1e-6;

/** Main meters and shared loads name machines that there are, each once, and divide no more than there is. */
export function checkSitePlan(raw: unknown): Remark[] {
  const machines = ownList(raw, 'machines').flatMap((machine): string[] => {
    const id = ownValue(machine, 'id');
    return typeof id === 'string' ? [id] : [];
  });
  const meters = salvage(shape.mainMeters, ownValue(raw, 'mainMeters'));
  const loads = salvage(shape.sharedLoads, ownValue(raw, 'sharedLoads'));
  return [
    ...checkMainMeters(meters?.whole === true ? meters.value : [], machines),
    ...checkSharedLoads(loads?.whole === true ? loads.value : [], machines),
  ];
}

function checkMainMeters(meters: CollectorConfig['mainMeters'], machines: readonly string[]): Remark[] {
  return [
    ...checkOnce(meters, ['mainMeters']),
    ...meters.flatMap(({ id, covers }, index) =>
      checkNames(covers, ['mainMeters', index, 'covers'], machines, id, 'covers itself'),
    ),
    ...meters.flatMap((meter, index) => checkNested(meter, meters, ['mainMeters', index, 'covers'])),
  ];
}

/** What lies behind a main meter that another covers is in its energy already. */
function checkNested(
  { id, covers }: CollectorConfig['mainMeters'][number],
  meters: CollectorConfig['mainMeters'],
  at: ConfigPath,
): Remark[] {
  /** All that lies behind a meter, also of meters behind it. */
  const behind = (name: string, seen: ReadonlySet<string> = new Set()): string[] =>
    seen.has(name)
      ? []
      : meters
          .filter((meter) => meter.id === name)
          .flatMap((meter) => meter.covers)
          .flatMap((one) => [one, ...behind(one, new Set([...seen, name]))]);
  return covers.flatMap((name, index): Remark[] => {
    const error = (message: string, cure: string): Remark[] => [
      { severity: 'error', path: [...at, index], message, cure },
    ];
    if (name !== id && behind(name).includes(id))
      return error(
        `${name} covers ${id} itself.`,
        'One of the two lies behind the other: take it out there.',
      );
    const by = covers.find((other) => {
      const all = other === name ? [] : behind(other);
      return all.includes(name) && !all.includes(id);
    });
    return by === undefined
      ? []
      : error(`${name} lies behind ${by} already and would count twice.`, 'Take it out here.');
  });
}

function checkSharedLoads(loads: CollectorConfig['sharedLoads'], machines: readonly string[]): Remark[] {
  return [
    ...checkOnce(loads, ['sharedLoads']),
    ...loads.flatMap((load, index) => {
      const at: ConfigPath = ['sharedLoads', index];
      return [
        ...checkKnown(load.id, [...at, 'id'], machines),
        ...checkNames(load.serves, [...at, 'serves'], machines, load.id, 'serves itself'),
        ...checkShares(load, at),
      ];
    }),
  ];
}

function checkShares(
  { by, serves, shares }: CollectorConfig['sharedLoads'][number],
  at: ConfigPath,
): Remark[] {
  const remark = (severity: Remark['severity'], path: ConfigPath, message: string, cure: string): Remark => ({
    severity,
    path: [...at, ...path],
    message,
    cure,
  });
  const names = Object.keys(shares);
  if (by !== 'fixed')
    return names.length === 0
      ? []
      : [
          remark(
            'warning',
            ['shares'],
            `are not used: it is divided by ${by}.`,
            'Write by: fixed, or remove them.',
          ),
        ];
  const remarks = names
    .filter((name) => !serves.includes(name))
    .map((name) =>
      remark(
        'error',
        ['shares', name],
        `${name} has a share and is not served.`,
        `Add ${name} to serves, or remove the share.`,
      ),
    );
  const without = serves.filter((name) => !names.includes(name));
  if (without.length > 0)
    remarks.push(
      remark(
        'error',
        names.length === 0 ? ['by'] : ['shares'],
        `${without.join(', ')} ${without.length === 1 ? 'has' : 'have'} no fixed share.`,
        `Write shares: { ${without.map((name) => `${name}: 0.5`).join(', ')} }, each from 0 to 1, or divide by time.`,
      ),
    );
  const sum = Object.values(shares).reduce((total, share) => total + share, 0);
  const told = String(Math.round(sum * 1e6) / 1e6);
  if (sum > 1 + SHARE_TOLERANCE)
    remarks.push(
      remark('error', ['shares'], `sum to ${told}: more than there is.`, 'Let them sum to at most 1.'),
    );
  else if (names.length > 0 && sum < 1 - SHARE_TOLERANCE)
    remarks.push(
      remark(
        'warning',
        ['shares'],
        `sum to ${told}: the rest of the energy is given to no machine.`,
        'Let them sum to 1, unless that is meant.',
      ),
    );
  return remarks;
}

function checkNames(
  names: readonly string[],
  at: ConfigPath,
  machines: readonly string[],
  own: string,
  itself: string,
): Remark[] {
  return names.flatMap((name, index): Remark[] => {
    const path = [...at, index];
    const error = (message: string, cure: string): Remark[] => [{ severity: 'error', path, message, cure }];
    if (name === own) return error(`${name} ${itself}.`, 'Take it out.');
    if (names.indexOf(name) < index) return error(`${name} stands here twice.`, 'Write each machine once.');
    return checkKnown(name, path, machines);
  });
}

/** A machine that is not listed may be there all the same; a name that is nearly that of one is a slip. */
function checkKnown(name: string, path: ConfigPath, machines: readonly string[]): Remark[] {
  if (machines.includes(name)) return [];
  const found = findNearest(name, machines);
  // Who has mill-1 may well have mill-2.
  const near = found !== undefined && wordOf(found) === wordOf(name) ? undefined : found;
  return [
    {
      severity: near === undefined ? 'warning' : 'error',
      path,
      message: `${name} is no machine of this file.`,
      cure: `${near === undefined ? 'Describe' : `Did you mean ${near}? Otherwise describe`} ${name} under machines.`,
    },
  ];
}

function wordOf(id: string): string {
  return id.replaceAll(/\d/g, '');
}

function checkOnce(entries: readonly { id: string }[], at: ConfigPath): Remark[] {
  return entries.flatMap(({ id }, index): Remark[] => {
    const first = entries.findIndex((entry) => entry.id === id);
    return first === index
      ? []
      : [
          {
            severity: 'error',
            path: [...at, index, 'id'],
            message: `"${id}" is already the id of ${String(at[0])}[${first}].`,
            cure: 'Describe each once.',
          },
        ];
  });
}

import { basename, resolve } from 'node:path';
import { MillwattError } from '../protocols/errors.ts';
import { collectorConfig } from './collector-config.ts';
import { checkFile } from './file-checks.ts';
import type { ConfigPath, Remark } from './finding.ts';
import type { FootprintConfig } from './footprint-config.ts';
import { checkHourlyFactors } from './library/factor-hours.ts';
import { loadShippedFactors } from './library/factor-library.ts';
import type { FactorRow } from './library/factor-row.ts';
import { checkFactorTable } from './library/factor-table.ts';
import { findNearest } from './nearest.ts';
import { ownList, ownValue, salvage } from './salvage.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * What `footprint` of a collector's file has against itself and the tables it names. Tables are read as they are for
 * a record, so that what passes here is not refused there.
 */
export function checkFootprint(raw: unknown, folder: string, world: Surroundings): Remark[] {
  const given = ownValue(raw, 'footprint');
  const footprint =
    given === undefined ? undefined : salvage(collectorConfig.shape.footprint.unwrap(), given);
  if (footprint?.whole !== true) return [];
  const { value } = footprint;
  const machines = ownList(raw, 'machines').flatMap((machine): string[] => {
    const id = ownValue(machine, 'id');
    return typeof id === 'string' ? [id] : [];
  });
  const tables = readTables(value, folder, world);
  return [
    ...tables.remarks,
    ...checkRegion(value, tables.rows),
    ...checkHours(value, tables.rows, folder, world),
    // Where a table cannot be read, nothing can be said of what should be in it.
    ...checkSupplies(value, tables.remarks.length > 0 ? undefined : tables.rows),
    ...checkMachinesOf('lines', value.lines, machines),
    ...checkMachinesOf('models', value.models, machines),
    ...checkModels(value),
    ...checkMachinesOf('parts', value.parts, machines),
    ...checkCounted(value),
  ];
}

const error = (path: ConfigPath, message: string, cure: string): Remark => ({
  severity: 'error',
  path: ['footprint', ...path],
  message,
  cure,
});
const warning = (path: ConfigPath, message: string, cure: string): Remark => ({
  ...error(path, message, cure),
  severity: 'warning',
});

function readTables(
  { tables }: FootprintConfig,
  folder: string,
  world: Surroundings,
): { rows: FactorRow[]; remarks: Remark[] } {
  const shipped = shippedFactors();
  const rows = shipped.flatMap((table) => table.rows);
  const names = new Set(shipped.map(({ name }) => name));
  const remarks = tables.flatMap((file, index): Remark[] => {
    const text = readFile(['tables', index], file, folder, world);
    if (typeof text !== 'string') return text;
    const [, name] = /^([A-Za-z0-9][A-Za-z0-9._-]{0,62})\.csv$/.exec(basename(file)) ?? [];
    if (name === undefined || names.has(name))
      return [
        error(
          ['tables', index],
          name === undefined ? `${file} has no name of a table.` : `there is a table ${name} already.`,
          'Name the file, and the ids in it, otherwise: my-contracts.csv.',
        ),
      ];
    names.add(name);
    const checked = checkFactorTable(text, name, file);
    rows.push(...(checked.rows ?? []));
    return sayFaults(['tables', index], checked.findings);
  });
  return { rows, remarks };
}

function checkHours(
  { hourly }: FootprintConfig,
  rows: readonly FactorRow[],
  folder: string,
  world: Surroundings,
): Remark[] {
  const known = new Set(rows.map(({ id }) => id));
  return hourly.flatMap((file, index) => {
    const text = readFile(['hourly', index], file, folder, world);
    if (typeof text !== 'string') return text;
    return sayFaults(['hourly', index], checkHourlyFactors(text, file, known).findings);
  });
}

function readFile(path: ConfigPath, file: string, folder: string, world: Surroundings): string | Remark[] {
  const missing = checkFile(['footprint', ...path], file, folder, world);
  if (missing.length > 0) return missing;
  return world.readText?.(resolve(folder, file)) ?? [];
}

/** The first fault of a file, and how many more there are. */
function sayFaults(
  path: ConfigPath,
  findings: readonly {
    severity: string;
    file: string;
    line: number;
    path: string;
    message: string;
    cure: string;
  }[],
): Remark[] {
  const faults = findings.filter(({ severity }) => severity === 'error');
  const [first] = faults;
  if (first === undefined) return [];
  const more = faults.length === 1 ? '' : ` (${faults.length - 1} more like it)`;
  const where = first.path === '' ? '' : `${first.path}: `;
  return [error(path, `${first.file}:${first.line}: ${where}${first.message}${more}`, first.cure)];
}

function checkRegion({ region, elsewhere }: FootprintConfig, rows: readonly FactorRow[]): Remark[] {
  const has = (name: string) => rows.some((row) => row.region === name && row.boundary !== 'upstream');
  const country = region.slice(0, 2);
  if (has(region)) return [];
  if (has(country))
    return [
      warning(
        ['region'],
        `no table has factors of ${region}: those of ${country} will be taken.`,
        `Write ${country}, or a table of your own with rows of ${region}.`,
      ),
    ];
  const cure = 'Write the two letters of ISO 3166-1 (VN, DE), or give a table of your own with rows of it.';
  return elsewhere === undefined
    ? [error(['region'], `no table has factors of ${region}: there would be no emissions.`, cure)]
    : [warning(['region'], `no table has factors of ${region}: those of ${elsewhere} will be taken.`, cure)];
}

function checkSupplies(
  { supplies, region }: FootprintConfig,
  rows: readonly FactorRow[] | undefined,
): Remark[] {
  const remarks: Remark[] = [];
  for (const [index, supply] of supplies.entries()) {
    const at = ['supplies', index];
    if (supply.from >= supply.to)
      remarks.push(
        error([...at, 'to'], `${supply.name} ends before it begins.`, 'Write the day after the last one.'),
      );
    const isAmount = supply.kwh !== undefined && supply.siteKwh !== undefined;
    if (
      (supply.share !== undefined) === isAmount ||
      (supply.kwh === undefined) !== (supply.siteKwh === undefined)
    )
      remarks.push(
        error(at, `${supply.name} does not say how much it is.`, 'Give share, or kwh and siteKwh, not both.'),
      );
    const row = rows?.find(({ id }) => id === supply.factor);
    if (rows === undefined) continue;
    if (row === undefined) {
      const own = rows.filter(({ basis }) => basis === 'contract' || basis === 'on-site').map(({ id }) => id);
      const nearest = findNearest(supply.factor, own);
      remarks.push(
        error(
          [...at, 'factor'],
          `${supply.factor} is no row of a table.`,
          nearest === undefined
            ? 'Write the row into a table of your own, and name it in tables.'
            : `Write ${nearest}.`,
        ),
      );
    } else if (row.basis !== 'contract' && row.basis !== 'on-site')
      remarks.push(
        error(
          [...at, 'factor'],
          `${row.id} is of basis ${row.basis}.`,
          'Name a row of basis contract or on-site.',
        ),
      );
  }
  const hasResidual = rows?.some(
    (row) => row.basis === 'residual' && (row.region === region || row.region === region.slice(0, 2)),
  );
  if (supplies.length > 0 && hasResidual === false)
    remarks.push(
      warning(
        ['supplies'],
        `no table has a residual mix of ${region}: what these supplies leave has no market-based factor, and there will be no market-based figure.`,
        `Add a row of basis residual for ${region} to a table of yours.`,
      ),
    );
  return remarks;
}

/** Good parts are counted at one of the steps. */
function checkCounted({ parts }: FootprintConfig): Remark[] {
  return parts.flatMap(({ id, machines, countedAt }, index) =>
    countedAt === undefined || machines.includes(countedAt)
      ? []
      : [
          error(
            ['parts', index, 'countedAt'],
            `${countedAt} is none of the machines of ${id}.`,
            machines.length === 0 ? 'List them in machines.' : `Write one of ${machines.join(', ')}.`,
          ),
        ],
  );
}

/** A machine is of one model: as a sample of two it would tell of neither. */
function checkModels({ models }: FootprintConfig): Remark[] {
  return models.flatMap(({ id, machines }, index) =>
    machines.flatMap((name, place): Remark[] => {
      const other = models.slice(0, index).find((model) => model.machines.includes(name));
      return other === undefined
        ? []
        : [
            error(
              ['models', index, 'machines', place],
              `${name} is of model ${other.id} already, and cannot be of ${id}, too.`,
              'Take it out of one of them.',
            ),
          ];
    }),
  );
}

function checkMachinesOf(
  key: 'lines' | 'models' | 'parts',
  groups: readonly { id: string; machines: readonly string[] }[],
  machines: readonly string[],
): Remark[] {
  return [
    ...checkOnce(groups, key),
    ...groups.flatMap((group, index) =>
      group.machines.flatMap((name, place): Remark[] => {
        const path: ConfigPath = [key, index, 'machines', place];
        if (group.machines.indexOf(name) !== place)
          return [error(path, `${name} is in ${group.id} twice.`, 'Take one of them out.')];
        if (machines.includes(name)) return [];
        const nearest = findNearest(name, machines);
        return [
          error(
            path,
            `${name} is no machine of this file.`,
            nearest === undefined ? 'List it under machines.' : `Write ${nearest}.`,
          ),
        ];
      }),
    ),
  ];
}

function checkOnce(all: readonly { id: string }[], key: string): Remark[] {
  return all.flatMap(({ id }, index) =>
    all.findIndex((other) => other.id === id) === index
      ? []
      : [error([key, index, 'id'], `${id} is there twice.`, 'Take one of them out.')],
  );
}

/** A damaged installation is told by whoever needs the tables; a check of a file goes on without. */
function shippedFactors(): ReturnType<typeof loadShippedFactors> {
  try {
    return loadShippedFactors();
  } catch (failure) {
    if (failure instanceof MillwattError) return [];
    throw failure;
  }
}

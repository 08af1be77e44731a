import { makePointReader } from '../../protocols/modbus/profile/point-reader.ts';
import { pointName, type DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { makeStatusReader } from '../../protocols/modbus/profile/status-reader.ts';
import type { ConfigPath, Remark } from '../finding.ts';
import { readsOf, type PointRead } from './points-read.ts';
import { checkRatios } from './ratio-checks.ts';
import { plainPoint } from './read-groups.ts';
import { ownValue } from '../salvage.ts';
import type { ModbusDraft } from '../source-draft.ts';

/** What the operator entered, or did not, against what the profile needs to make values of registers. */
export function checkModbusValues(draft: ModbusDraft, profile: DeviceProfile, at: ConfigPath): Remark[] {
  // What was dropped because it is wrong is not missing.
  if (!draft.whole) return [];
  const { points: reads } = readsOf(draft.value, profile, at);
  return [
    ...checkScales(draft.value, profile, reads, at),
    ...checkRatedPower(draft.value, reads, at),
    ...checkRatios(draft.value, profile, reads, at),
    ...checkImportOnly(draft.value, profile, reads, at),
    ...checkDrive(draft.value, profile, at),
    ...checkTimeout(draft, profile, at),
    ...checkTransport(draft.value, profile, at),
    ...checkOffset(draft.value, profile, at),
  ];
}

type Source = ModbusDraft['value'];

function checkScales(
  { scales = {}, profile: id }: Source,
  profile: DeviceProfile,
  reads: readonly PointRead[],
  at: ConfigPath,
): Remark[] {
  const given = new Set(Object.keys(scales).map(plainPoint));
  const missing = reads
    .filter(({ point }) => point.scaleFrom === 'operator' && !given.has(pointName(point)))
    .map(({ point, path }): Remark => ({
      severity: 'error',
      path,
      message: `no source states the scale of ${pointName(point)} on ${profile.title}.`,
      cure: `Compare the raw value (\`millwatt probe\`) with the display of the device and write it, for example scales: { ${pointName(point)}: 0.1 } (${point.unit} for one count), or leave the point out of read.`,
    }));
  const known = [...reads.map(({ point }) => point), ...profile.points];
  const idle = Object.keys(scales).flatMap((name): Remark[] => {
    const point = known.find((one) => pointName(one) === plainPoint(name));
    if (point?.scaleFrom === 'operator') return [];
    return [
      {
        severity: 'error',
        path: [...at, 'scales', name],
        target: 'key',
        message:
          point === undefined
            ? `the profile ${id} does not have ${name}.`
            : `the profile ${id} states the scale of ${name}; it cannot be changed here.`,
        cure:
          point === undefined
            ? 'Remove it.'
            : 'Remove it; where the profile is wrong, correct a copy of it in profiles/ beside this file.',
      },
    ];
  });
  return [...missing, ...idle];
}

function checkRatedPower({ ratedPower }: Source, reads: readonly PointRead[], at: ConfigPath): Remark[] {
  const percent = reads.filter(({ point }) => point.scaleFrom === 'rated-power');
  const [first] = percent;
  if (ratedPower === 0)
    return [
      {
        severity: 'error',
        path: [...at, 'ratedPower'],
        message: 'is 0.',
        cure: 'Write what the nameplate of the motor says, such as 7.5kW.',
      },
    ];
  if (ratedPower === undefined && first !== undefined)
    return [
      {
        severity: 'error',
        path: first.path,
        message: `the device tells ${pointName(first.point)} as a percentage of its rated power, which is not given.`,
        cure: 'Add ratedPower from the nameplate, for example ratedPower: 7.5kW.',
      },
    ];
  if (ratedPower !== undefined && first === undefined)
    return [
      {
        severity: 'warning',
        path: [...at, 'ratedPower'],
        target: 'key',
        message: 'changes nothing: no point that is read is a percentage of it.',
        cure: 'Remove it; the rated power of a machine stands in the file of the collector.',
      },
    ];
  return [];
}

function checkImportOnly(
  { importOnly }: Source,
  profile: DeviceProfile,
  reads: readonly PointRead[],
  at: ConfigPath,
): Remark[] {
  const hasSum = profile.points.some(({ quantity }) => quantity === 'activeEnergySum');
  if (importOnly && !hasSum)
    return [
      {
        severity: 'warning',
        path: [...at, 'importOnly'],
        target: 'key',
        message: `changes nothing: ${profile.title} counts import by itself.`,
        cure: 'Remove it.',
      },
    ];
  const sum = reads.find(
    ({ point: { quantity, phase } }) =>
      quantity === 'activeEnergySum' &&
      !reads.some(({ point }) => point.quantity === 'activeEnergyImport' && point.phase === phase),
  );
  if (importOnly || sum === undefined) return [];
  return [
    {
      severity: 'warning',
      path: sum.path,
      message:
        'activeEnergySum is import and export in one register; as it stands it does not count as import.',
      cure: 'Where nothing is ever fed back (no regenerative drive, no solar power), add importOnly: true.',
    },
  ];
}

function checkDrive({ component }: Source, { kind, title }: DeviceProfile, at: ConfigPath): Remark[] {
  if (kind !== 'drive' || component !== 'supply') return [];
  return [
    {
      severity: 'error',
      path: [...at, 'component'],
      message: `${title} measures a motor: its power is never that of the whole machine (supply).`,
      cure: 'Write component: spindle, drives or whatever it moves; a meter in the cabinet gives the supply.',
    },
  ];
}

function checkTimeout(
  { value, raw }: ModbusDraft,
  { timing, title }: DeviceProfile,
  at: ConfigPath,
): Remark[] {
  // The default is raised without a word: nobody chose it.
  if (ownValue(raw, 'timeout') === undefined || value.timeout >= timing.minTimeoutMs) return [];
  return [
    {
      severity: 'warning',
      path: [...at, 'timeout'],
      message: `${title} may take ${timing.minTimeoutMs} ms to answer; the timeout is raised to that.`,
      cure: `Write timeout: ${timing.minTimeoutMs}ms or more.`,
    },
  ];
}

/** Serial devices are reached over Modbus TCP through gateways; the other way round there is nothing to reach. */
function checkTransport(
  { protocol }: Source,
  { transports, title }: DeviceProfile,
  at: ConfigPath,
): Remark[] {
  if (protocol === 'modbus-tcp' || transports.includes('rtu')) return [];
  return [
    {
      severity: 'warning',
      path: [...at, 'protocol'],
      message: `${title} is not known to have a serial line.`,
      cure: 'Write protocol: modbus-tcp, or choose the profile of the serial model.',
    },
  ];
}

const ADDRESS_MAX = 65_535;

/** An offset may not push a register out of what Modbus can address: nothing of the source could be read. */
function checkOffset(source: Source, profile: DeviceProfile, at: ConfigPath): Remark[] {
  const { addressOffset } = source;
  const { points, statuses } = readsOf(source, profile, at);
  const parts = [
    ...points.flatMap(({ point }) => makePointReader(profile, point).parts),
    ...statuses.map(({ status }) => makeStatusReader(profile, status).part),
  ];
  const out = parts.find(
    ({ address, count }) => address + addressOffset < 0 || address + addressOffset + count - 1 > ADDRESS_MAX,
  );
  if (out === undefined) return [];
  return [
    {
      severity: 'error',
      path: [...at, 'addressOffset'],
      message: `moves register ${out.address} of ${profile.title} to ${out.address + addressOffset}, which does not exist.`,
      cure: addressOffset < 0 ? 'Write addressOffset: 1, or remove it.' : 'Remove it.',
    },
  ];
}

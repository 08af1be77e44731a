import { MillwattError } from '../../protocols/errors.ts';
import { describeEndpoint, endpointKey, type ModbusEndpoint } from '../../protocols/modbus/endpoint.ts';
import { pointName } from '../../protocols/modbus/profile/profile.ts';
import type { Remark } from '../finding.ts';
import { endpointOf } from './modbus-endpoint.ts';
import { readsOf } from './points-read.ts';
import { slowerId } from './read-groups.ts';
import { isModbusDraft, type ModbusDraft, type SourceDraft } from '../source-draft.ts';
import type { Surroundings } from '../surroundings.ts';

/** What several Modbus sources have against each other: one device read twice, one port in two languages, ids that slower groups take. */
export function checkModbusDevices(sources: readonly SourceDraft[], world: Surroundings): Remark[] {
  const drafts = sources.filter((draft) => isModbusDraft(draft));
  return [
    ...checkSameDevice(
      drafts.filter(({ whole }) => whole),
      world,
    ),
    ...checkSamePort(drafts),
    ...checkSlowerIds(sources, drafts),
  ];
}

interface Device {
  first: ModbusDraft;
  endpoint: ModbusEndpoint;
}

/** Two sources may share a device, each with points of its own, but not the same points, nor under two profiles. */
function checkSameDevice(drafts: readonly ModbusDraft[], world: Surroundings): Remark[] {
  const seen = new Map<string, Device>();
  return drafts.flatMap((draft): Remark[] => {
    const { value: source, index } = draft;
    const endpoint = endpointOf(source, { users: [] });
    const key = `${endpointKey(endpoint)} ${source.unit}`;
    const known = seen.get(key);
    if (known === undefined) {
      seen.set(key, { first: draft, endpoint });
      return [];
    }
    const { value: first, index: firstIndex } = known.first;
    const where = endpoint.transport === 'rtu' ? endpoint.path : describeEndpoint(endpoint);
    const device = `unit ${source.unit} at ${where}`;
    const other = `source "${first.id}" (sources[${firstIndex}])`;
    if (first.profile !== source.profile)
      return [
        {
          severity: 'warning',
          path: ['sources', index, 'profile'],
          message: `${device} is read with ${first.profile} by ${other}; one of the two reads registers of another device.`,
          cure: 'Correct the unit or the host of one of them, or write the same profile.',
        },
      ];
    const taken = namesReadBy(known.first, world);
    const both = namesReadBy(draft, world).filter((name) => taken.includes(name));
    if (both.length === 0) return [];
    const some =
      both.length > 3 ? `${both.slice(0, 3).join(', ')} and ${both.length - 3} more` : both.join(', ');
    return [
      {
        severity: 'warning',
        path: ['sources', index, 'unit'],
        message: `${device} is already read by ${other}: ${some} of one device would be booked twice.`,
        cure: 'Correct the unit or the host of one of them; to read some points less often, list them under slower.',
      },
    ];
  });
}

function namesReadBy({ value, index }: ModbusDraft, world: Surroundings): string[] {
  const profile = world.profileOf(value.profile);
  if (profile instanceof MillwattError) return [];
  return readsOf(value, profile, ['sources', index]).points.map(({ point }) => pointName(point));
}

const SPOKEN = {
  'modbus-tcp': 'Modbus TCP',
  'modbus-tcp with tls': 'Modbus TCP with TLS',
  'modbus-rtu-over-tcp': 'RTU over TCP',
} as const;

/** A TCP port speaks one language: of two sources that disagree, one never gets an answer. */
function checkSamePort(drafts: readonly ModbusDraft[]): Remark[] {
  const seen = new Map<string, { spoken: string; id: string; index: number }>();
  return drafts.flatMap(({ value, index, whole }): Remark[] => {
    if (!whole || value.protocol === 'modbus-rtu') return [];
    const where = describeEndpoint(endpointOf(value, { users: [] })).toLowerCase();
    const hasTls = value.protocol === 'modbus-tcp' && value.tls !== undefined;
    const spoken = SPOKEN[hasTls ? 'modbus-tcp with tls' : value.protocol];
    const first = seen.get(where);
    if (first === undefined) seen.set(where, { spoken, id: value.id, index });
    if (first === undefined || first.spoken === spoken) return [];
    return [
      {
        severity: 'error',
        path: ['sources', index, 'protocol'],
        message: `${where} is asked in ${spoken} here, and in ${first.spoken} by source "${first.id}" (sources[${first.index}]).`,
        cure: 'Write for both what the device or gateway is set to, or correct the port of one of them.',
      },
    ];
  });
}

/** A slower group is a source by itself, so nobody else may have its id. */
function checkSlowerIds(sources: readonly SourceDraft[], drafts: readonly ModbusDraft[]): Remark[] {
  return drafts.flatMap(({ value, index }) =>
    (value.slower ?? []).flatMap(({ every }): Remark[] => {
      const id = slowerId(value.id, every);
      const other = sources.find((one) => one.value.id === id);
      if (other === undefined) return [];
      return [
        {
          severity: 'error',
          path: ['sources', other.index, 'id'],
          message: `"${id}" is the id of a slower group of sources[${index}].`,
          cure: 'Give this source another id.',
        },
      ];
    }),
  );
}

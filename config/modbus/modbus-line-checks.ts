import { MillwattError } from '../../protocols/errors.ts';
import type { Remark } from '../finding.ts';
import { lineLoadsOf, type LineUser } from './line-load.ts';
import {
  serialSettingsOf,
  type SerialOrigin,
  type SerialSettings,
  type SerialUser,
} from './serial-format.ts';
import type { ModbusRtuSourceConfig } from './modbus-config.ts';
import { isModbusDraft, type SourceDraft } from '../source-draft.ts';
import type { Surroundings } from '../surroundings.ts';

/** What the sources of one serial line have against each other: settings that differ or that nobody told, and too much to read. */
export function checkModbusLines(sources: readonly SourceDraft[], world: Surroundings): Remark[] {
  const ports = new Map<string, { source: ModbusRtuSourceConfig; index: number }[]>();
  for (const { value, index, whole } of sources) {
    if (!whole || value.protocol !== 'modbus-rtu') continue;
    const on = ports.get(value.serialPort) ?? [];
    on.push({ source: value, index });
    ports.set(value.serialPort, on);
  }
  return [
    ...[...ports].flatMap(([port, users]) => checkSettings(port, users, world)),
    ...checkLoads(sources, world),
  ];
}

const BUSY_SHARE_MAX = 0.8;

/** A line that is nearly full falls behind with the first device that does not answer. */
function checkLoads(sources: readonly SourceDraft[], world: Surroundings): Remark[] {
  const drafts = sources.filter((draft) => isModbusDraft(draft)).filter(({ whole }) => whole);
  const users = drafts.flatMap(({ value }): LineUser[] => {
    const profile = world.profileOf(value.profile);
    return profile instanceof MillwattError ? [] : [{ source: value, profile }];
  });
  return lineLoadsOf(users).flatMap(({ line, sources: ids, busyShare, wireShare, settings }): Remark[] => {
    if (busyShare <= BUSY_SHARE_MAX) return [];
    const first = drafts.find(({ value }) => value.id === ids[0]);
    if (first === undefined) return [];
    const isImpossible = settings !== 'unknown' && wireShare > 1;
    const times = Math.ceil((busyShare / BUSY_SHARE_MAX) * 10) / 10;
    return [
      {
        severity: isImpossible ? 'error' : 'warning',
        path: ['sources', first.index, first.value.protocol === 'modbus-rtu' ? 'serialPort' : 'host'],
        message: `reading ${listIds(ids)} at this pace keeps ${line} busy for about ${percent(busyShare)} of its time${
          settings === 'unknown' ? ' if it runs at 9600 baud' : ''
        }${busyShare > 1 ? ': it cannot keep up' : ''}.`,
        cure: `Read ${times} times less often (every), put what changes slowly under slower, or set a higher baud rate in all devices.`,
      },
    ];
  });
}

function listIds(ids: readonly string[]): string {
  return ids.length <= 3 ? ids.join(', ') : `${ids.length} sources`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

type User = { source: ModbusRtuSourceConfig; index: number };

function checkSettings(port: string, users: readonly User[], world: Surroundings): Remark[] {
  const settings = serialSettingsOf(users.map(({ source }) => serialUser(source, world)));
  const [first] = users;
  if (first === undefined) return [];
  const conflicts = settings.conflicts.map(({ key, origin, values }): Remark => {
    const all = values.join(' and ');
    if (origin === 'written') {
      const other = users.findLast(({ source }) => source[key] !== undefined && source[key] !== values[0]);
      return {
        severity: 'error',
        path: ['sources', other?.index ?? first.index, key],
        message: `the sources on ${port} say ${all}; a serial port has one setting for all.`,
        cure: `Set all devices on this line to the same, and write ${key} once.`,
      };
    }
    return {
      severity: 'error',
      path: ['sources', first.index, 'serialPort'],
      message: `the devices on ${port} leave the factory with different settings (${key} ${all}).`,
      cure: `Set all of them to the same in their menus, and write ${key} here.`,
    };
  });
  return [...conflicts, ...warnOfAssumed(port, settings, first.index), ...warnOfUnusual(users)];
}

/** Stop bits are 1 nearly everywhere; the other two are as often wrong as right where nobody says them. */
function warnOfAssumed(port: string, { format, origins }: SerialSettings, index: number): Remark[] {
  const path = ['sources', index, 'serialPort'];
  if (Object.values<SerialOrigin>(origins).every((origin) => origin === 'assumed'))
    return [
      {
        severity: 'warning',
        path,
        message: `nobody says how ${port} is set: 9600 baud, no parity and 1 stop bit are assumed.`,
        cure: 'Write baudRate, parity and stopBits as the menu of the devices shows them.',
      },
    ];
  return (['baudRate', 'parity'] as const)
    .filter((key) => origins[key] === 'assumed')
    .map((key) => ({
      severity: 'warning',
      path,
      message: `nobody says the ${key} of ${port}: ${format[key]} is assumed.`,
      cure: `Write ${key} as the menu of the devices shows it.`,
    }));
}

const USUAL_BAUD_RATES = [
  300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 76_800, 115_200, 230_400, 460_800, 921_600,
];

function warnOfUnusual(users: readonly User[]): Remark[] {
  return users.flatMap(({ source: { baudRate }, index }): Remark[] => {
    if (baudRate === undefined || USUAL_BAUD_RATES.includes(baudRate)) return [];
    const below = USUAL_BAUD_RATES.findLast((rate) => rate < baudRate) ?? baudRate;
    const above = USUAL_BAUD_RATES.find((rate) => rate > baudRate) ?? baudRate;
    return [
      {
        severity: 'warning',
        path: ['sources', index, 'baudRate'],
        message: `${baudRate} is no usual baud rate.`,
        cure: `Write ${below} or ${above}, unless the menu of the devices shows ${baudRate}.`,
      },
    ];
  });
}

/** A source with what its profile says of its serial settings. */
function serialUser(source: ModbusRtuSourceConfig, world: Surroundings): SerialUser {
  const profile = world.profileOf(source.profile);
  return { source, profile: profile instanceof MillwattError ? undefined : profile };
}

import { scaleOf, unitsFor } from '../../protocols/mtconnect/item-scale.ts';
import { checkTlsFiles } from '../file-checks.ts';
import type { ConfigPath, Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import type { MtconnectSourceConfig } from './mtconnect-config.ts';

type Item = MtconnectSourceConfig['items'][number];

const HEARTBEAT_MS = { min: 1000, max: 300_000 };
/** Words are told with their own time for ten minutes after they were said. */
const POLL_EVERY_MS_MAX = 540_000;

/** An address that is one, an authority that is of use, times that leave room, and items that say one thing each. */
export function checkMtconnectSource(
  source: MtconnectSourceConfig,
  at: ConfigPath,
  folder: string,
  world: Surroundings,
): Remark[] {
  const remarks: Remark[] = [
    ...checkTlsFiles(at, { ca: source.ca }, folder, world),
    ...source.items.flatMap((item, index) => checkItem(item, [...at, 'items', index])),
    ...checkTwice(source.items, [...at, 'items']),
  ];
  if (!URL.canParse(source.url))
    remarks.push({
      severity: 'error',
      path: [...at, 'url'],
      message: 'is no address.',
      cure: 'Write one such as http://192.168.1.40:5000, an IPv6 address in [ ], and a port below 65536.',
    });
  if (source.ca !== undefined && source.url.startsWith('http://'))
    remarks.push({
      severity: 'error',
      path: [...at, 'url'],
      message: 'is an address without TLS, but ca is given.',
      cure: 'Write https:// where the agent has it, or remove ca.',
    });
  if (source.heartbeat < HEARTBEAT_MS.min || source.heartbeat > HEARTBEAT_MS.max)
    remarks.push({
      severity: 'error',
      path: [...at, 'heartbeat'],
      message: 'is not 1s to 5min.',
      cure: 'Write 10s: after three of them without a word the agent is taken for lost.',
    });
  if (source.mode === 'poll' && source.every > POLL_EVERY_MS_MAX)
    remarks.push({
      severity: 'warning',
      path: [...at, 'every'],
      message: 'words that are asked for so seldom cannot all be told with the time at which they were said.',
      cure: 'Write at most 9min, or mode: stream.',
    });
  return remarks;
}

function checkItem(item: Item, at: ConfigPath): Remark[] {
  const remarks: Remark[] = [];
  const error = (path: ConfigPath, message: string, cure: string, target: 'key' | 'value' = 'value') =>
    remarks.push({ severity: 'error', path, target, message, cure });
  const { quantity, status, unit, name, vocabulary } = item;
  if (quantity !== undefined && status !== undefined)
    error(at, 'is both a quantity and a status.', 'Keep one of the two.');
  else if (status !== undefined && unit !== undefined)
    error([...at, 'unit'], 'a status has no unit.', 'Remove unit.');
  if (quantity !== undefined && unit !== undefined && scaleOf(quantity, unit) === undefined)
    error(
      [...at, 'unit'],
      `${unit} is not a unit of ${quantity}.`,
      `Use one of: ${unitsFor(quantity).join(', ')}.`,
    );
  if (quantity !== undefined)
    for (const [key, value] of Object.entries({ name, vocabulary }))
      if (value !== undefined)
        error([...at, key], 'belongs to a status, and this is a quantity.', `Remove ${key}.`, 'key');
  return remarks;
}

function checkTwice(items: readonly Item[], at: ConfigPath): Remark[] {
  return items.flatMap(({ item }, index): Remark[] => {
    const first = items.findIndex((other) => other.item === item);
    if (first === index) return [];
    return [
      {
        severity: 'error',
        path: [...at, index, 'item'],
        message: `"${item}" is told already by items[${first}].`,
        cure: 'Put both into one entry.',
      },
    ];
  });
}

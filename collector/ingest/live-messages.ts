import { isChannelId, isId, isLevelId, isToken } from '../../protocols/telemetry/ids.ts';
import type { HealthMessage, LiveMessage, StatusMessage } from '../../protocols/telemetry/live.ts';
import { QUALITIES } from '../../protocols/telemetry/quantity.ts';

/** Larger live or health messages are not looked at. */
const MESSAGE_BYTES_MAX = 256 * 1024;
/** The latest time that a date can tell, ms since the Unix epoch. */
const TIME_MS_MAX = 8.64e15;
const TEXT_MAX = 200;
const FATES_MAX = 16;
const REMARKS_MAX = 10;

type Loose = Record<string, unknown>;

/** The latest values of a machine, or undefined when the message is not one. Only known fields are taken over. */
export function readLive(payload: Uint8Array): LiveMessage | undefined {
  const json = readJson(payload);
  if (json?.['v'] !== 1 || !isLevelId(json['machine']) || !isTime(json['at'])) return undefined;
  const values: LiveMessage['values'] = {};
  for (const [channel, entry] of Object.entries(asObject(json['values']) ?? {})) {
    const one = asObject(entry);
    const quality = QUALITIES.find((name) => name === one?.['quality']);
    const value = one?.['value'];
    if (one === undefined || quality === undefined || !isChannelId(channel) || !isNumber(one['ageMs']))
      continue;
    if (value !== null && typeof value !== 'boolean' && typeof value !== 'string' && !isNumber(value))
      continue;
    values[channel] = {
      value: typeof value === 'string' ? value.slice(0, TEXT_MAX) : value,
      unit: textOf(one['unit']),
      ageMs: one['ageMs'],
      quality,
    };
  }
  const down = listOf(json['down']).flatMap((one) =>
    isId(one['source']) ? [{ source: one['source'], reason: textOf(one['reason']) }] : [],
  );
  return {
    v: 1,
    machine: json['machine'],
    at: json['at'],
    values,
    down,
    ...(json['simulated'] === true ? { simulated: true } : {}),
  };
}

/** Whether an agent is online, or undefined when the message is not a status. */
export function readStatus(payload: Uint8Array): StatusMessage | undefined {
  const json = readJson(payload);
  if (json?.['v'] !== 1 || typeof json['online'] !== 'boolean') return undefined;
  const { online, version, boot, epoch, seq } = json;
  // A will is written before there is an epoch: only `online` is certain to be there.
  return {
    v: 1,
    online,
    version: textOf(version),
    boot: isToken(boot) ? boot : '',
    epoch: isToken(epoch) ? epoch : '',
    seq: numberOf(seq),
  };
}

/** The health of an agent, or undefined when the message is not one. */
export function readHealth(payload: Uint8Array): HealthMessage | undefined {
  const json = readJson(payload);
  const host = asObject(json?.['host']);
  const program = asObject(json?.['process']);
  const spool = asObject(json?.['spool']);
  const keyRevoked = json?.['keyRevoked'];
  const records = asObject(spool?.['records']);
  const samples = asObject(spool?.['samples']);
  const receipts = asObject(json?.['receipts']);
  const clock = asObject(json?.['clock']);
  if (json?.['v'] !== 1 || !isTime(json['at']) || host === undefined || program === undefined)
    return undefined;
  if (spool === undefined || records === undefined || samples === undefined) return undefined;
  return {
    v: 1,
    at: json['at'],
    version: textOf(json['version']),
    uptimeS: numberOf(json['uptimeS']),
    host: {
      cpuLoad: knownOf(host['cpuLoad']),
      memoryUsedShare: knownOf(host['memoryUsedShare']),
      diskFreeBytes: knownOf(host['diskFreeBytes']),
      cpuTemperatureDegC: knownOf(host['cpuTemperatureDegC']),
    },
    process: {
      rssBytes: numberOf(program['rssBytes']),
      eventLoopDelayMs: numberOf(program['eventLoopDelayMs']),
    },
    spool: {
      epoch: textOf(spool['epoch']),
      headSeq: numberOf(spool['headSeq']),
      records: {
        sealed: numberOf(records['sealed']),
        receipted: numberOf(records['receipted']),
        pending: numberOf(records['pending']),
        rejected: numberOf(records['rejected']),
      },
      samples: {
        sampled: numberOf(samples['sampled']),
        receipted: numberOf(samples['receipted']),
        pending: numberOf(samples['pending']),
        ...(isNumber(samples['rejected']) ? { rejected: numberOf(samples['rejected']) } : {}),
        ...(isNumber(samples['thinned']) ? { thinned: numberOf(samples['thinned']) } : {}),
        dropped: numberOf(samples['dropped']),
      },
      bytes: numberOf(spool['bytes']),
      ...(typeof spool['failing'] === 'string' ? { failing: textOf(spool['failing']) } : {}),
      ...fullOf(asObject(spool['full'])),
    },
    ...(receipts === undefined ? {} : { receipts: countsOf(receipts) }),
    ...(keyRevoked === 'current' || keyRevoked === 'earlier' ? { keyRevoked } : {}),
    sources: listOf(json['sources']).flatMap((one) =>
      isId(one['id'])
        ? [
            {
              id: one['id'],
              up: one['up'] === true,
              reason: textOf(one['reason']),
              polls: numberOf(one['polls']),
              failures: numberOf(one['failures']),
              lastReadingAgeMs: knownOf(one['lastReadingAgeMs']),
              ...(one['insecure'] === true ? { insecure: true as const } : {}),
              ...(Array.isArray(one['remarks'])
                ? { remarks: one['remarks'].slice(0, REMARKS_MAX).map(textOf) }
                : {}),
            },
          ]
        : [],
    ),
    clock: { wall: timeOf(clock?.['wall']) ?? 0, state: textOf(clock?.['state']) },
  };
}

function fullOf(full: Loose | undefined): Pick<HealthMessage['spool'], 'full'> {
  if (full === undefined) return {};
  return {
    full: {
      since: timeOf(full['since']),
      until: timeOf(full['until']),
      over: full['over'] === true,
      thinned: numberOf(full['thinned']),
      dropped: numberOf(full['dropped']),
    },
  };
}

function readJson(payload: Uint8Array): Loose | undefined {
  if (payload.length > MESSAGE_BYTES_MAX) return undefined;
  try {
    return asObject(JSON.parse(Buffer.from(payload).toString('utf8')));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Loose | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Loose) : undefined;
}

/** Counts by short words; a hostile agent must not bring names without end. */
function countsOf(counts: Loose): Record<string, number> {
  const known = Object.entries(counts).filter(([fate]) => /^[a-z]{1,20}$/.test(fate));
  return Object.fromEntries(known.slice(0, FATES_MAX).map(([fate, count]) => [fate, numberOf(count)]));
}

function listOf(value: unknown): Loose[] {
  if (!Array.isArray(value)) return [];
  return (value as unknown[]).map(asObject).filter((entry) => entry !== undefined);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isTime(value: unknown): value is number {
  return isNumber(value) && value >= 0 && value <= TIME_MS_MAX;
}

/** A figure that nothing can be counted to is none. */
const knownOf = (value: unknown): number | null =>
  isNumber(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : null;
const numberOf = (value: unknown): number => Math.max(0, knownOf(value) ?? 0);
const timeOf = (value: unknown): number | null => (isTime(value) ? value : null);
const textOf = (value: unknown): string => (typeof value === 'string' ? value.slice(0, TEXT_MAX) : '');

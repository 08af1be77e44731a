import { MillwattError } from '../errors.ts';
import { measuredChannelId, statusChannelId, type Channel, type CounterTraits } from './channel.ts';
import { isCount, isDigest, isId, isLevelId } from './ids.ts';
import { PHASES, QUANTITIES, STATUSES } from './quantity.ts';
import type { ConfigSnapshot, SourceDescription } from './snapshot.ts';

type Fields = Record<string, unknown>;

const BEHAVIOURS: readonly CounterTraits['behaviour'][] = ['monotone', 'saturating', 'resettable'];
const DEVICE_FIELDS = ['manufacturer', 'model', 'serial', 'uri'] as const;
/** Positive integers of at most 30 digits: more than any product of ratios needs, and no work to speak of. */
const POSITIVE_INTEGER = /^[1-9]\d{0,29}$/;
const POSITIVE_DECIMAL = /^(?=.*[1-9])\d{1,30}(?:\.\d{1,30})?$/;
const TEXT_LENGTH_MAX = 512;

/** The text that is sealed as a `config` record's one part; its SHA-256 is the `config` of the records that rest on it. */
export function encodeSnapshot(snapshot: ConfigSnapshot): string {
  return JSON.stringify(snapshot);
}

/**
 * Reads the text of a config snapshot; throws an error of class `quarantine` (code `malformed-snapshot`). Every channel
 * then has the id its parts give, occurs once, and names a source of the snapshot.
 */
export function decodeSnapshot(text: string): ConfigSnapshot {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw malformed('is not JSON', cause);
  }
  if (!isObject(json) || json['v'] !== 1) throw malformed('is not of version 1');
  const { site, agent, software, sources, channels } = json;
  if (!isId(site) || !isId(agent)) throw malformed('names no usable site and agent');
  if (!isObject(software) || !isText(software['name']) || !isText(software['version']))
    throw malformed('does not name the software');
  if (!Array.isArray(sources) || !sources.every(isSource)) throw malformed('has a bad source');
  if (!Array.isArray(channels) || !channels.every(isChannel)) throw malformed('has a bad channel');
  const sourceIds = new Set(sources.map((source) => source.id));
  if (sourceIds.size !== sources.length) throw malformed('names a source twice');
  if (new Set(channels.map((channel) => channel.id)).size !== channels.length)
    throw malformed('names a channel twice');
  if (!channels.every((channel) => sourceIds.has(channel.source)))
    throw malformed('has a channel of a source that it does not describe');
  return json as unknown as ConfigSnapshot;
}

function isSource(value: unknown): value is SourceDescription {
  if (!isObject(value)) return false;
  const { id, protocol, address, everyMs, profile, meter, device, ct, vt } = value;
  return (
    isId(id) &&
    isLevelId(protocol) &&
    isText(address) &&
    isCount(everyMs) &&
    everyMs > 0 &&
    (profile === undefined ||
      (isObject(profile) &&
        isText(profile['id']) &&
        isText(profile['version']) &&
        isDigest(profile['sha256']))) &&
    (meter === undefined ||
      (isObject(meter) && isTextOrAbsent(meter['serial']) && isTextOrAbsent(meter['class']))) &&
    (device === undefined ||
      (isObject(device) && DEVICE_FIELDS.every((field) => isTextOrAbsent(device[field])))) &&
    isRatioOrAbsent(ct) &&
    isRatioOrAbsent(vt)
  );
}

function isChannel(value: unknown): value is Channel {
  if (!isObject(value)) return false;
  const { kind, id, machine, component, source, point } = value;
  if (!isLevelId(machine) || !isLevelId(component) || !isId(source) || !isText(point)) return false;
  if (kind === 'status') {
    const status = STATUSES.find((known) => known === value['status']);
    const { name } = value;
    return (
      status !== undefined &&
      isText(value['vocabulary']) &&
      (name === undefined || isLevelId(name)) &&
      id === statusChannelId(machine, component, status, name)
    );
  }
  const quantity = Object.entries(QUANTITIES).find(([name]) => name === value['quantity']);
  const phase = PHASES.find((known) => known === value['phase']);
  return (
    kind === 'measured' &&
    quantity !== undefined &&
    phase !== undefined &&
    id === measuredChannelId(machine, component, quantity[0] as keyof typeof QUANTITIES, phase) &&
    isScale(value['scale']) &&
    (value['counter'] === undefined || isCounter(value['counter'])) &&
    (value['accuracy'] === undefined || isAccuracy(value['accuracy']))
  );
}

function isScale(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    value.every((term) => typeof term === 'string' && POSITIVE_INTEGER.test(term))
  );
}

function isCounter(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { modulus, maximum, resolution, stepsBack, behaviour } = value;
  return (
    BEHAVIOURS.some((known) => known === behaviour) &&
    [modulus, maximum].every(
      (one) => one === undefined || (typeof one === 'string' && POSITIVE_INTEGER.test(one)),
    ) &&
    (stepsBack === undefined || typeof stepsBack === 'boolean') &&
    (resolution === undefined || (typeof resolution === 'string' && POSITIVE_DECIMAL.test(resolution)))
  );
}

function isAccuracy(value: unknown): boolean {
  return isObject(value) && isText(value['class']) && isTextOrAbsent(value['domain']);
}

function isRatioOrAbsent(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    isObject(value) &&
    [value['primary'], value['secondary']].every(
      (one) => typeof one === 'number' && one > 0 && Number.isFinite(one),
    )
  );
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || isText(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= TEXT_LENGTH_MAX;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(what: string, cause?: unknown): MillwattError {
  return new MillwattError('quarantine', 'malformed-snapshot', `A config snapshot ${what}.`, { cause });
}

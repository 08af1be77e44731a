import { MillwattError } from '../errors.ts';
import type { ConditionLevel, Told } from './mtconnect-buffer.ts';
import type { DeviceModel, SimulatedItem } from './mtconnect-devices.ts';

/** One observation of a recorded log. */
export interface RecordedTold extends Told {
  /** Line of the log, from 1 on. */
  line: number;
  /** Its own time, ms since the Unix epoch. */
  timeMs: number;
}

/** A recorded log, in file order. */
export interface RecordedLog {
  told: RecordedTold[];
  /** Observations of items that the device file does not declare; left out, as agents do. */
  undeclared: number;
  /** Lines that cannot be read, such as the torn last one of a log; left out. */
  unreadable: number[];
}

/** Lines from longer before the end are what the agent knew before the day began, ms. */
const DAY_MS = 36 * 3_600_000;

/**
 * When what is new in a log begins, ms since the Unix epoch: with the first line that the agent tells within 36 h before
 * the last. Lines before it make up what is in force when it begins.
 */
export function beginningOf({ told }: RecordedLog): number {
  let dueMs = -Infinity;
  const duesMs = told.map(({ timeMs }) => (dueMs = Math.max(dueMs, timeMs)));
  return duesMs.find((atMs) => atMs >= dueMs - DAY_MS) ?? 0;
}

/** The log as if it had been recorded later (or earlier) by so many whole seconds. */
export function moveLog(log: RecordedLog, bySeconds: number): RecordedLog {
  const move = (one: RecordedTold): RecordedTold => {
    const timeMs = one.timeMs + 1000 * bySeconds;
    const time = new Date(timeMs)
      .toISOString()
      .replace(/\.\d*Z$/u, /(?:\.\d*)?Z$/u.exec(one.time)?.[0] ?? 'Z');
    return { ...one, timeMs, time };
  };
  return { ...log, told: log.told.map(move) };
}

const LEVELS: Record<string, ConditionLevel> = {
  NORMAL: 'Normal',
  WARNING: 'Warning',
  FAULT: 'Fault',
  UNAVAILABLE: 'Unavailable',
};
/** What of a condition follows its level. */
const CONDITION_FIELDS = ['nativeCode', 'nativeSeverity', 'qualifier'] as const;

/**
 * Reads lines as adapters write them (SHDR): `time|item|value[|item|value...]`. A condition has four more fields (code,
 * severity, qualifier, words), a message one (its code). Assets and commands to the agent are passed over. Throws an
 * error of class `refuse`: `bad-recording` where no line can be read, `bad-devices` for a device that is not declared.
 *
 * @param deviceName whose log it is, by name or uuid; may be left out where one device is declared
 */
export function readRecordedLog(text: string, model: DeviceModel, deviceName?: string): RecordedLog {
  const itemOf = findItems(model, deviceName);
  const log: RecordedLog = { told: [], undeclared: 0, unreadable: [] };
  const lines = text.split('\n');
  let multilineEnd: string | undefined;
  lines.forEach((raw, index) => {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (multilineEnd !== undefined) {
      if (line === multilineEnd) multilineEnd = undefined;
      return;
    }
    if (line === '' || line.startsWith('*')) return;
    const fields = line.split('|');
    const time = zoned(fields[0]!.split('@')[0]!);
    const timeMs = Date.parse(time);
    if (Number.isNaN(timeMs) || fields.length < 3) return void log.unreadable.push(index + 1);
    if (fields[1]!.startsWith('@')) {
      const last = fields.at(-1)!;
      if (last.startsWith('--multiline--')) multilineEnd = last;
      return;
    }
    for (let at = 1; at + 1 < fields.length;) {
      const item = itemOf(fields[at]!);
      // What is undeclared tells nothing of its shape: a value, or a condition alone on its line.
      if (item === undefined) {
        log.undeclared++;
        at += fields.length === 7 ? 6 : 2;
        continue;
      }
      const { told, width } = readValue(item, fields.slice(at + 1));
      log.told.push({ item, time, timeMs, line: index + 1, ...told });
      at += 1 + width;
    }
  });
  const [first] = log.unreadable;
  if (first !== undefined && log.told.length === 0) throw badLine(first);
  return log;
}

/** Adapters write UTC, with or without saying so. */
function zoned(time: string): string {
  return /(?:Z|[+-]\d\d:?\d\d)$/u.test(time) ? time : `${time}Z`;
}

function readValue(
  item: SimulatedItem,
  fields: readonly string[],
): { told: Pick<Told, 'value' | 'level' | 'attributes'>; width: number } {
  const [value = ''] = fields;
  if (item.category === 'CONDITION') {
    const level = LEVELS[value.toUpperCase()] ?? 'Unavailable';
    const attributes: Record<string, string> = {};
    CONDITION_FIELDS.forEach((name, index) => {
      const field = fields[1 + index] ?? '';
      if (field !== '') attributes[name] = name === 'qualifier' ? field.toUpperCase() : field;
    });
    return { told: { value: fields[4] ?? '', level, attributes }, width: 5 };
  }
  if (item.type === 'MESSAGE')
    return {
      told: { value: fields[1] ?? '', ...(value === '' ? {} : { attributes: { nativeCode: value } }) },
      width: 2,
    };
  const empty = value === '' && item.category === 'SAMPLE';
  return { told: { value: empty ? 'UNAVAILABLE' : value }, width: 1 };
}

/** Items are called by name, id or source, with or without the device before them. */
function findItems(model: DeviceModel, deviceName: string | undefined) {
  const device = model.devices.findIndex(
    ({ name, uuid }) => deviceName === undefined || name === deviceName || uuid === deviceName,
  );
  if (device < 0 || (deviceName === undefined && model.devices.length > 1))
    throw new MillwattError(
      'refuse',
      'bad-devices',
      deviceName === undefined
        ? 'The device file declares several devices.'
        : `The device file declares no device ${deviceName}.`,
      { cure: `Set device: to one of ${model.devices.map(({ name }) => name).join(', ')}.` },
    );
  const own = model.items.filter((item) => item.device === device);
  const items = new Map<string, SimulatedItem>();
  for (const key of ['source', 'name', 'id'] as const)
    for (const item of own) if (item[key] !== undefined) items.set(item[key], item);
  const prefix = `${model.devices[device]!.name}:`;
  return (key: string) => items.get(key.startsWith(prefix) ? key.slice(prefix.length) : key);
}

function badLine(line: number): MillwattError {
  return new MillwattError('refuse', 'bad-recording', `Line ${line} of the MTConnect log is not readable.`, {
    cure: 'Give lines such as 2026-11-20T06:00:00.5Z|execution|ACTIVE, as an adapter sends them.',
  });
}

import { isModbus } from './modbus/modbus-config.ts';
import type { SourceDraft } from './source-draft.ts';
import type { Remark } from './finding.ts';

const EVERY_MS = { min: 100, max: 3_600_000 };
const TIMEOUT_MS = { min: 10, max: 60_000 };
/** One request without an answer may cost so many readings; more, and a single hiccup becomes a gap. */
const LOST_READINGS_MAX = 10;
/** A simulated device sees at most this many polls in a real second. */
const POLLS_PER_REAL_SECOND = 10;

/** Remarks on how often a source is read and how long it may take. `speed` is simulated ms in a real one. */
export function checkRates({ value: source, index, whole }: SourceDraft, speed: number): Remark[] {
  const remarks: Remark[] = [];
  const remark = (severity: Remark['severity'], key: string, message: string, cure: string) =>
    remarks.push({ severity, path: ['sources', index, key], message, cure });
  const { every, timeout } = source;
  if (every < EVERY_MS.min)
    remark(
      'error',
      'every',
      `${every} ms between readings is faster than meters renew their values.`,
      'Write at least 100ms; 1s is enough for energy.',
    );
  if (every > EVERY_MS.max)
    remark(
      'error',
      'every',
      'is longer than an hour, so that machine-hours could not be told apart.',
      'Write at most 1h.',
    );
  if (timeout < TIMEOUT_MS.min || timeout > TIMEOUT_MS.max)
    remark('error', 'timeout', `${timeout} ms is not 10ms to 60s.`, 'Write 1s unless the device is slow.');
  // An OPC UA server sends by itself; only a polled meter holds its own next reading up.
  else if (whole && isModbus(source) && timeout > every * LOST_READINGS_MAX)
    remark(
      'error',
      'timeout',
      `one request without an answer (${timeout} ms) would cost more than ${LOST_READINGS_MAX} readings (one every ${every} ms).`,
      `Write timeout: ${every * LOST_READINGS_MAX}ms or less, or read less often.`,
    );
  const stretchedMs = (1000 / POLLS_PER_REAL_SECOND) * speed;
  if (speed > 1 && whole && every < stretchedMs)
    remark(
      'warning',
      'every',
      `at ${speed} times real time this source is read every ${stretchedMs / 1000} simulated seconds instead.`,
      'Choose a lower speed to see every reading.',
    );
  return remarks;
}

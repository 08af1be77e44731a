import { readFullness } from '../../agent/spool-fullness.ts';
import { describeError } from '../../protocols/errors.ts';
import type { SpoolFull } from '../../protocols/telemetry/live.ts';
import type { Examination } from '../examination.ts';
import { formatTime } from '../format.ts';

/** Whether an agent's spool is or was too small for what waited, by its data folder; the agent may be running. */
export function examineSpool(dataFolder: string): Examination {
  const subject = 'spool';
  try {
    const known = readFullness(dataFolder);
    if (known === null) return { subject, result: 'good', message: 'there is none yet', cure: '' };
    if (known === undefined) return { subject, result: 'good', message: 'it never was full', cure: '' };
    const { sinceMs, untilMs, isOver, thinned, dropped } = known;
    return judgeFullness(subject, 'it', { since: sinceMs, until: untilMs, over: isOver, thinned, dropped });
  } catch (error) {
    // The agent says what is wrong with it when it starts, and mends it.
    return {
      subject,
      result: 'warning',
      message: `it cannot be read: ${describeError(error)}`,
      cure: 'Is this the user that runs the agent? A spool of an older version is read when the agent has started once.',
    };
  }
}

/** Whether one spool is or was full: a warning while it lasts. */
export function judgeFullness(
  subject: string,
  name: string,
  { since, until, over, thinned, dropped }: SpoolFull,
): Examination {
  const from = since === null ? '' : ` ${over ? 'from' : 'since'} ${formatTime(since)}`;
  const to = over && until !== null ? ` to ${formatTime(until)}` : '';
  const fates = [
    ...(thinned > 0 ? [`${thinned} readings were thinned out (the kWh of each hour stay exact)`] : []),
    ...(dropped > 0 ? [`${dropped} readings were dropped and are lost`] : []),
  ];
  return {
    subject,
    result: over ? 'good' : 'warning',
    message: `${name} ${over ? 'was' : 'is'} full${from}${to}: ${fates.join(', ')}`,
    cure: over
      ? ''
      : 'Keep the broker and the collector running, or give the agent a larger spool.maxSize: what waits is too much for it.',
  };
}

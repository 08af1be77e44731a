import { readWaiting } from '../../agent/waiting-records.ts';
import type { Examination } from '../examination.ts';
import { formatTime } from '../format.ts';

/** A collector that runs receipts within seconds. */
const OVERDUE_MS = 120_000;

/** Whether a collector takes what an agent has read, by its data folder; the agent may be running. @param nowMs wall ms */
export function examineWaiting(dataFolder: string, nowMs: number): Examination {
  const subject = 'collector';
  try {
    const waiting = readWaiting(dataFolder);
    if (waiting === null)
      return { subject, result: 'good', message: 'nothing was read yet that it could answer', cure: '' };
    const { records, samples, sinceMs, receiptedMs } = waiting;
    const last =
      receiptedMs === null
        ? 'it has receipted nothing that is kept here'
        : `it has receipted what was read up to ${formatTime(receiptedMs)}`;
    if (records === 0)
      return { subject, result: 'good', message: `${last}, and nothing waits for it`, cure: '' };
    const count = `${records} ${records === 1 ? 'record' : 'records'} (${samples} readings)`;
    const message = `${count} wait for it${sinceMs === null ? '' : ` since ${formatTime(sinceMs)}`}; ${last}`;
    if (sinceMs !== null && nowMs - sinceMs < OVERDUE_MS)
      return { subject, result: 'good', message, cure: '' };
    return {
      subject,
      result: 'warning',
      message,
      cure: 'Nothing is lost while the spool has room. Are the agent and `millwatt collector` running, with one site and one broker? `millwatt doctor -c collector.yaml` on its computer tells more, and so does the log of this agent.',
    };
  } catch {
    // Why a spool cannot be read is said of the spool itself.
    return { subject, result: 'good', message: 'what waits for it cannot be read', cure: '' };
  }
}

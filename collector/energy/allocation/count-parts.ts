import type { CountMark, JobRemark } from './job-mark.ts';

/** Parts that a counter showed at one moment. */
export interface CountedParts {
  /** Wall ms. */
  atMs: number;
  channel: string;
  counts: CountMark['counts'];
  /** More than 0. */
  made: number;
}

/**
 * Parts from a counter's rises. The first reading only says where it stands. A rise by several counts in full, at the
 * reading that showed it. A fall to 0 is a reset: nothing was made at that moment. A fall to anything else may be an
 * operator's correction or a reset with parts since: nothing is counted, so that no part is invented, and it is said.
 *
 * @param marks of one channel and one kind of count, in order of time; of one moment, the higher count is taken as the earlier
 */
export function countParts(marks: readonly CountMark[]): { parts: CountedParts[]; remarks: JobRemark[] } {
  const parts: CountedParts[] = [];
  const remarks: JobRemark[] = [];
  let before: number | null = null;
  for (const { atMs, channel, counts, count } of [...marks].sort(
    (a, b) => a.atMs - b.atMs || b.count - a.count,
  )) {
    const remark = (code: JobRemark['code'], saying: string) =>
      remarks.push({ code, atMs, channel, job: null, saying });
    if (!Number.isSafeInteger(count) || count < 0) {
      remark('count-refused', `${count} is no count of parts: it is passed over.`);
      continue;
    }
    if (before !== null && count > before) {
      parts.push({ atMs, channel, counts, made: count - before });
      if (count - before > 1)
        remark(
          'count-jump',
          `The counter rose from ${before} to ${count} at once: ${count - before} parts are counted here.`,
        );
    } else if (before !== null && count < before) {
      if (count === 0)
        remark('count-reset', `The counter was reset at ${before}: nothing was made at that moment.`);
      else
        remark(
          'count-back',
          `The counter fell from ${before} to ${count}: nothing is counted, up to ${count} parts may be missing.`,
        );
    }
    before = count;
  }
  return { parts, remarks };
}

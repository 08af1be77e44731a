import type { RecordFeed } from '../energy/record-feed.ts';
import type { StoredWord } from '../ledger/views.ts';

/** What tells of programs and parts; other words count only in the states that they decide. */
const KEPT: readonly string[] = ['program', 'execution', 'channelState', 'partCount'];

/** What a record says of a machine's programs and parts, and of the sources that tell it, to be kept as it was recorded. */
export function runWordsOf(machine: string, feed: RecordFeed): StoredWord[] {
  const { epoch, seq } = feed.record;
  const rows: StoredWord[] = [];
  for (const { channel, source, status, vocabulary, timesMs, values } of feed.words)
    if (KEPT.includes(status))
      for (const [place, atMs] of timesMs.entries()) {
        const value = values[place] ?? null;
        rows.push({ machine, channel, source, atMs, status, vocabulary, value, epoch, seq, place });
      }
  for (const { source, timesMs, up, healed } of feed.links)
    for (const [place, atMs] of timesMs.entries()) {
      const value = healed?.[place] === true ? 'healed' : (up[place] ?? false);
      rows.push({
        machine,
        channel: '',
        source,
        atMs,
        status: 'link',
        vocabulary: '',
        value,
        epoch,
        seq,
        place,
      });
    }
  return rows;
}

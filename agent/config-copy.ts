import type { ConfigSnapshot } from '../protocols/telemetry/snapshot.ts';
import { encodeSnapshot } from '../protocols/telemetry/snapshot-text.ts';

/** The largest message an agent sends, bytes. */
const COPY_BYTES_MAX = 128 * 1024;

/**
 * The copy of the wiring that is published for people; the sealed record is what counts. A wiring too large for one
 * message leaves out its channels, then its sources, and says how many: `channelsLeftOut`, `sourcesLeftOut`.
 */
export function configCopyOf(snapshot: ConfigSnapshot): string {
  const whole = encodeSnapshot(snapshot);
  if (Buffer.byteLength(whole) <= COPY_BYTES_MAX) return whole;
  const { channels, sources, ...head } = snapshot;
  const withSources = JSON.stringify({ ...head, sources, channelsLeftOut: channels.length });
  if (Buffer.byteLength(withSources) <= COPY_BYTES_MAX) return withSources;
  return JSON.stringify({ ...head, sourcesLeftOut: sources.length, channelsLeftOut: channels.length });
}

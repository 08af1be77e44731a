import type { Driver, Poll } from '../../protocols/driver.ts';
import { valueOf } from '../reading-format.ts';

/** Nothing in a plant measures less than this without being 0, or more than this, in W, V, A, Hz or Wh. */
const PLAUSIBLE = { least: 1e-30, most: 1e12 };

/** What to say of a value that no meter measures. */
export const ABSURD_WORDS =
  'no meter measures such a value: it looks like a wrong word order. Try the other `wordOrder` (little or big), and compare with the display.';

/** Ids of channels whose value is what registers give that are put together in the wrong order. */
export function remarkOnAbsurd(
  { channels, description }: Pick<Driver, 'channels' | 'description'>,
  poll: Poll | undefined,
): string[] {
  if (!description.protocol.startsWith('modbus')) return [];
  return (poll?.readings ?? []).flatMap((reading) => {
    const channel = channels.find(({ id }) => id === reading.channel);
    if (channel?.kind !== 'measured') return [];
    const value = valueOf(channel, reading.value);
    return value !== null && isAbsurd(value) ? [channel.id] : [];
  });
}

function isAbsurd(value: number): boolean {
  const magnitude = Math.abs(value);
  return magnitude > PLAUSIBLE.most || (magnitude > 0 && magnitude < PLAUSIBLE.least);
}

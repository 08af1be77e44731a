import type { ChannelReading, Driver, Poll } from '../../../protocols/driver.ts';
import { MillwattError } from '../../../protocols/errors.ts';

const DEADLINE_MS = 20_000;

/** The values of a poll, in the order of its channels. */
export const valuesOf = (poll: Poll) => poll.readings.map(({ value }) => value);

/** Polls as the agent would, until the readings are as wanted: a busy computer may miss a deadline first. */
export async function pollUntil(
  driver: Driver,
  isWanted: (readings: readonly ChannelReading[]) => boolean,
): Promise<Poll> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const poll = await driver.poll().catch((error: unknown) => error as Error);
    if (!(poll instanceof Error) && isWanted(poll.readings)) return poll;
    if (performance.now() > deadlineMs)
      throw poll instanceof Error ? poll : new Error(`still ${JSON.stringify(valuesOf(poll), plain)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Polls as the agent would, until it fails as wanted. */
export async function pollUntilFailed(
  driver: Driver,
  isWanted: (failure: MillwattError) => boolean,
): Promise<MillwattError> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const failure = await driver.poll().then(
      () => new Error('it was let in'),
      (error: unknown) => error,
    );
    if (failure instanceof MillwattError && isWanted(failure)) return failure;
    if (performance.now() > deadlineMs) throw failure;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);

import { describeError, MillwattError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import { createSeldom } from '../protocols/mqtt/seldom.ts';
import type { SpooledRecord } from './spool.ts';
import type { Verdict } from './suspects.ts';

type Seldom = ReturnType<typeof createSeldom>;

/** What an operator is told of records on their way. What may come again and again is told once a minute. */
export class DeliveryLog {
  readonly #log: Log;
  readonly #refused: Seldom;
  readonly #overtaken: Seldom;
  readonly #unreadable: Seldom;

  /** @param nowMs real monotonic time, ms */
  constructor(log: Log, nowMs: () => number) {
    this.#log = log;
    this.#refused = createSeldom(nowMs);
    this.#overtaken = createSeldom(nowMs);
    this.#unreadable = createSeldom(nowMs);
  }

  /** The broker said no to a record, or it is larger than what the broker announced. */
  refused(error: unknown): void {
    this.#refused((unsaid) =>
      this.#log.warn(
        { unsaid, cure: error instanceof MillwattError ? error.cure : undefined },
        `a record stays in the spool. ${describeError(error)}`,
      ),
    );
  }

  /** A record waits, because later ones were receipted so many times before it. */
  overtaken({ epoch, seq, bytes }: SpooledRecord, times: number): void {
    this.#overtaken((unsaid) =>
      this.#log.warn(
        {
          epoch,
          seq,
          bytes: bytes.length,
          times,
          unsaid,
          cure: "Look for limits and filters of the broker (mosquitto: message_size_limit), and into the collector's log.",
        },
        'a record is not receipted, though later ones are; it stays in the spool and is tried again ever more seldom',
      ),
    );
  }

  unreadable(error: unknown): void {
    this.#unreadable((unsaid) =>
      this.#log.error(
        { unsaid, reason: describeError(error) },
        'the spool cannot be read; nothing is sent until it can. Look at the disk',
      ),
    );
  }

  /** What the ends of connections have shown about a record. */
  judged({ epoch, seq }: SpooledRecord, { fate, bytes }: Verdict): void {
    if (fate === 'too-large')
      this.#log.warn(
        {
          epoch,
          seq,
          bytes,
          cure: 'Let the broker take packets of 262144 bytes (mosquitto: max_packet_size).',
        },
        'the broker ends the connection at this record and takes smaller ones; it stays in the spool and is tried again in an hour',
      );
    else
      this.#log.error(
        { epoch, seq, bytes, cure: "Look into the broker's log for why it ends the connection." },
        'three times the broker ended the connection at this record alone, and took others like it; it is kept in the spool, set aside',
      );
  }
}

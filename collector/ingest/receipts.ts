import { rangeDigest, sealReceipt } from '../../protocols/evidence/seal.ts';
import type { SigningKey } from '../../protocols/evidence/keys.ts';
import type { AcceptedRange, Rejection } from '../../protocols/telemetry/receipt.ts';
import { systemTimers, type Cancel, type Timers } from '../../protocols/timers.ts';
import { topicOf } from '../../protocols/telemetry/topics.ts';

/** Receipts leave at most this long after the first record they speak of, real ms. */
const GATHER_MS = 50;
/** Records in one range: agents look up no more at once than a few thousand. */
const RANGE_RECORDS_MAX = 1000;
/** Entries of each kind in one receipt: far below the 64 KiB a receipt may have. */
const ENTRIES_MAX = 200;

/** What became of receipts since the start. */
export interface ReceiptStats {
  sent: number;
  /** Not acknowledged by the broker; the agent sends its records again and is receipted then. */
  failed: number;
  /** Gathered and not yet sent. */
  waiting: number;
}

interface Gathered {
  agent: string;
  epoch: string;
  accepted: Map<number, string>;
  rejected: Map<string, Rejection>;
  requested: { from: number; to: number }[];
  isKeyRevoked: boolean;
}

/** Gathers what is durable and what will never be, and tells each agent in signed receipts. */
export class ReceiptIssuer {
  readonly #site: string;
  readonly #collector: string;
  readonly #key: SigningKey;
  readonly #wallMs: () => number;
  readonly #publish: (topic: string, payload: Uint8Array) => Promise<void>;
  readonly #gatherMs: number;
  readonly #gathered = new Map<string, Gathered>();
  readonly #sending = new Set<Promise<void>>();
  readonly #timers: Pick<Timers, 'after'>;
  #cancel: Cancel | undefined;
  #sent = 0;
  #failed = 0;

  /**
   * @param options.wallMs wall time that receipts are dated with, ms since the Unix epoch
   * @param options.publish hands a receipt to the broker with QoS 1; rejects when that is unknown
   * @param options.gatherMs how long records are gathered for one receipt, real ms
   */
  constructor(options: {
    site: string;
    collector: string;
    key: SigningKey;
    wallMs: () => number;
    publish: (topic: string, payload: Uint8Array) => Promise<void>;
    gatherMs?: number;
    /** Real time; that of the process by default. */
    timers?: Pick<Timers, 'after'>;
  }) {
    this.#site = options.site;
    this.#collector = options.collector;
    this.#key = options.key;
    this.#wallMs = options.wallMs;
    this.#publish = options.publish;
    this.#gatherMs = options.gatherMs ?? GATHER_MS;
    this.#timers = options.timers ?? systemTimers;
  }

  /** The record is durable in the ledger. Only ever called after the ledger said so. */
  accept(record: { agent: string; epoch: string; seq: number; hash: string }): void {
    this.#of(record.agent, record.epoch).accepted.set(record.seq, record.hash);
  }

  /** The record will never be taken. */
  reject(agent: string, epoch: string, rejection: Rejection): void {
    this.#of(agent, epoch).rejected.set(`${rejection.seq}/${rejection.hash}`, rejection);
  }

  /** Records that are missing, asked for again. */
  request(agent: string, epoch: string, ranges: readonly { from: number; to: number }[]): void {
    const gathered = this.#of(agent, epoch);
    gathered.requested = union([...gathered.requested, ...ranges]).slice(0, ENTRIES_MAX);
  }

  /** The key of an epoch is revoked: nothing of it is taken just now. */
  refuseKey(agent: string, epoch: string): void {
    this.#of(agent, epoch).isKeyRevoked = true;
  }

  /** Sends what is gathered now; resolves when the broker has answered for everything that was sent so far. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const gathered of this.#gathered.values()) this.#send(gathered);
    this.#gathered.clear();
    await Promise.all(this.#sending);
  }

  stats(): ReceiptStats {
    return { sent: this.#sent, failed: this.#failed, waiting: this.#gathered.size + this.#sending.size };
  }

  #of(agent: string, epoch: string): Gathered {
    const name = `${agent}/${epoch}`;
    let gathered = this.#gathered.get(name);
    if (gathered === undefined) {
      gathered = {
        agent,
        epoch,
        accepted: new Map(),
        rejected: new Map(),
        requested: [],
        isKeyRevoked: false,
      };
      this.#gathered.set(name, gathered);
      this.#cancel ??= this.#timers.after(this.#gatherMs, () => void this.flush());
    }
    return gathered;
  }

  #send({ agent, epoch, accepted, rejected, requested, isKeyRevoked }: Gathered): void {
    const ranges = rangesOf(accepted);
    const rejections = [...rejected.values()];
    let asked = requested;
    let refusesKey = isKeyRevoked;
    while (ranges.length > 0 || rejections.length > 0 || asked.length > 0 || refusesKey) {
      const receipt = sealReceipt(
        {
          site: this.#site,
          collector: this.#collector,
          agent,
          epoch,
          at: this.#wallMs(),
          accepted: ranges.splice(0, ENTRIES_MAX),
          rejected: rejections.splice(0, ENTRIES_MAX),
          requested: asked,
          ...(refusesKey ? { keyRevoked: true } : {}),
        },
        this.#key,
      );
      asked = [];
      refusesKey = false;
      const sending = this.#publish(topicOf(this.#site, agent, 'receipt'), receipt)
        .then(
          () => void this.#sent++,
          () => void this.#failed++,
        )
        .finally(() => this.#sending.delete(sending));
      this.#sending.add(sending);
    }
  }
}

/** What some ranges cover together. */
function union(ranges: readonly { from: number; to: number }[]): { from: number; to: number }[] {
  const all: { from: number; to: number }[] = [];
  for (const { from, to } of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else all.push({ from, to });
  }
  return all;
}

/** Runs of consecutive sequence numbers, each with the digest over its hashes. */
function rangesOf(accepted: ReadonlyMap<number, string>): AcceptedRange[] {
  const ranges: { from: number; to: number; hashes: string[] }[] = [];
  for (const [seq, hash] of [...accepted].sort(([a], [b]) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to + 1 === seq && last.hashes.length < RANGE_RECORDS_MAX) {
      last.to = seq;
      last.hashes.push(hash);
    } else ranges.push({ from: seq, to: seq, hashes: [hash] });
  }
  return ranges.map(({ from, to, hashes }) => ({ from, to, digest: rangeDigest(hashes) }));
}

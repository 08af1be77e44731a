import { connectLink } from '../protocols/mqtt/mqtt-link.ts';
import { parseRecordHead } from '../protocols/telemetry/record.ts';
import { filterOf, parseTopic } from '../protocols/telemetry/topics.ts';

/** What somebody on the broker saw of an agent that drains a backlog. */
export interface WatchFigures {
  /** Records of the backlog and of now, each counted once. */
  backlogRecords: number;
  freshRecords: number;
  /** First arrivals that came before one with a smaller number: of the backlog, and of what was sealed meanwhile. */
  backlogOutOfOrder: number;
  freshOutOfOrder: number;
  /** The oldest that the newest live message was at any time, ms. */
  liveAgeMsMax: number;
  /** From the sealing of a record to its arrival, of those sealed since the broker came; the most, ms. */
  freshDelayMsMax: number;
  /** Records of the backlog that arrived in that time; the most: what a new one waits for, however busy the computer is. */
  freshBehindMax: number;
}

/** Watches the topics of one agent through the broker, as anybody could. */
export class BacklogWatch {
  readonly #link: ReturnType<typeof connectLink>;
  /** The backlog, byte for byte, where it is asked for. */
  readonly payloads: Uint8Array[] = [];
  readonly #backlogSeq: number;
  readonly #keepsPayloads: boolean;
  readonly #fromMs = Date.now();
  readonly #seen = new Set<number>();
  readonly #figures: WatchFigures = {
    backlogRecords: 0,
    freshRecords: 0,
    backlogOutOfOrder: 0,
    freshOutOfOrder: 0,
    liveAgeMsMax: 0,
    freshDelayMsMax: 0,
    freshBehindMax: 0,
  };
  readonly #backlogAtMs: number[] = [];
  #backlogMax = 0;
  #freshMax = 0;
  #liveAtMs: number | undefined;
  readonly #looking: NodeJS.Timeout;

  /** @param backlogSeq the last record that was sealed before the broker was there */
  constructor(url: string, site: string, backlogSeq: number, keepsPayloads: boolean) {
    this.#keepsPayloads = keepsPayloads;
    this.#backlogSeq = backlogSeq;
    this.#link = connectLink(
      {
        url,
        clientId: 'watch',
        username: 'watch',
        subscriptions: [
          { filter: filterOf(site, 'batch'), qos: 0 },
          { filter: filterOf(site, 'live'), qos: 0 },
        ],
        onMessage: ({ topic, payload }) => this.#take(topic, payload),
        onState: () => {},
      },
      { backOffBaseMs: 20, backOffCapMs: 100 },
    );
    this.#looking = setInterval(() => {
      if (this.#liveAtMs === undefined) return;
      this.#figures.liveAgeMsMax = Math.max(this.#figures.liveAgeMsMax, Date.now() - this.#liveAtMs);
    }, 50);
  }

  figures(): WatchFigures {
    return { ...this.#figures };
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.#link.close();
  }

  #take(topic: string, payload: Uint8Array): void {
    if (parseTopic(topic)?.leaf === 'live') {
      const { at } = JSON.parse(Buffer.from(payload).toString('utf8')) as { at: number };
      this.#liveAtMs = Math.max(this.#liveAtMs ?? 0, at);
      return;
    }
    const { header } = parseRecordHead(payload);
    const { seq } = header;
    // Sent again because its receipt was late: the first time told the order.
    if (this.#seen.has(seq)) return;
    this.#seen.add(seq);
    const figures = this.#figures;
    if (seq <= this.#backlogSeq) {
      figures.backlogRecords += 1;
      this.#backlogAtMs.push(Date.now());
      if (this.#keepsPayloads) this.payloads.push(Uint8Array.from(payload));
      if (seq < this.#backlogMax) figures.backlogOutOfOrder += 1;
      this.#backlogMax = Math.max(this.#backlogMax, seq);
      return;
    }
    figures.freshRecords += 1;
    if (seq < this.#freshMax) figures.freshOutOfOrder += 1;
    this.#freshMax = Math.max(this.#freshMax, seq);
    const sealedMs = header.clock.wall;
    if (sealedMs < this.#fromMs) return;
    figures.freshDelayMsMax = Math.max(figures.freshDelayMsMax, Date.now() - sealedMs);
    const behind = this.#backlogAtMs.filter((atMs) => atMs >= sealedMs).length;
    figures.freshBehindMax = Math.max(figures.freshBehindMax, behind);
  }
}

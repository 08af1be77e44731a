import type * as NodeOpcua from 'node-opcua';
import type { ChannelReading } from '../../driver.ts';
import { readingOf } from '../opcua-value.ts';
import type { Watched } from './subscription.ts';

/** A node that a source is fed from, on the server that is connected. */
export interface FeedNode {
  /** Channel id. */
  key: string;
  /** For people. */
  point: string;
  kind: 'measured' | 'word';
  /** As this server numbers it; undefined where it has none, or where that is not known yet. */
  nodeId: string | undefined;
  /** Why it has no node id, where that is known. */
  missing?: string;
  /** In the node's unit. */
  deadband?: number;
  /** Where it tells the id of a state: its word by that id. */
  words?: Readonly<Record<string, string>>;
  /** A word that changes all the time, a timer: it comes as often as readings do, not with every change. */
  isTimer?: true;
}

/** A report that comes so long after a read is not an old one that the read has overtaken, whatever its stamps say. */
const OVERTAKEN_MS_MAX = 5000;

/** What is known of a node over one connection. */
export class NodeState {
  readonly node: FeedNode;
  watched: Watched | undefined;
  /** Values that the subscription told. */
  told = 0;
  /** The subscription does not work for it: it is read each time. */
  readInstead = false;
  /** It was read over this connection, so that it can be read. */
  wasRead = false;
  /** What the subscription told may have been overtaken by something that it did not: it has to be read. */
  #doubted = false;
  #held: NodeOpcua.DataValue | undefined;
  #read: NodeOpcua.DataValue | undefined;
  #readAtMs = 0;
  /** The value that is held as a reading; made when it is asked for, since not every value is. */
  #reading: ChannelReading | undefined;

  constructor(node: FeedNode) {
    this.node = node;
  }

  get isDoubted(): boolean {
    return this.#doubted;
  }

  /** A report of the subscription went missing, and may have told of this node. */
  doubt(): void {
    this.#doubted = this.#held !== undefined;
  }

  /** Newest value that the subscription told. */
  get held(): NodeOpcua.DataValue | undefined {
    return this.#held;
  }

  /** The held value; undefined where none is held. */
  get heldReading(): ChannelReading | undefined {
    if (this.#held === undefined) return undefined;
    this.#reading ??= this.asReading(this.#held);
    return this.#reading;
  }

  asReading(value: NodeOpcua.DataValue | undefined): ChannelReading {
    const { value: number, quality } = readingOf(value);
    return { channel: this.node.key, value: number, quality };
  }

  /** A read value was handed on; `nowMs` is real monotonic time. */
  noteRead(value: NodeOpcua.DataValue, nowMs: number): void {
    this.wasRead = true;
    this.#read = value;
    this.#readAtMs = nowMs;
    if (this.#doubted) this.#hold(value);
  }

  /**
   * The subscription told a value; gives back the one that counts. A server publishes its first samples when its interval
   * ends: what was read meanwhile is newer, and a counter must not step back to before it.
   */
  take(value: NodeOpcua.DataValue, nowMs: number): NodeOpcua.DataValue {
    const read = this.#read;
    const isOvertaken =
      read !== undefined && nowMs - this.#readAtMs < OVERTAKEN_MS_MAX && isOlder(value, read);
    if (!isOvertaken) this.#read = undefined;
    const newest = isOvertaken ? read : value;
    this.#hold(newest);
    this.told++;
    return newest;
  }

  #hold(value: NodeOpcua.DataValue): void {
    this.#held = value;
    this.#reading = undefined;
    this.#doubted = false;
  }

  /** What the subscription said no longer counts. */
  forget(): void {
    this.watched = undefined;
    this.#doubted = false;
    this.#held = undefined;
    this.#reading = undefined;
  }
}

/** By the stamps of the source, where they differ, or of the server: each of one clock. */
function isOlder(a: NodeOpcua.DataValue, b: NodeOpcua.DataValue): boolean {
  const bySource = differenceMs(a.sourceTimestamp, b.sourceTimestamp);
  return (bySource !== 0 ? bySource : differenceMs(a.serverTimestamp, b.serverTimestamp)) < 0;
}

function differenceMs(a: Date | null | undefined, b: Date | null | undefined): number {
  return a instanceof Date && b instanceof Date ? a.getTime() - b.getTime() : 0;
}

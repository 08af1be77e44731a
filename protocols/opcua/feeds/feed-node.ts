import type * as NodeOpcua from 'node-opcua';
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
}

/** What is known of a node over one connection. */
export class NodeState {
  readonly node: FeedNode;
  watched: Watched | undefined;
  /** Newest value that the subscription told. */
  held: NodeOpcua.DataValue | undefined;
  /** Values that the subscription told. */
  told = 0;
  /** The subscription does not work for it: it is read each time. */
  readInstead = false;

  constructor(node: FeedNode) {
    this.node = node;
  }

  take(value: NodeOpcua.DataValue): void {
    this.held = value;
    this.told++;
  }

  /** What the subscription said no longer counts. */
  forget(): void {
    this.watched = undefined;
    this.held = undefined;
  }
}

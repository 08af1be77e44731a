import type { CounterTraits } from '../../telemetry/channel.ts';
import type { Phase, Quantity, Status } from '../../telemetry/quantity.ts';
import type { SourceDescription } from '../../telemetry/snapshot.ts';

/** A measured node that a model found on a server. */
export interface FoundMeasured {
  /** As this server numbers it now: `ns=2;s=Power`. */
  nodeId: string;
  /** Where it is, for people and for the evidence; stays the same when namespaces are numbered anew. */
  point: string;
  component: string;
  quantity: Quantity;
  phase: Phase;
  /** raw x num / den = value in the quantity's unit, from the unit the server gives. */
  scale: [num: string, den: string];
  counter?: CounterTraits;
  /** As the server says it. */
  accuracy?: { class: string; domain?: string };
}

/** A word that a model found on a server. */
export interface FoundStatus {
  nodeId: string;
  point: string;
  component: string;
  status: Status;
  name?: string;
  vocabulary: string;
  /**
   * Where the node tells a state by the id of the state's node: its word by that id, written `ns=4;i=5006`. Not in any
   * language but that of the standard.
   */
  words?: Readonly<Record<string, string>>;
}

/** All that a model found. What is expected and missing, or has no unit, is told in `remarks`. */
export interface Found {
  device?: NonNullable<SourceDescription['device']>;
  measured: FoundMeasured[];
  statuses: FoundStatus[];
  /** One sentence each, for the operator. */
  remarks: string[];
}

import type { Phase, Quantity, Status } from '../../telemetry/quantity.ts';
import type { ServerNode } from '../browse/server-node.ts';

/** A measured node that may be read, once its unit is known. */
export interface MeasuredCandidate {
  variable: ServerNode;
  point: string;
  component: string;
  quantity: Quantity;
  phase: Phase;
  /** The unit that the standard fixes where the server need not name one. */
  unit?: string;
  /** A boolean node: where it is true there is nothing behind the value. */
  unless?: ServerNode | undefined;
}

/** A word that may be read. */
export interface StatusCandidate {
  variable: ServerNode;
  point: string;
  component: string;
  status: Status;
  name?: string;
  vocabulary: string;
  /** It is the current state of a state machine, which may be told in several ways. */
  isState?: boolean;
}

/** What a model can read, as far as the tree of nodes shows it. */
export interface Candidates {
  measured: MeasuredCandidate[];
  statuses: StatusCandidate[];
  remarks: string[];
}

/** `Monitoring/MachineTool/OperationMode` */
export function pointOf(...names: readonly string[]): string {
  return names.join('/');
}

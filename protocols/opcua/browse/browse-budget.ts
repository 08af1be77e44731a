/** What looking through a server may cost. */
export interface BrowseBudget {
  /** Browse requests. */
  requestsMax: number;
  /** Nodes kept in memory. */
  nodesMax: number;
  /** Levels below the root. */
  depthMax: number;
  /** Nodes looked at of one that holds many. */
  childrenMax: number;
}

/** Why something was not looked at. */
export type CutReason = 'children' | 'depth' | 'nodes' | 'requests' | 'time' | 'refused';

/** Something that was not looked at, so that nothing is left out quietly. */
export interface Cut {
  /** Way of browse names; empty for the root. */
  path: readonly string[];
  reason: CutReason;
  /** The server's word where it refused. */
  status?: string;
}

/** A cut as a sentence without its full stop. */
export function describeCut({ path, reason, status }: Cut, budget: BrowseBudget): string {
  const at = path.length === 0 ? 'the start' : path.join('/');
  switch (reason) {
    case 'children':
      return `of what ${at} holds only the first ${budget.childrenMax} were looked at`;
    case 'depth':
      return `${at} was not opened: it lies ${budget.depthMax} levels down`;
    case 'nodes':
      return `from ${at} on nothing was opened: ${budget.nodesMax} nodes were seen`;
    case 'requests':
      return `from ${at} on nothing was opened: ${budget.requestsMax} requests were made`;
    case 'time':
      return `from ${at} on nothing was opened: the time was over`;
    case 'refused':
      return `${at} could not be opened${status === undefined ? '' : ` (${status})`}`;
  }
}

import type { Quality } from './quantity.ts';

/** The plain JSON of a machine's latest values, for the page and anyone on the floor. Never a source of energy. */
export interface LiveMessage {
  v: 1;
  machine: string;
  /** Agent wall time, ms since the Unix epoch. */
  at: number;
  /** By channel id: the value in the canonical unit, its age in ms and its quality. Status channels give
   * the raw word, and its vocabulary where a unit would be. */
  values: Record<
    string,
    { value: number | string | boolean | null; unit: string; ageMs: number; quality: Quality }
  >;
  /** Sources of this machine that are down, with the reason. */
  down: { source: string; reason: string }[];
  /** Set where the plant is simulated. */
  simulated?: true;
}

/** The retained status of an agent; the broker publishes the offline one as the agent's will. */
export interface StatusMessage {
  v: 1;
  online: boolean;
  version: string;
  boot: string;
  epoch: string;
  seq: number;
}

/** A time at which a spool was full; `until` is null while it is not `over`. */
export interface SpoolFull {
  since: number | null;
  until: number | null;
  over: boolean;
  thinned: number;
  dropped: number;
}

/**
 * The health of an agent, every 30 s. The counts hold: sampled = receipted + pending + rejected + thinned + dropped; an older
 * agent counts what was rejected as dropped.
 */
export interface HealthMessage {
  v: 1;
  at: number;
  version: string;
  uptimeS: number;
  host: {
    cpuLoad: number | null;
    memoryUsedShare: number | null;
    diskFreeBytes: number | null;
    cpuTemperatureDegC: number | null;
  };
  process: { rssBytes: number; eventLoopDelayMs: number };
  spool: {
    epoch: string;
    headSeq: number;
    records: { sealed: number; receipted: number; pending: number; rejected: number };
    samples: {
      sampled: number;
      receipted: number;
      pending: number;
      rejected?: number;
      thinned?: number;
      dropped: number;
    };
    bytes: number;
    /** Why the disk does not take what is read, which is held in memory meanwhile; null while it does. */
    failing?: string | null;
    /**
     * The last time that the spool was too small for what waited for a collector, agent wall ms (null where its clock was not
     * trusted), and how many samples were thinned and dropped then; absent where it never was.
     */
    full?: SpoolFull;
  };
  /**
   * The collector takes no records under a key of this agent any more: under the one that it signs with now (`current`), or an
   * earlier one (`earlier`), whose records wait in the spool. Absent where it takes all.
   */
  keyRevoked?: 'current' | 'earlier';
  /** Receipts since the start by fate: `obeyed`, or the fault for which one was ignored, such as `foreign` or `forged`. */
  receipts?: Record<string, number>;
  sources: {
    id: string;
    up: boolean;
    reason: string;
    polls: number;
    failures: number;
    lastReadingAgeMs: number | null;
    insecure?: true;
    /** What the operator should know though the source works. */
    remarks?: string[];
  }[];
  clock: { wall: number; state: string };
}

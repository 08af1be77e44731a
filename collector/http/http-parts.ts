import type { Clock } from '../../protocols/clock.ts';
import type { Log } from '../../protocols/log.ts';
import type { HealthMessage } from '../../protocols/telemetry/live.ts';
import type { Alarm } from '../alarms.ts';
import type { ExportsPart } from '../exports/exports-part.ts';
import type { JournalReader } from '../journal/journal.ts';
import type { Views } from '../ledger/views.ts';
import type { JobsPart } from '../reports/job-part.ts';
import type { ComponentUncertainty } from '../reports/uncertain-period.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { RetentionStats } from '../retention/retention.ts';
import type { SitePlan } from '../reports/site-plan.ts';
import type { LiveBoard } from './live-board.ts';
import type { MetricFamily } from './metric-families.ts';

/** An agent as the collector sees it. */
export interface AgentView {
  id: string;
  /** By its status and its will. */
  online: boolean;
  version: string;
  /** Collector wall time of the last message of any kind, ms since the Unix epoch; null when none came since our start. */
  lastSeenMs: number | null;
  health: HealthMessage | null;
  /** By how much its clock is ahead of ours, ms; absent before it has spoken since our start. */
  clockOffsetMs?: number;
  /** Its newest chain in the ledger; null when there is none. */
  chain: { epoch: string; headSeq: number; contiguousSeq: number; records: number; samples: number } | null;
  /** Fingerprint of its key, whether someone has confirmed it, and how far it is trusted. */
  key?: { fingerprint: string; confirmed: boolean; standing: string };
}

/** A machine of the collector's configuration. */
export interface MachineInfo {
  id: string;
  name?: string | undefined;
  ratedPowerW?: number | null | undefined;
  componentRatedPowerW?: Readonly<Record<string, number>> | undefined;
}

/** What the ledger holds. */
export interface LedgerStats {
  records: number;
  samples: number;
  sizeBytes: number;
  lastOrdinal: number;
}

/** Everything the server shows; it changes none of it, and only takes in the marks of jobs. */
export interface HttpParts {
  site: string;
  version: string;
  /** The collector's public key, for `collectorKey` of the agents. */
  publicKey: string;
  /** True when the plant is simulated: the page says so at its top. */
  simulated: boolean;
  views: Pick<
    Views,
    | 'hour'
    | 'hours'
    | 'bases'
    | 'minutes'
    | 'snapshot'
    | 'states'
    | 'watched'
    | 'series'
    | 'machines'
    | 'channels'
  >;
  /** What people told; absent where no journal was opened. */
  journal?: Pick<JournalReader, 'entries' | 'page'>;
  /** The uncertainty of the supply in one hour, or a sentence why there is none. */
  assessHour?: (hour: MachineHour) => ComponentUncertainty | string;
  /** What was declared of the site: its calendar, metering and years of use; absent where a server is without it. */
  plan?: SitePlan;
  /** Jobs, and the marks an MES tells of them; absent where no journal was opened. */
  jobs?: JobsPart;
  /** Footprints as files; absent where no journal was opened. */
  exports?: ExportsPart;
  machines: readonly MachineInfo[];
  live: LiveBoard;
  agents: () => AgentView[];
  ledger: () => LedgerStats;
  /** From when on readings are kept, and what is frozen; undefined where everything is kept for good. */
  retention?: () => RetentionStats | undefined;
  /** What a person has to see to; absent where a server is without such parts. */
  alarms?: () => Alarm[];
  /** What other parts have to say in /metrics: projector, admission, derivation. */
  metrics: () => MetricFamily[];
  clock: Pick<Clock, 'wallMs' | 'speed'>;
  log: Log;
}

import type * as NodeOpcua from 'node-opcua';
import type { Clock } from '../../clock.ts';
import type { StatusReport } from '../../driver.ts';
import type { FeedMemory } from './feed-memory.ts';

/** How a source is to be fed. */
export interface FeedSettings {
  everyMs: number;
  /** Measured nodes are subscribed to, or read each time. */
  reading: 'subscribe' | 'read';
  /** Values the server keeps for a measured node. */
  queue: number;
  /** No request takes longer, ms. */
  timeoutMs: number;
}

/** What a feed needs of the world. */
export interface FeedSurroundings {
  opcua: typeof NodeOpcua;
  clock: Clock;
  /** Real time, for the watchdog. */
  real: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  memory: FeedMemory;
  /** A word, or that there is none any more. */
  onWord(channel: string, value: StatusReport['value']): void;
  /** A node means something else from now on: it may have another unit. */
  onMeaning: () => void;
}

/** Under simulated time a value is only true at the moment it is asked for: then measured nodes are read all the same. */
export function subscribesMeasured(settings: Pick<FeedSettings, 'reading'>, clock: Clock): boolean {
  return settings.reading === 'subscribe' && clock.speed() === 1;
}

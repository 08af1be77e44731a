import type { Clock } from '../clock.ts';
import type { Driver } from '../driver.ts';
import { MillwattError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MtconnectSourceOptions } from './mtconnect-options.ts';

/** What the driver needs of the world. */
export interface MtconnectSurroundings {
  /** Simulated or real time: what readings are stamped with. */
  clock: Clock;
  log?: Log;
  /** Real time, for back-off and the watchdog. */
  real?: Pick<Clock, 'monotonicMs'>;
}

/** An MTConnect source; connects at the first poll. */
export function createMtconnectDriver(
  options: MtconnectSourceOptions,
  _around: MtconnectSurroundings,
): Driver {
  throw new MillwattError('refuse', 'not-yet', `Source ${options.id}: MTConnect cannot be read yet.`);
}

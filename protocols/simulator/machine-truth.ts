import type { Phase, Quantity } from '../telemetry/quantity.ts';
import type { LoadMoment } from './load-profile.ts';
import type { LoadComponent } from './load-shares.ts';

/** What an OPC UA machine tells, at the moment it is asked. */
export interface MachineTruth {
  moment(): LoadMoment;
  /** In the quantity's canonical unit; null where there is no value. */
  measure(component: LoadComponent, quantity: Quantity, phase: Phase): number | null;
}

import type { ModbusEndpoint } from './endpoint.ts';
import type { Order } from './profile/profile.ts';

/** A transformer ratio that the operator entered, in A or V. */
export interface TransformerRatio {
  primary: number;
  secondary: number;
}

/** What the wiring says of the place of a meter. */
export interface Wiring {
  id: string;
  machine: string;
  component: string;
  ct?: TransformerRatio | undefined;
  vt?: TransformerRatio | undefined;
}

/** What the driver needs to know of one meter or drive. */
export interface ModbusSource extends Wiring {
  endpoint: ModbusEndpoint;
  /** Unit id, 0 .. 255. */
  unit: number;
  /** Names such as `activePower`, `voltage.l1` or `execution`; absent means the usual ones the profile has. */
  read?: readonly string[] | undefined;
  /** Added to every address of the profile: -1, 0 or 1. */
  addressOffset: number;
  /** Instead of the profile's, where the operator has changed it in the device. */
  wordOrder?: Order | undefined;
  /** For one request, ms. */
  timeout: number;
  /** Between two polls, ms. */
  every: number;
  /** What 100 % means for points that are a percentage of it, W. */
  ratedPowerW?: number | undefined;
  /** Scales that no source states and the operator found, by point name: raw x scale = value in the point's unit. */
  scales?: Readonly<Record<string, string>> | undefined;
  /** The operator says that nothing is ever exported here: import + export in one register is import. */
  importOnly?: boolean | undefined;
  meter?: { serial?: string | undefined; class?: string | undefined } | undefined;
}

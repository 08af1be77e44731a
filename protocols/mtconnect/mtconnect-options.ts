import type { Phase, Quantity, Status } from '../telemetry/quantity.ts';

/** `stream`: one long answer that grows; `poll`: asked each time. */
export const MTCONNECT_MODES = ['stream', 'poll'] as const;
export type MtconnectMode = (typeof MTCONNECT_MODES)[number];

/** What the operator says of a data item, over what the agent says of it. */
export interface MtconnectItemOptions {
  /** Id or name of the data item. */
  item: string;
  skip: boolean;
  component?: string | undefined;
  quantity?: Quantity | undefined;
  phase: Phase;
  /** A key of UNITS; where the agent names none. */
  unit?: string | undefined;
  status?: Status | undefined;
  name?: string | undefined;
  vocabulary?: string | undefined;
}

/** An MTConnect source as configured, its files read. */
export interface MtconnectSourceOptions {
  id: string;
  machine: string;
  /** What of the machine its words speak of. */
  component: string;
  /** Nominal time between two readings, ms. */
  every: number;
  meter?: { serial?: string | undefined; class?: string | undefined } | undefined;
  /** http(s)://host:port[/path], without a query. */
  url: string;
  /** Name or uuid, where the agent has several devices. */
  device?: string | undefined;
  mode: MtconnectMode;
  /** Longest silence of a stream, ms. */
  heartbeat: number;
  items: readonly MtconnectItemOptions[];
  /** PEM text of the authority that signed the agent. */
  ca?: string | undefined;
  /** How long a request may take, ms. */
  timeout: number;
}

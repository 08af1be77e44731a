/** What an agent says of itself at the top of every document. */
export interface AgentHeader {
  /** Changes with every start of the agent. */
  instanceId: string;
  version: string;
  /** The agent's clock when it wrote the document, ms since the Unix epoch; undefined where it is not readable. */
  creationMs: number | undefined;
  /** How finely it tells that time, ms: 1 or 1000. */
  creationResolutionMs: number;
  /** Observations that the agent keeps. */
  bufferSize: number | undefined;
  firstSequence: number | undefined;
  lastSequence: number | undefined;
  /** Where to go on. */
  nextSequence: number | undefined;
  /** When the device model was changed last, as the agent wrote it (2.0 and later). */
  modelChange: string | undefined;
}

/** Something a machine can tell. */
export interface DataItem {
  id: string;
  name: string | undefined;
  category: 'SAMPLE' | 'EVENT' | 'CONDITION';
  /** `WATTAGE`; what a vendor added has a prefix: `x:UNIT`. */
  type: string;
  subType: string | undefined;
  units: string | undefined;
  nativeUnits: string | undefined;
  coordinateSystem: string | undefined;
  /** VALUE, DISCRETE, TIME_SERIES, DATA_SET, TABLE */
  representation: string;
  /** AVERAGE, MAXIMUM, ...: where the value is one over a time. */
  statistic: string | undefined;
  /** It is set back now and then: a day's energy. */
  isReset: boolean;
  /** What part of the component it belongs to: `MOTOR`. */
  composition: string | undefined;
  /** From the device down to the component that has it. */
  path: readonly ComponentStep[];
}

/** A component in the tree of a device. */
export interface ComponentStep {
  /** Name of its element: `Rotary`. */
  kind: string;
  id: string;
  name: string | undefined;
  nativeName: string | undefined;
}

/** A machine as the agent describes it. */
export interface Device {
  id: string;
  name: string | undefined;
  uuid: string | undefined;
  manufacturer: string | undefined;
  model: string | undefined;
  serial: string | undefined;
  /** The agent itself, which 2.0 and later list beside the machines. */
  isAgent: boolean;
  items: DataItem[];
}

/** One thing that a machine told. */
export interface Observation {
  item: string;
  sequence: number;
  /** The agent's clock, ms since the Unix epoch; undefined where it is not readable. */
  timestampMs: number | undefined;
  /** As it was written; null for UNAVAILABLE. Of a condition, its text. */
  value: string | null;
  condition?: ConditionReport;
}

/** What an observation of category CONDITION says besides its text. */
export interface ConditionReport {
  level: 'Normal' | 'Warning' | 'Fault' | 'Unavailable';
  /** What tells several alarms of one item apart; empty for all of them. */
  code: string;
  severity: string | undefined;
  qualifier: string | undefined;
}

/** A document of an agent, whatever its version. */
export type MtconnectDocument =
  | { kind: 'devices'; header: AgentHeader; devices: Device[] }
  | { kind: 'streams'; header: AgentHeader; observations: Observation[] }
  | { kind: 'error'; header: AgentHeader; errors: { code: string; text: string }[] };

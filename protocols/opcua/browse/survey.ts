import type { Reading } from '../../telemetry/decimal.ts';
import type { Quality } from '../../telemetry/quantity.ts';
import type { Found } from '../model/found.ts';
import type { OfferedMachine } from '../model/machine-list.ts';
import type { OpcuaModel } from '../opcua-options.ts';

/** What is read of a found node just now. */
export interface SeenValue {
  value: Reading | string | boolean | null;
  quality: Quality;
}

/** A model that a server offers something of. */
export interface SurveyedModel {
  model: OpcuaModel;
  /** Browse name of the machine, where a server has several. */
  instance?: string;
  found: Found;
  /** By node id. */
  values: ReadonlyMap<string, SeenValue>;
}

/** A numeric variable that no model speaks of. */
export interface OtherVariable {
  /** Browse names below Objects. */
  path: readonly string[];
  /** With the namespace by its URI, as a configuration has it. */
  node: string;
  value: SeenValue;
  /** Key of UNITS, where the server names one that we know. */
  unit: string | undefined;
}

/** What a server offers. */
export interface Survey {
  endpoint: string;
  /** It was spoken to without security. */
  isInsecure: boolean;
  machines: OfferedMachine[];
  models: SurveyedModel[];
  others: OtherVariable[];
  /** Numeric variables that were seen and are not among the others. */
  othersLeft: number;
  /** What the others were looked for below: browse names, empty for Objects. */
  start: readonly string[];
  /** What was not looked at, and what there is to know of certificates. */
  remarks: string[];
  /** It was ended before it was through. */
  isCut: boolean;
}

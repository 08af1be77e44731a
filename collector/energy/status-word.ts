import type { Status } from '../../protocols/telemetry/quantity.ts';

/** A word that a control says of itself, as it wrote it. */
export interface StatusWord {
  status: Status;
  vocabulary: string;
  value: string | number | boolean | null;
  /** The channel that carries it, for what is said of where a state comes from. */
  channel?: string;
}

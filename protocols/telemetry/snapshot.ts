import type { Channel } from './channel.ts';

/** The meter, drive or control behind a source: what a verifier asks about a figure's origin. */
export interface SourceDescription {
  id: string;
  protocol: 'modbus-tcp' | 'modbus-rtu' | 'modbus-rtu-over-tcp' | 'opcua' | 'mtconnect';
  /** Where it was reached, without credentials: `127.0.0.1:502 unit 1`. */
  address: string;
  /** Nominal time between two readings, ms. */
  everyMs: number;
  /** Profile or model id, version and the SHA-256 (base64url) of the profile file. */
  profile?: { id: string; version: string; sha256: string };
  meter?: { serial?: string; class?: string };
  /** What the device said of itself when it was connected. */
  device?: { manufacturer?: string; model?: string; serial?: string; uri?: string };
  /** Current transformer ratio entered by the operator, in A; already part of the channels' scale. */
  ct?: { primary: number; secondary: number };
  /** Voltage transformer ratio entered by the operator, in V; already part of the channels' scale. */
  vt?: { primary: number; secondary: number };
}

/**
 * Wiring only: which point of which device feeds which channel. What a machine *is* (rated power, states, calendar)
 * belongs to the collector. Sealed in the chain before the first batch that rests on it.
 */
export interface ConfigSnapshot {
  v: 1;
  site: string;
  agent: string;
  software: { name: string; version: string };
  sources: SourceDescription[];
  channels: Channel[];
}

import type { ModbusClient } from '../client.ts';
import type { ModbusEndpoint } from '../endpoint.ts';
import { identifyDevice, type Identification } from './identify.ts';
import type { Suspects } from './identify-suspects.ts';
import { IdentifyTalk, PRESENCE_REQUEST, type Presence } from './identify-talk.ts';
import type { ScanPace } from './scan-pace.ts';

/** A device that answered. */
export interface FoundDevice extends Identification {
  endpoint: ModbusEndpoint;
  unit: number;
  /** Other unit ids under which the same device answers. */
  alsoUnits: number[];
}

/** What a scan tells while it runs. */
export interface ScanProgress {
  /** One more of the asks that were announced; where the next one goes. */
  onAsk(endpoint: ModbusEndpoint, unit: number | undefined): void;
  onFound(device: FoundDevice): void;
  /** It will be so many asks at most, all in all: fewer than planned. */
  onFewer(asksMax: number): void;
  /** Something that an engineer should know, once. */
  onRemark(text: string): void;
}

/** What asking around on one line takes. */
export interface LineScan {
  endpoint: ModbusEndpoint;
  client: ModbusClient;
  suspects: Suspects;
  /** For one request, ms. */
  timeoutMs: number;
  pace: ScanPace;
  progress: ScanProgress;
}

/** So many other unit ids under which one device answers show that it minds none. */
const SAME_DEVICE_ENOUGH = 3;
/** Exceptions below this one are about the request (function, address, value); from here on something has failed. */
const FAILURES_FROM = 4;
/** No counter grows by more than a ten-thousandth while a scan goes from one unit id to the next. */
const ENERGY_SPREAD = 1.0001;

/** Asks unit after unit on one line, and finds out what those are that answer. */
export class LineScanner {
  readonly devices: FoundDevice[] = [];
  /** How the units answered that are no devices of their own. */
  readonly #presences = new Map<Presence, number[]>();
  /** The exception with which a device refused even to show that it is there. */
  readonly #refusals = new Map<FoundDevice, number>();
  readonly #scan: LineScan;

  constructor(scan: LineScan) {
    this.#scan = scan;
  }

  /**
   * True when the first device that answered does so whatever the unit id is. Not where all it does is to refuse: some
   * gateways do that in place of devices that are not there, and behind them are others.
   */
  get isUnitIgnored(): boolean {
    return this.devices.some(
      ({ alsoUnits, refusesAll }) => !refusesAll && alsoUnits.length >= SAME_DEVICE_ENOUGH,
    );
  }

  /** The failure that a gateway gives for every unit that is not there, where it has no word of its own for that. */
  get #absenceException(): number | undefined {
    const [device] = this.devices.filter(
      ({ alsoUnits, refusesAll }) => refusesAll && alsoUnits.length >= SAME_DEVICE_ENOUGH,
    );
    const refusal = device === undefined ? undefined : this.#refusals.get(device);
    return refusal !== undefined && refusal >= FAILURES_FROM ? refusal : undefined;
  }

  /** Units that answered in this way. */
  unitsOf(presence: Presence): readonly number[] {
    return this.#presences.get(presence) ?? [];
  }

  /** Asks one unit; how it answered. Rejects (code `stopped`) when the scan is ended. */
  async askUnit(unit: number): Promise<Presence> {
    const { endpoint, client, suspects, timeoutMs, pace, progress } = this.#scan;
    progress.onAsk(endpoint, unit);
    const talk = new IdentifyTalk({ client, unit, timeoutMs, turn: pace.turn });
    let presence = await talk.askPresence();
    const answer = await talk.read(PRESENCE_REQUEST);
    const refusal = 'exception' in answer ? answer.exception : undefined;
    if (refusal !== undefined && refusal === this.#absenceException) presence = 'elsewhere';
    // A serial port that cannot be opened is no matter of unit ids.
    if (presence === 'refused' && endpoint.transport === 'rtu' && talk.lastError !== undefined)
      throw talk.lastError;
    this.#presences.set(presence, [...this.unitsOf(presence), unit]);
    if (presence !== 'present') return presence;
    const identification = await identifyDevice(talk, suspects);
    const device: FoundDevice = { ...identification, endpoint, unit, alsoUnits: [] };
    const same = this.devices.find(
      (known) => isSameDevice(known, device) && this.#refusals.get(known) === refusal,
    );
    if (same !== undefined) {
      same.alsoUnits.push(unit);
      return presence;
    }
    this.devices.push(device);
    if (refusal !== undefined) this.#refusals.set(device, refusal);
    progress.onFound(device);
    return presence;
  }
}

/**
 * Whether two unit ids of one address are one device: they tell the same serial number. Where they tell none, no device behind a
 * gateway can have 0 or 255, so what answers there as another unit does is the same; and then so are further ones, unless
 * their energy counters tell them apart.
 */
function isSameDevice(known: FoundDevice, other: FoundDevice): boolean {
  if (known.candidates[0]?.profile.id !== other.candidates[0]?.profile.id) return false;
  if (describeDevice(known) !== describeDevice(other)) return false;
  if (known.details.serial !== undefined) return true;
  if (isOwnUnit(known.unit) || isOwnUnit(other.unit)) return true;
  const [before, now] = [energyOf(known), energyOf(other)];
  const isAlike =
    before === null
      ? now === null
      : before > 0 && now !== null && now >= before && now <= before * ENERGY_SPREAD;
  return known.alsoUnits.some(isOwnUnit) && isAlike;
}

function isOwnUnit(unit: number): boolean {
  return unit === 0 || unit === 255;
}

function energyOf({ values }: FoundDevice): number | null {
  return values.find(({ point }) => point.quantity === 'activeEnergyImport')?.value ?? null;
}

function describeDevice({ details, identification, refusesAll }: FoundDevice): string {
  return JSON.stringify([details, [...(identification ?? [])], refusesAll]);
}

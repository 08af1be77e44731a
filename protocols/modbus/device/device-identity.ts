import type { Log } from '../../log.ts';
import { detailRequest, identityRequest, judgeIdentity, readDetail } from '../profile/identity-reader.ts';
import { ModbusExceptionError } from '../modbus-error.ts';
import { describeRead, type WantedRegisters } from '../plan/read-plan.ts';
import type { DeviceProfile, IdentityCheck } from '../profile/profile.ts';
import type { ModbusSource } from '../source.ts';
import { isSameSerial } from '../../telemetry/serial-number.ts';

/** A device is looked at again after so long, ms. */
const CHECK_EVERY_MS = 86_400_000;
/**
 * And no sooner than so long after the last time, whatever happened meanwhile, ms. Twice as long each time in a row that
 * the device was silent: each costs its line a timeout, and some say nothing where others refuse.
 */
const CHECK_AGAIN_MS = 600_000;
/** It does not know the function, the register or the request: an answer in itself. */
const REFUSALS = [1, 2, 3];

/**
 * Looks now and then whether the device is the one that profile and configuration mean: registers that identify the
 * model, and the serial number. What does not fit is a warning, once; a reading is never withheld for it.
 */
export class IdentityWatch {
  readonly #profile: DeviceProfile;
  readonly #source: ModbusSource;
  readonly #log: Log;
  #dueAtMs = Number.NEGATIVE_INFINITY;
  #soonestAtMs = Number.NEGATIVE_INFINITY;
  #silencesInRow = 0;
  /** By title: what was warned of. */
  readonly #warned = new Map<string, string>();

  /** @param profile with the word order that is in effect */
  constructor(profile: DeviceProfile, source: ModbusSource, log: Log) {
    this.#profile = profile;
    this.#source = source;
    this.#log = log;
  }

  /** The device was away: it may have been exchanged. */
  suspect(): void {
    this.#dueAtMs = this.#soonestAtMs;
  }

  isDue(nowMs: number): boolean {
    return nowMs >= this.#dueAtMs;
  }

  /** Makes the requests and warns; never rejects. A device that is silent is looked at again before long. */
  async look(nowMs: number, request: (asked: WantedRegisters) => Promise<Uint16Array>): Promise<void> {
    const ask = askOnce(request);
    this.#dueAtMs = nowMs + CHECK_EVERY_MS;
    this.#soonestAtMs = nowMs + CHECK_AGAIN_MS;
    try {
      for (const check of this.#profile.identity) {
        const found = await this.#lookAt(check, ask);
        this.#tell(
          check.title,
          found,
          `is not what the profile ${this.#profile.id} describes: ${check.title} at fc${check.functionCode} ${check.address}`,
        );
      }
      await this.#lookAtSerial(ask);
      this.#silencesInRow = 0;
    } catch (error) {
      this.#silencesInRow += 1;
      this.#soonestAtMs = nowMs + Math.min(CHECK_EVERY_MS, CHECK_AGAIN_MS * 2 ** this.#silencesInRow);
      this.#dueAtMs = this.#soonestAtMs;
      this.#log.debug(
        { source: this.#source.id, err: error },
        'the device could not be looked at; it is tried again later',
      );
    }
  }

  /** What was found instead of what should be there; undefined when it is as it should be. */
  async #lookAt(
    check: IdentityCheck,
    ask: (request: WantedRegisters) => Promise<Uint16Array>,
  ): Promise<string | undefined> {
    try {
      const registers = await ask(this.#shifted(identityRequest(check)));
      if (judgeIdentity(check, registers, this.#profile)) return undefined;
      const { functionCode, address, type, count, layout } = check;
      const shown = readDetail(
        { is: 'model', functionCode, address, type, length: count, layout },
        registers,
        { ...this.#profile, notAvailable: {} },
      );
      return `holds ${type === 'ascii' && shown !== null ? JSON.stringify(shown) : (shown ?? hexOf(registers))}`;
    } catch (error) {
      if (isRefusal(error)) return `is refused (exception ${error.exceptionCode})`;
      throw error;
    }
  }

  async #lookAtSerial(ask: (request: WantedRegisters) => Promise<Uint16Array>): Promise<void> {
    const expected = this.#source.meter?.serial;
    const detail = this.#profile.details.find(({ is }) => is === 'serial');
    if (expected === undefined || detail === undefined) return;
    let found: string | null;
    try {
      found = readDetail(detail, await ask(this.#shifted(detailRequest(detail))), this.#profile);
    } catch (error) {
      if (isRefusal(error)) return; // Many devices of a family lack it: no reason to doubt this one.
      throw error;
    }
    const isSame = found === null || isSameSerial(found, expected);
    this.#tell(
      'serial number',
      isSame ? undefined : `says ${found}`,
      `is another one than the configuration names (serial number ${expected}): the device`,
    );
  }

  #shifted(request: WantedRegisters): WantedRegisters {
    return { ...request, address: request.address + this.#source.addressOffset };
  }

  #tell(title: string, found: string | undefined, what: string): void {
    if (found === this.#warned.get(title)) return;
    if (found === undefined) {
      this.#warned.delete(title);
      this.#log.info(
        { source: this.#source.id, check: title },
        `the device of ${this.#source.id} fits again`,
      );
      return;
    }
    this.#warned.set(title, found);
    this.#log.warn(
      { source: this.#source.id, check: title, found },
      `the device of source ${this.#source.id} ${what} ${found}. Its readings are kept; check device, unit id and profile`,
    );
  }
}

/** Checks and details may lie in one block; it is read once, refusals included. */
function askOnce(
  request: (asked: WantedRegisters) => Promise<Uint16Array>,
): (asked: WantedRegisters) => Promise<Uint16Array> {
  const answers = new Map<string, Promise<Uint16Array>>();
  return (asked) => {
    const key = describeRead(asked);
    const answer = answers.get(key) ?? request(asked);
    answers.set(key, answer);
    return answer;
  };
}

function isRefusal(error: unknown): error is ModbusExceptionError {
  return error instanceof ModbusExceptionError && REFUSALS.includes(error.exceptionCode);
}

function hexOf(registers: Uint16Array): string {
  return [...registers.subarray(0, 8)].map((word) => word.toString(16).padStart(4, '0')).join(' ');
}

import type { RequestTrace } from '../../driver.ts';
import { MillwattError } from '../../errors.ts';
import type { ModbusLine } from '../line/line.ts';
import { ModbusExceptionError, pollDeadlineError } from '../modbus-error.ts';
import { describeRead, type WantedRegisters } from '../plan/read-plan.ts';
import { DistrustError } from '../rtu/rtu-errors.ts';

const SILENCES: readonly string[] = ['timeout', 'closed'];
/**
 * Exceptions with which some devices and gateways speak of registers that a device lacks, and others of any trouble: it
 * does not know the function (1), it has failed (4), the gateway got no answer from it (11).
 */
const VAGUE_EXCEPTIONS: readonly number[] = [1, 4, 11];

/** How to reach one device on its line. */
export interface Reach {
  line: ModbusLine;
  unit: number;
  /** For one request, ms. */
  timeoutMs: number;
  /** As people know it, for errors. */
  where: string;
}

/** The requests of one poll of one device: their deadline, what each took, and what became of it. */
export class DeviceTalk {
  readonly requests: RequestTrace[] = [];
  readonly #reach: Reach;
  readonly #onBegin: () => void;
  readonly #allowedMs: number;
  readonly #deadlineMs: number;
  #hasBegun = false;
  /** How long the last request that failed by the device's fault held the line, ms; undefined when none did. */
  #wastedMs: number | undefined;
  /** For how much of that time somebody waited, ms. */
  #harmMs = 0;

  /**
   * @param requests how many requests are planned
   * @param onBegin called when the first request goes out, which may be long after it was put into the queue
   */
  constructor(reach: Reach, requests: number, onBegin: () => void) {
    this.#reach = reach;
    this.#onBegin = onBegin;
    // Each of our requests may take its timeout, and before each every neighbour may take one.
    this.#allowedMs = reach.timeoutMs * Math.max(2, requests) * reach.line.holders();
    this.#deadlineMs = performance.now() + this.#allowedMs;
  }

  /** A request that was made brought no registers and no reason: the device said nothing, hung up, or was vague. */
  isSilence(error: unknown): boolean {
    if (this.#wastedMs === undefined || error instanceof DistrustError) return false;
    if (error instanceof ModbusExceptionError) return VAGUE_EXCEPTIONS.includes(error.exceptionCode);
    return error instanceof MillwattError && SILENCES.includes(error.code);
  }

  /** The silence had its reason, and the device is not sick. */
  forgive(): void {
    this.#wastedMs = undefined;
  }

  get wastedMs(): number | undefined {
    return this.#wastedMs;
  }

  get harmMs(): number {
    return this.#harmMs;
  }

  /** Reads registers when the line is free; rejects as the line does, and with `timeout` when the poll took too long. */
  async read(asked: WantedRegisters): Promise<Uint16Array> {
    const { line, unit, timeoutMs, where } = this.#reach;
    const trace: RequestTrace = {
      text: describeRead(asked),
      count: asked.count,
      roundTripMs: null,
      outcome: 'not made',
    };
    this.requests.push(trace);
    this.#wastedMs = undefined;
    const nowMs = performance.now();
    if (nowMs >= this.#deadlineMs) throw pollDeadlineError(where, this.#allowedMs);
    let begunMs: number | undefined;
    let waitedMs = 0;
    try {
      const registers = await line.run(
        (client, leftMs) => {
          begunMs = performance.now();
          waitedMs = line.waitedMs();
          if (!this.#hasBegun) this.#onBegin();
          this.#hasBegun = true;
          return client.readRegisters(unit, asked.functionCode, asked.address, asked.count, leftMs);
        },
        timeoutMs,
        Math.min(this.#deadlineMs, nowMs + timeoutMs * Math.max(2, line.holders())),
      );
      trace.roundTripMs = performance.now() - (begunMs ?? 0);
      trace.outcome = 'ok';
      return registers;
    } catch (error) {
      trace.outcome = outcomeOf(error);
      if (begunMs !== undefined) {
        this.#wastedMs = performance.now() - begunMs;
        this.#harmMs = line.waitedMs() - waitedMs;
        // An exception is an answer.
        if (error instanceof ModbusExceptionError) trace.roundTripMs = this.#wastedMs;
      }
      throw error;
    }
  }
}

function outcomeOf(error: unknown): string {
  if (error instanceof ModbusExceptionError) return `exception ${error.exceptionCode}`;
  return error instanceof MillwattError ? error.code : 'error';
}

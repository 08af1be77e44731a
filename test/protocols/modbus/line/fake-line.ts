import type { ModbusClient } from '../../../../protocols/modbus/client.ts';
import {
  badFrameError,
  ModbusExceptionError,
  timeoutError,
} from '../../../../protocols/modbus/modbus-error.ts';

/** What a unit does with a request: registers after so many ms, silence, garbage, or an exception. */
export type UnitAnswer =
  | { afterMs: number }
  | 'silent'
  | { garbageAfterMs: number }
  | { exception: number; afterMs: number };

/** A serial line that exists only in time: it takes one request after the other and answers by the timers of the test. */
export class FakeLine implements ModbusClient {
  /** Every request: unit, first register, and when it began and ended, of performance.now. */
  readonly asked: { unit: number; address: number; fromMs: number; toMs: number }[] = [];
  readonly #answerOf: (unit: number, turn: number) => UnitAnswer;
  readonly #turns = new Map<number, number>();
  underWay = 0;
  underWayMax = 0;

  constructor(answerOf: (unit: number, turn: number) => UnitAnswer) {
    this.#answerOf = answerOf;
  }

  async readRegisters(
    unit: number,
    _functionCode: 3 | 4,
    address: number,
    count: number,
    timeoutMs: number,
  ): Promise<Uint16Array> {
    const turn = this.#turns.get(unit) ?? 0;
    this.#turns.set(unit, turn + 1);
    const fromMs = performance.now();
    const entry = { unit, address, fromMs, toMs: Number.POSITIVE_INFINITY };
    this.asked.push(entry);
    this.underWayMax = Math.max(this.underWayMax, ++this.underWay);
    try {
      const answer = this.#answerOf(unit, turn);
      if (answer === 'silent') {
        await sleep(timeoutMs);
        throw timeoutError(`unit ${unit}`, timeoutMs);
      }
      if ('garbageAfterMs' in answer) {
        await sleep(answer.garbageAfterMs);
        throw badFrameError(`unit ${unit}`, 'noise');
      }
      await sleep(answer.afterMs);
      if ('exception' in answer) throw new ModbusExceptionError(`unit ${unit}`, answer.exception);
      return Uint16Array.from({ length: count }, (_, i) => address + i);
    } finally {
      this.underWay -= 1;
      entry.toMs = performance.now();
    }
  }

  readBits(): Promise<boolean[]> {
    throw new RangeError('this line has no bits');
  }

  readIdentification(): Promise<Map<number, string>> {
    throw new RangeError('this line has no identification');
  }

  close(): void {
    // Nothing is open.
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

import { MillwattError } from '../../errors.ts';
import type { ModbusClient } from '../client.ts';
import { ModbusExceptionError } from '../modbus-error.ts';
import { describeRead, type WantedRegisters } from '../plan/read-plan.ts';

/** What came back: registers, the exception code of a refusal, or in one word why nothing did. */
export type Answer = { registers: Uint16Array } | { exception: number } | { failure: string };

/** Whether anybody is there. `elsewhere`: a gateway says that it finds no such unit behind it. */
export type Presence = 'present' | 'elsewhere' | 'silent' | 'garbled' | 'refused';

/** Exceptions that a gateway sends in place of a device that it cannot reach. */
const GATEWAY_EXCEPTIONS = [10, 11];
/** So many requests without an answer in a row, and the device is left alone. */
const FAILURES_MAX = 3;

/** What talking to one device takes. */
export interface TalkOptions {
  client: ModbusClient;
  unit: number;
  /** For one request, ms. */
  timeoutMs: number;
  /** Resolves when one more request may go out. */
  turn: () => Promise<void>;
}

/** The first request to anything: two registers at 0, which every device may be asked for, whether it has them or not. */
export const PRESENCE_REQUEST: WantedRegisters = { functionCode: 3, address: 0, count: 2 };

/**
 * Asks one unit, each thing once: the same request is not made twice, and registers that an earlier answer holds are not
 * asked for again. Never rejects for what the device does or does not do.
 */
export class IdentifyTalk {
  readonly unit: number;
  readonly #options: TalkOptions;
  readonly #answers = new Map<string, { asked: WantedRegisters; answer: Answer }>();
  #identification: Map<number, string> | null | undefined;
  #failuresInRow = 0;
  #requests = 0;
  #lastError: MillwattError | undefined;

  constructor(options: TalkOptions) {
    this.unit = options.unit;
    this.#options = options;
  }

  /** Requests made so far. */
  get requests(): number {
    return this.#requests;
  }

  /** Why the last request that got no answer got none. */
  get lastError(): MillwattError | undefined {
    return this.#lastError;
  }

  /** True when the device has fallen silent and is not asked any more. */
  get isLost(): boolean {
    return this.#failuresInRow >= FAILURES_MAX;
  }

  /** True when at least one request for registers was answered with registers. */
  get hasRegisters(): boolean {
    return [...this.#answers.values()].some(({ answer }) => 'registers' in answer);
  }

  /** One request, and who is there. */
  async askPresence(): Promise<Presence> {
    const answer = await this.read(PRESENCE_REQUEST);
    if ('registers' in answer) return 'present';
    if ('exception' in answer) return GATEWAY_EXCEPTIONS.includes(answer.exception) ? 'elsewhere' : 'present';
    if (answer.failure === 'bad-frame') return 'garbled';
    // Some gateways hang up where there is no such unit.
    return answer.failure === 'refused' ? 'refused' : 'silent';
  }

  /** Exactly this request, as some registers are read only so. */
  async read(asked: WantedRegisters): Promise<Answer> {
    const key = describeRead(asked);
    const known = this.#answers.get(key);
    if (known !== undefined) return known.answer;
    const { client, unit, timeoutMs } = this.#options;
    const answer = await this.#ask(async (): Promise<Answer> => ({
      registers: await client.readRegisters(unit, asked.functionCode, asked.address, asked.count, timeoutMs),
    }));
    this.#answers.set(key, { asked, answer });
    return answer;
  }

  /** These registers, out of an earlier answer where one holds them. */
  async readCovered(asked: WantedRegisters): Promise<Answer> {
    for (const { asked: other, answer } of this.#answers.values()) {
      const offset = asked.address - other.address;
      if (
        'registers' in answer &&
        other.functionCode === asked.functionCode &&
        offset >= 0 &&
        offset + asked.count <= other.count
      )
        return { registers: answer.registers.subarray(offset, offset + asked.count) };
    }
    return this.read(asked);
  }

  /** Vendor (0), product code (1) and revision (2) as printable text; null where the device does not tell. */
  async readIdentification(): Promise<ReadonlyMap<number, string> | null> {
    if (this.#identification !== undefined) return this.#identification;
    const { client, unit, timeoutMs } = this.#options;
    let found: Map<number, string> | undefined;
    await this.#ask(async (): Promise<Answer> => {
      found = await client.readIdentification(unit, timeoutMs);
      return { registers: new Uint16Array() };
    });
    const texts = [...(found ?? [])].map(([id, text]): [number, string] => [id, printable(text)]);
    this.#identification = texts.some(([, text]) => text !== '') ? new Map(texts) : null;
    return this.#identification;
  }

  async #ask(request: () => Promise<Answer>): Promise<Answer> {
    if (this.isLost) return { failure: 'not asked' };
    await this.#options.turn();
    this.#requests += 1;
    try {
      const answer = await request();
      this.#failuresInRow = 0;
      return answer;
    } catch (error) {
      if (error instanceof ModbusExceptionError) {
        this.#failuresInRow = 0;
        return { exception: error.exceptionCode };
      }
      // A fault of this computer or of ours is nobody's answer.
      if (!(error instanceof MillwattError) || error.remedy !== 'retry') throw error;
      this.#failuresInRow += 1;
      this.#lastError = error;
      return { failure: error.code };
    }
  }
}

/** What a device says may go to a terminal and into a file: no control characters, no endless text. */
function printable(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, '')
    .trim()
    .slice(0, 64);
}

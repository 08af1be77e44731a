import type { MillwattError } from '../errors.ts';
import { queueTimeoutError } from './modbus-error.ts';
import type { ModbusClient } from './client.ts';
import { createModbusClient } from './connect.ts';
import { describeEndpoint, endpointKey, type ModbusEndpoint } from './endpoint.ts';

interface Waiting {
  start: (client: ModbusClient, timeoutMs: number) => void;
  reject: (error: MillwattError) => void;
  timer: NodeJS.Timeout;
  deadlineMs: number;
}

/** One connection to an endpoint and the queue in front of it; several units behind a gateway share it. */
export interface ModbusLine {
  /**
   * Runs one request when its turn comes, first come first served. `timeoutMs` is for the request itself; `deadlineMs`
   * (of performance.now) ends the waiting too. Rejects as the client does, and with `timeout` when its turn never came.
   */
  run<T>(
    request: (client: ModbusClient, timeoutMs: number) => Promise<T>,
    timeoutMs: number,
    deadlineMs: number,
  ): Promise<T>;
  /** Gives the line back; the connection ends when nobody holds it any more. */
  release(): void;
}

/** The lines of a process. Meters and gateways allow few connections, often one, so an endpoint gets one from us. */
export class ModbusLines {
  readonly #lines = new Map<string, SharedLine>();

  /** The line to an endpoint, shared with everyone who holds it. */
  acquire(endpoint: ModbusEndpoint): ModbusLine {
    const key = endpointKey(endpoint);
    const line = this.#lines.get(key) ?? new SharedLine(endpoint);
    this.#lines.set(key, line);
    line.holders++;
    let isHeld = true;
    return {
      run: (request, timeoutMs, deadlineMs) => line.run(request, timeoutMs, deadlineMs),
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        if (--line.holders > 0) return;
        this.#lines.delete(key);
        line.close();
      },
    };
  }
}

class SharedLine {
  holders = 0;
  readonly #where: string;
  readonly #client: ModbusClient;
  readonly #waiting: Waiting[] = [];
  #isBusy = false;

  constructor(endpoint: ModbusEndpoint) {
    this.#where = describeEndpoint(endpoint);
    this.#client = createModbusClient(endpoint);
  }

  run<T>(
    request: (client: ModbusClient, timeoutMs: number) => Promise<T>,
    timeoutMs: number,
    deadlineMs: number,
  ): Promise<T> {
    if (!this.#isBusy) return this.#begin(request(this.#client, timeoutMs));
    return new Promise((resolve, reject) => {
      const waitMs = Math.max(1, deadlineMs - performance.now());
      const waiting: Waiting = {
        start: (client, leftMs) => {
          this.#begin(request(client, Math.min(timeoutMs, leftMs))).then(resolve, reject);
        },
        reject,
        timer: setTimeout(() => {
          this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
          reject(queueTimeoutError(this.#where, waitMs));
        }, waitMs),
        deadlineMs,
      };
      this.#waiting.push(waiting);
    });
  }

  close(): void {
    this.#client.close();
  }

  #begin<T>(running: Promise<T>): Promise<T> {
    this.#isBusy = true;
    running.then(this.#next, this.#next);
    return running;
  }

  readonly #next = (): void => {
    this.#isBusy = false;
    const waiting = this.#waiting.shift();
    if (waiting === undefined) return;
    clearTimeout(waiting.timer);
    waiting.start(this.#client, Math.max(1, waiting.deadlineMs - performance.now()));
  };
}

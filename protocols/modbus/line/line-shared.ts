import type { MillwattError } from '../../errors.ts';
import { PIPELINING_MAX, type ModbusClient } from '../client.ts';
import { describeEndpoint, type ModbusEndpoint } from '../endpoint.ts';
import { LineTurns } from './line-turns.ts';
import { queueTimeoutError, releasedError } from '../modbus-error.ts';

/** What a device demands of its line. */
export interface LineManners {
  /** Silence before each request to it, ms. */
  guardMs: number;
  /** Requests that may be under way at once; a line has the least of its devices, and 1 unless it is Modbus TCP. */
  pipelining: number;
}

/** One who may put requests on the line: known by its own object. */
export type LineHolder = Readonly<LineManners>;

interface Waiting {
  start: () => void;
  reject: (error: MillwattError) => void;
  timer: NodeJS.Timeout;
}

/** Makes the client of an endpoint, which must stand `pipelining` requests at once. */
export type CreateClient = (endpoint: ModbusEndpoint, options: { pipelining: number }) => ModbusClient;

type Request<T> = (client: ModbusClient, timeoutMs: number) => Promise<T>;

/** One client and the queue in front of it. */
export class SharedLine {
  readonly #endpoint: ModbusEndpoint;
  readonly #createClient: CreateClient;
  readonly #holders = new Set<LineHolder>();
  readonly #turns = new LineTurns<LineHolder, Waiting>();
  #client: ModbusClient | undefined;
  #underWay = 0;
  #underWayMax = 1;
  /** What the client was made for; holders that leave cannot raise it. */
  #clientMax = PIPELINING_MAX;
  /** When the last reply ended, or its timeout, of performance.now. */
  #quietSinceMs = Number.NEGATIVE_INFINITY;
  #guardTimer: NodeJS.Timeout | undefined;
  /** For how long somebody waited, up to the last change from or to nobody. */
  #waitedMs = 0;
  /** Since when somebody waits; undefined while nobody does. */
  #waitingSinceMs: number | undefined;

  constructor(endpoint: ModbusEndpoint, createClient: CreateClient) {
    this.#endpoint = endpoint;
    this.#createClient = createClient;
  }

  get holders(): number {
    return this.#holders.size;
  }

  waitedMs(): number {
    return (
      this.#waitedMs + (this.#waitingSinceMs === undefined ? 0 : performance.now() - this.#waitingSinceMs)
    );
  }

  join(manners: LineManners): LineHolder {
    const holder = { ...manners };
    this.#holders.add(holder);
    this.#underWayMax = this.#leastPipelining();
    return holder;
  }

  /** What the holder still waits for is rejected with `closed`; its request under way ends by itself. */
  leave(holder: LineHolder): void {
    this.#holders.delete(holder);
    for (const waiting of this.#turns.removeAll(holder)) {
      clearTimeout(waiting.timer);
      waiting.reject(releasedError(describeEndpoint(this.#endpoint)));
    }
    this.#underWayMax = this.#leastPipelining();
    this.#noteWaiting();
    this.#serve();
  }

  run<T>(holder: LineHolder, request: Request<T>, timeoutMs: number, deadlineMs: number): Promise<T> {
    if (!this.#holders.has(holder)) return Promise.reject(releasedError(describeEndpoint(this.#endpoint)));
    if (this.#turns.isEmpty && this.#underWay < this.#underWayMax && this.#guardLeftMs(holder) <= 0)
      return this.#begin(request, timeoutMs);
    return new Promise((resolve, reject) => {
      const waitMs = Math.max(1, deadlineMs - performance.now());
      const waiting: Waiting = {
        start: () => void this.#begin(request, timeoutMs).then(resolve, reject),
        reject,
        timer: setTimeout(() => {
          this.#turns.remove(holder, waiting);
          this.#noteWaiting();
          reject(queueTimeoutError(describeEndpoint(this.#endpoint), waitMs));
          this.#serve();
        }, waitMs),
      };
      this.#turns.add(holder, waiting);
      this.#noteWaiting();
      this.#serve();
    });
  }

  close(): void {
    clearTimeout(this.#guardTimer);
    this.#client?.close();
  }

  /** Starts what may be started now. The order is kept: nobody overtakes one who waits for silence. */
  #serve(): void {
    while (this.#underWay < this.#underWayMax) {
      const holder = this.#turns.nextHolder();
      if (holder === undefined) return;
      const guardMs = this.#guardLeftMs(holder);
      if (guardMs > 0) {
        clearTimeout(this.#guardTimer);
        this.#guardTimer = setTimeout(() => this.#serve(), Math.ceil(guardMs));
        return;
      }
      const waiting = this.#turns.take();
      this.#noteWaiting();
      clearTimeout(waiting?.timer);
      waiting?.start();
    }
  }

  /** To be called after each change of the queue. */
  #noteWaiting(): void {
    if (this.#turns.isEmpty === (this.#waitingSinceMs === undefined)) return;
    this.#waitedMs = this.waitedMs();
    this.#waitingSinceMs = this.#turns.isEmpty ? undefined : performance.now();
  }

  #begin<T>(request: Request<T>, timeoutMs: number): Promise<T> {
    this.#client ??= this.#connect();
    this.#underWay += 1;
    const running = startRequest(request, this.#client, timeoutMs);
    running.then(this.#onSettled, this.#onSettled);
    return running;
  }

  #connect(): ModbusClient {
    this.#clientMax = this.#underWayMax;
    return this.#createClient(this.#endpoint, { pipelining: this.#clientMax });
  }

  readonly #onSettled = (): void => {
    this.#underWay -= 1;
    this.#quietSinceMs = performance.now();
    this.#serve();
  };

  #guardLeftMs({ guardMs }: LineHolder): number {
    return guardMs === 0 ? 0 : this.#quietSinceMs + guardMs - performance.now();
  }

  #leastPipelining(): number {
    if (this.#endpoint.transport !== 'tcp') return 1;
    const wishes = [...this.#holders].map(({ guardMs, pipelining }) => (guardMs > 0 ? 1 : pipelining));
    return Math.max(1, Math.min(...wishes, this.#clientMax));
  }
}

/** What a request throws before it has begun is its own failure, not the line's. */
function startRequest<T>(request: Request<T>, client: ModbusClient, timeoutMs: number): Promise<T> {
  try {
    return request(client, timeoutMs);
  } catch (error) {
    return Promise.reject(error);
  }
}

import { getHeapStatistics } from 'node:v8';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import { seedRandom, type SeededRandom } from '../../protocols/simulator/seeded-random.ts';
import { mutate } from './mutate.ts';

/** Something that reads what others wrote. */
export interface FuzzTarget {
  name: string;
  /** Of a thousand executions, how many are for this target. */
  share: number;
  /** Good inputs, to be spoilt. */
  inputs: readonly Uint8Array[];
  /** Reads it, and holds what it read to its promises. May refuse by throwing what `isRefusal` knows. */
  read: (input: Buffer, random: SeededRandom) => void;
  /** What may be thrown; an error of class `quarantine` by default. */
  isRefusal?: (error: unknown) => boolean;
  /** The longest that one input may take, ms; 10 by default. */
  msMax?: number;
  /** The most memory that one input may take beside a multiple of its length, bytes; 256 KiB by default. */
  bytesMax?: number;
  /** Neither side must be empty: a fuzz that is always refused, or never, tries nothing. */
  isAlwaysTaken?: true;
}

/** What came of one target. */
export interface FuzzCounts {
  taken: number;
  refused: number;
  /** Of the executions that were weighed: the most memory that one took. */
  allocatedBytesMax: number;
  slowestMs: number;
}

const MS_MAX = 10;
/** One of so many executions is weighed. */
const WEIGHED_EVERY = 64;
/** A constant, for what every reader makes, and so many times the input. */
const BYTES_MAX = 256 * 1024;
const TIMES_MAX = 64;

const refusesByQuarantine = (error: unknown): boolean =>
  error instanceof MillwattError && error.remedy === 'quarantine' && error.message.length < 500;

/** Feeds spoilt inputs to a target. Throws with the seed, the round and the input on the first that breaks a promise. */
export function fuzz(target: FuzzTarget, rounds: number, seed: string): FuzzCounts {
  const random = seedRandom(seed, target.name);
  const bytesMax = target.bytesMax ?? BYTES_MAX;
  const msMax = target.msMax ?? MS_MAX;
  const isRefusal = target.isRefusal ?? refusesByQuarantine;
  const counts: FuzzCounts = { taken: 0, refused: 0, allocatedBytesMax: 0, slowestMs: 0 };
  for (let round = 0; round < rounds; round++) {
    const input = mutate(target.inputs[round % target.inputs.length] ?? new Uint8Array(), random);
    const read = () => target.read(input, seedRandom(seed, target.name, round));
    const fail = (what: string, cause?: unknown): Error =>
      new Error(
        `${target.name}, round ${round}, seed ${seed}: ${what}\n  input, base64: ${input.toString('base64').slice(0, 6000)}`,
        { cause },
      );
    const isWeighed = round % WEIGHED_EVERY === 0;
    const bytesBefore = isWeighed ? heapBytes() : 0;
    const startedMs = performance.now();
    try {
      read();
      counts.taken++;
    } catch (error) {
      if (!isRefusal(error)) throw fail(describeError(error), error);
      counts.refused++;
    }
    const ms = performance.now() - startedMs;
    if (isWeighed) {
      const most = bytesMax + TIMES_MAX * input.length;
      const once = heapBytes() - bytesBefore;
      const bytes = once > most ? leanestOf(read) : once;
      counts.allocatedBytesMax = Math.max(counts.allocatedBytesMax, bytes);
      if (bytes > most) throw fail(`${bytes} bytes for an input of ${input.length}`);
    }
    const settledMs = ms > msMax ? fastestOf(read) : ms;
    counts.slowestMs = Math.max(counts.slowestMs, settledMs);
    if (settledMs > msMax) throw fail(`${settledMs.toFixed(1)} ms`);
  }
  return counts;
}

/** The memory of the leanest of five, bytes: what is compiled or counted late is not the reader's. */
function leanestOf(read: () => void): number {
  let leastBytes = Infinity;
  for (let again = 0; again < 5; again++) {
    const before = heapBytes();
    try {
      read();
    } catch {
      // It was judged before.
    }
    const bytes = heapBytes() - before;
    // A collection in between gives less than nothing, and says nothing.
    if (bytes >= 0) leastBytes = Math.min(leastBytes, bytes);
  }
  return leastBytes;
}

/** The time of the fastest of five, ms: what a busy computer or a collection adds is not the reader's. */
function fastestOf(read: () => void): number {
  let fastestMs = Infinity;
  for (let again = 0; again < 5; again++) {
    const startedMs = performance.now();
    try {
      read();
    } catch {
      // It was judged before.
    }
    fastestMs = Math.min(fastestMs, performance.now() - startedMs);
  }
  return fastestMs;
}

function heapBytes(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}

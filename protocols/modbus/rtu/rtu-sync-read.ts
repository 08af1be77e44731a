import { replyBytesOf, type RtuRequest } from './rtu-frame.ts';
import type { ReplyMemory, ReplyShape } from './rtu-reply-memory.ts';

/** The shape of a request's reply. */
export function shapeOf(request: RtuRequest): ReplyShape {
  return { unit: request.unit, functionCode: request.functionCode, length: replyBytesOf(request) };
}

interface Experience {
  wasEverAnswered: boolean;
  /** Tries without an answer since. */
  failures: number;
  lastTry: number;
}

/**
 * Chooses reads whose answer tells that everything older on the line has passed: other functions, or other lengths of
 * the same one. It learns for every unit which of them the device answers; many are silent to a function they lack.
 */
export class SyncReads {
  readonly #memory: ReplyMemory;
  readonly #experience = new Map<string, Experience>();
  /** What is really read of each unit; a synchronising read must not look like it. */
  readonly #real = new Map<number, Set<number>>();
  /** By unit: the time its last synchronising read took; none knows how much when it failed. */
  readonly #tookMs = new Map<number, number>();
  #tries = 0;

  constructor(memory: ReplyMemory) {
    this.#memory = memory;
  }

  /** Learns what is really read. */
  noteReal(request: RtuRequest): void {
    const real = this.#real.get(request.unit) ?? new Set();
    this.#real.set(request.unit, real.add(kindOf(request)));
  }

  /** The best synchronising read in front of a request, to settle what may still come until `beforeMs`. */
  choose(request: RtuRequest, beforeMs: number, listenedMs: number): RtuRequest {
    const real = this.#real.get(request.unit);
    const all = listCandidates(request).filter((candidate) => real?.has(kindOf(candidate)) !== true);
    const [best] = all
      .map((candidate) => {
        const clarity = this.#memory.clarityOf(shapeOf(candidate), beforeMs, listenedMs);
        const experience = this.#experience.get(keyOf(candidate));
        const isSameFunction = candidate.functionCode === request.functionCode;
        return {
          candidate,
          cost: costOf(clarity, isSameFunction, experience),
          lastTry: experience?.lastTry ?? 0,
        };
      })
      .sort((a, b) => a.cost - b.cost || a.lastTry - b.lastTry);
    // Identification is not read together with all lengths up to 8 registers, so that one is always left.
    return best?.candidate ?? { unit: request.unit, functionCode: 43, address: 0, count: 0 };
  }

  /** Of the time that is left, what a synchronising read may take: half, so that some is left, or what the unit needs. */
  allowMs(unit: number, leftMs: number): number {
    return Math.min(leftMs, Math.max(leftMs / 2, (this.#tookMs.get(unit) ?? 0) * 1.5));
  }

  /** Learns how a synchronising read ended: after how long, ms, or not at all. */
  note(read: RtuRequest, tookMs: number | undefined): void {
    const wasAnswered = tookMs !== undefined;
    this.#tookMs.set(read.unit, tookMs ?? Number.POSITIVE_INFINITY);
    const old = this.#experience.get(keyOf(read));
    this.#experience.set(keyOf(read), {
      wasEverAnswered: wasAnswered || old?.wasEverAnswered === true,
      failures: wasAnswered ? 0 : (old?.failures ?? 0) + 1,
      lastTry: ++this.#tries,
    });
  }
}

/** What was answered before is worth several tries more than what never was; what proves nothing comes last. */
function costOf(clarity: 0 | 1 | 2, isSameFunction: boolean, experience: Experience | undefined): number {
  if (clarity === 0) return 1000 + (experience?.failures ?? 0);
  const wasEverAnswered = experience?.wasEverAnswered === true;
  const failures = (experience?.failures ?? 0) / (wasEverAnswered ? 4 : 1);
  // An exception to the same function leaves the real request's own exceptions in doubt.
  return failures + (clarity === 1 ? 0.5 : 0) + (isSameFunction ? 0.25 : 0) - (wasEverAnswered ? 1 : 0);
}

const kindOf = ({ functionCode, count }: RtuRequest) => functionCode * 10_000 + count;
const keyOf = (request: RtuRequest) => `${request.unit}:${kindOf(request)}`;

function listCandidates({ unit, functionCode, address }: RtuRequest): RtuRequest[] {
  const at = Math.min(address, 65_528);
  const registers = (code: 3 | 4, wanted: number): RtuRequest => ({
    unit,
    functionCode: code,
    address: at,
    count: wanted,
  });
  const other = functionCode === 3 ? 4 : 3;
  const same = functionCode === 4 ? 4 : 3;
  const all: RtuRequest[] = [
    registers(other, 2),
    ...[2, 1, 4, 3, 8, 6].map((wanted) => registers(same, wanted)),
    { unit, functionCode: 1, address: at, count: 1 },
    { unit, functionCode: 43, address: 0, count: 0 },
    registers(other, 1),
    { unit, functionCode: 2, address: at, count: 1 },
  ];
  return all;
}

import type { ReadFunction, RtuReply } from './rtu-frame.ts';

/*
 * A reply of RTU says unit, function and length, and nothing about the request it answers. So the client remembers, by
 * unit, which replies may still come, and takes a reply only when none of these could be it.
 *
 * What is held against which line (the adversaries):
 * - A device or gateway that answers in order, however late, or never: a request without an answer stays suspect until
 *   a later request, which cannot be mistaken for it, was answered. What is old came before.
 * - One that sends a reply out of order or once more: the suspect stays for `listenMs` after the client gave up or saw
 *   such a reply, and only a request sent after that can clear it.
 * - The first copy that a unit ever sends: an answered request stays suspect for `echoMs`, and an answer is one only when
 *   silence follows it. From the first stray on, the unit is suspicious for `suspicionMs`, and all its answers are held
 *   suspect like missing ones.
 * - Replies that are lost with a connection, or among garbage: the listening to suspicious units begins anew.
 * Bytes are assumed to arrive in the order they were sent in, which a wire and a TCP connection hold.
 *
 * Impossible for every master of RTU: a reply that is held back longer than `listenMs` and overtaken by newer ones, or
 * the very first copy of one after more than `echoMs`, when it comes exactly while a request of the same unit, function
 * and length waits, and before its answer; and a device that forges unit, function, length and checksum.
 */

/** What a request's reply can be told apart by. */
export interface ReplyShape {
  unit: number;
  functionCode: ReadFunction;
  /** Bytes of the whole good answer, checksum included; 0 where the device decides (43). */
  length: number;
}

/** How long what is distrusted, ms. */
export interface DistrustTimes {
  /** After an answer, a copy of it may come. */
  echoMs: number;
  /** After the client gave up, or saw a stray, a reply may come out of order. */
  listenMs: number;
  /** After a stray, a unit's answers are distrusted like missing ones. */
  suspicionMs: number;
  /** Of listening with the line open, after which a reply no longer comes. */
  ageMs: number;
}

/** Why a request may not be sent yet. */
export interface Doubt {
  /** Nothing can be cleared before, ms of the caller's clock. */
  untilMs: number;
  /** Whether waiting is not enough: a synchronising read must be answered. */
  needsProof: boolean;
  /** Whether a value could be mistaken, not only an exception. */
  isOfValue: boolean;
}

/** Replies that may still come for one shape. */
interface Suspect {
  shape: ReplyShape;
  /** When the first request of this shape that is not settled was sent. */
  firstSentMs: number;
  untilMs: number;
  needsProof: boolean;
  asValue: boolean;
  asException: boolean;
  bornListenedMs: number;
}

interface Unit {
  suspects: Map<number, Suspect>;
  suspiciousUntilMs: number;
}

/** Whether a request of this shape can have brought this reply. */
export function couldAnswer(shape: ReplyShape, reply: RtuReply): boolean {
  if (shape.unit !== reply.unit || shape.functionCode !== reply.functionCode) return false;
  return reply.isException || shape.length === 0 || shape.length === reply.length;
}

/** The replies that may still come on one line. Pure: the caller says what time it is. */
export class ReplyMemory {
  readonly #times: DistrustTimes;
  readonly #units = new Map<number, Unit>();

  constructor(times: DistrustTimes) {
    this.#times = times;
  }

  /** A request got its answer, which proves what came before; the answer may come once more. */
  noteAnswer(shape: ReplyShape, reply: RtuReply, sentMs: number, nowMs: number, listenedMs: number): void {
    this.prove(shape.unit, sentMs);
    const isSuspicious = this.#unitOf(shape.unit).suspiciousUntilMs > nowMs;
    this.#add({
      shape,
      firstSentMs: sentMs,
      untilMs: nowMs + (isSuspicious ? this.#times.listenMs : this.#times.echoMs),
      needsProof: isSuspicious,
      asValue: !reply.isException,
      asException: reply.isException,
      bornListenedMs: listenedMs,
    });
  }

  /** A request was sent and given up: its answer, of any kind, may still come. */
  noteSilence(shape: ReplyShape, sentMs: number, nowMs: number, listenedMs: number): void {
    this.#add({
      shape,
      firstSentMs: sentMs,
      untilMs: nowMs + this.#times.listenMs,
      needsProof: true,
      asValue: true,
      asException: true,
      bornListenedMs: listenedMs,
    });
  }

  /** A reply came that nobody waits for. True when it is one that may still come. */
  noteStray(reply: RtuReply, nowMs: number): boolean {
    const unit = this.#unitOf(reply.unit);
    const sources = sourcesOf(unit, reply);
    const firstSentMs = this.firstSourceMs(reply);
    if (firstSentMs !== undefined) this.prove(reply.unit, firstSentMs);
    unit.suspiciousUntilMs = nowMs + this.#times.suspicionMs;
    for (const suspect of unit.suspects.values()) suspect.needsProof = true;
    // It may come once more, as often as it likes: each time the listening begins anew.
    for (const suspect of sources) suspect.untilMs = nowMs + this.#times.listenMs;
    return sources.length > 0;
  }

  /**
   * Replies may have passed unread: the line was opened anew, or something came that could not be read. What suspicious
   * units sent meanwhile could not be noted, and copies of it may follow.
   */
  noteMissed(nowMs: number): void {
    for (const { suspects, suspiciousUntilMs } of this.#units.values()) {
      if (suspiciousUntilMs <= nowMs) continue;
      for (const suspect of suspects.values())
        suspect.untilMs = Math.max(suspect.untilMs, nowMs + this.#times.listenMs);
    }
  }

  /** A reply came that may be a newer request's or an older one's, and was taken for neither. */
  noteAmbiguous(reply: RtuReply, nowMs: number): void {
    for (const suspect of sourcesOf(this.#unitOf(reply.unit), reply))
      suspect.untilMs = Math.max(suspect.untilMs, nowMs + this.#times.listenMs);
  }

  /** When the oldest request that can have brought this reply was sent; undefined when none that is remembered can. */
  firstSourceMs(reply: RtuReply): number | undefined {
    const unit = this.#units.get(reply.unit);
    if (unit === undefined) return undefined;
    let first: number | undefined;
    for (const { firstSentMs } of sourcesOf(unit, reply))
      if (first === undefined || firstSentMs < first) first = firstSentMs;
    return first;
  }

  /** A request sent at `sentMs` was answered: what was suspect only until then has come, or never will. */
  prove(unitId: number, sentMs: number): void {
    const suspects = this.#units.get(unitId)?.suspects;
    if (suspects === undefined) return;
    for (const [key, { untilMs }] of suspects) if (untilMs <= sentMs) suspects.delete(key);
  }

  /** Why a request of this shape may not be sent; undefined when whatever it brings is surely its own. */
  doubtAbout(shape: ReplyShape, listenedMs: number): Doubt | undefined {
    let doubt: Doubt | undefined;
    for (const suspect of this.#alike(shape, listenedMs)) {
      const isValue = suspect.asValue && suspect.shape.length === shape.length;
      if (!isValue && !suspect.asException) continue;
      doubt = {
        untilMs: Math.max(suspect.untilMs, doubt?.untilMs ?? 0),
        needsProof: suspect.needsProof || (doubt?.needsProof ?? false),
        isOfValue: isValue || (doubt?.isOfValue ?? false),
      };
    }
    return doubt;
  }

  /** How much an answer of this shape would prove of the time before `beforeMs`: 2, 1 only if it is no exception, 0. */
  clarityOf(shape: ReplyShape, beforeMs: number, listenedMs: number): 0 | 1 | 2 {
    let clarity: 0 | 1 | 2 = 2;
    for (const suspect of this.#alike(shape, listenedMs)) {
      // It may be taken for an older one of its own kind, as long as that is young enough to prove as much.
      if (suspect.firstSentMs >= beforeMs) continue;
      if (suspect.asValue && suspect.shape.length === shape.length) return 0;
      if (suspect.asException) clarity = 1;
    }
    return clarity;
  }

  /** Forgets what needed no proof, and only time, before `nowMs`; to be called when all bytes that came are read. */
  forgetEchoes(unitId: number, nowMs: number): void {
    const suspects = this.#units.get(unitId)?.suspects;
    if (suspects === undefined) return;
    for (const [key, suspect] of suspects)
      if (!suspect.needsProof && suspect.untilMs <= nowMs) suspects.delete(key);
  }

  *#alike(shape: ReplyShape, listenedMs: number): Iterable<Suspect> {
    const suspects = this.#units.get(shape.unit)?.suspects;
    if (suspects === undefined) return;
    for (const [key, suspect] of suspects) {
      if (suspect.shape.functionCode !== shape.functionCode) continue;
      if (listenedMs - suspect.bornListenedMs >= this.#times.ageMs) suspects.delete(key);
      else yield suspect;
    }
  }

  #unitOf(unitId: number): Unit {
    let unit = this.#units.get(unitId);
    if (unit === undefined) {
      unit = { suspects: new Map(), suspiciousUntilMs: 0 };
      this.#units.set(unitId, unit);
    }
    return unit;
  }

  #add(suspect: Suspect): void {
    const { suspects } = this.#unitOf(suspect.shape.unit);
    const key = suspect.shape.functionCode * 1000 + suspect.shape.length;
    const old = suspects.get(key);
    if (old !== undefined) {
      suspect.firstSentMs = Math.min(suspect.firstSentMs, old.firstSentMs);
      suspect.untilMs = Math.max(suspect.untilMs, old.untilMs);
      suspect.needsProof ||= old.needsProof;
      suspect.asValue ||= old.asValue;
      suspect.asException ||= old.asException;
    }
    suspects.set(key, suspect);
  }
}

function sourcesOf(unit: Unit, reply: RtuReply): Suspect[] {
  return [...unit.suspects.values()].filter(
    (suspect) =>
      couldAnswer(suspect.shape, reply) && (reply.isException ? suspect.asException : suspect.asValue),
  );
}

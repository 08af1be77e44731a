/** The first pause after a failure, ms: one lost reply costs next to nothing. */
const FIRST_PAUSE_MS = 250;
/** The longest pause of a device that nobody waits for, ms. */
const LONE_PAUSE_MS_MAX = 5000;
/** Share of a line's time that one sick device may take from healthy ones in the long run. */
const SHARE_OF_ONE = 0.025;
/** Share that up to `SICK_MAX` sick devices may take together. */
const SHARE_OF_ALL = 0.04;
/** Where more are sick, each keeps the share of one of these: to be back soon is worth more than the last percents. */
const SICK_MAX = 3;
/** Failures in quick succession that are forgiven before the share is held to. */
const FORGIVEN = 2;
/** Failures that a debt is ever worth, so that no pause is longer than what one failure takes to pay. */
const OWED_MAX = FORGIVEN + 1;
/** Failures in a row after which a device is dead, and tells nothing of the line that the others are on. */
const DEAD_AFTER = 4;
/** Answers in a row that make a device steady. */
const STEADY_AFTER = 16;
/**
 * A device that answered longer ago is asked so seldom that it tells nothing of the line, and is hardly kept waiting; on
 * top of that, so many timeouts of each other device may have kept it from answering.
 */
const LIVING_FOR_MS = 10_000;
const LIVING_FOR_ROUNDS = 3;

/** How long one device is left in peace. All times are real ms of a monotonic clock that the caller reads. */
export interface DevicePause {
  /** Ms for which it must not be asked; 0 when it may be. It may shrink by itself when the neighbours fail too. */
  leftMs(nowMs: number): number;
  /**
   * A poll failed, and its failing request held the line for `costMs`.
   * @param harmMs for how much of that somebody waited; all of it unless told
   */
  failed(nowMs: number, costMs: number, harmMs?: number): void;
  /** A whole poll succeeded: back to the full rate at once. What it owes is remembered. */
  answered(nowMs: number): void;
  /** It is no longer on the line. */
  leave(): void;
}

/**
 * The pauses of the devices of one line. A failure is followed by a pause of 250 ms that doubles up to 5 s. The time for
 * which a device let others wait in vain is a debt besides, paid off at 2.5 % of the time that passes (where two are sick
 * 2 %, where more are 1.3 %): one that times out after 1 s on a busy line is asked every 40 s to 75 s, however long and
 * however badly it was sick. A device that answers now and then keeps its debt, so that it cannot take half the line.
 *
 * Debts protect the well from the sick. Where no neighbour answers, or fewer than half of those that do are steady, the
 * line is sick as a whole and nobody would be spared: debts are then paid off as fast as time passes, so that a line is
 * back within seconds of its trouble. In any stretch T in which most of the others are steady, one device wastes at most
 * 2.5 % of T and three timeouts. Pure.
 */
export class LinePauses {
  readonly #members = new Set<Member>();

  /** The pause of one more device on the line. */
  join(): DevicePause {
    const member = new Member((nowMs) => this.#shareOf(member, nowMs));
    this.#members.add(member);
    return {
      leftMs: (nowMs) => member.leftMs(nowMs),
      failed: (nowMs, costMs, harmMs = costMs) => member.failed(nowMs, costMs, harmMs),
      answered: (nowMs) => member.answered(nowMs),
      leave: () => void this.#members.delete(member),
    };
  }

  /** The share of time that a member may waste; 1 when there is nobody to protect from it. */
  #shareOf(member: Member, nowMs: number): number {
    let roundMs = 0;
    for (const { costMs } of this.#members) roundMs += costMs;
    const sinceMs = nowMs - LIVING_FOR_MS - LIVING_FOR_ROUNDS * roundMs;
    let sick = 1;
    let living = 0;
    let steady = 0;
    for (const other of this.#members) {
      if (other === member) continue;
      if (other.isSick) sick += 1;
      if (!other.isLiving(sinceMs)) continue;
      living += 1;
      if (other.isSteady) steady += 1;
    }
    if (living === 0 || steady * 2 < living) return 1;
    return Math.min(SHARE_OF_ONE, SHARE_OF_ALL / Math.min(sick, SICK_MAX));
  }
}

class Member {
  readonly #shareAt: (nowMs: number) => number;
  #failuresInRow = 0;
  /** As if it had always answered before it was known. */
  #answersInRow = STEADY_AFTER;
  #failedAtMs = 0;
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  /** Time for which it let others wait, and had not paid off at `#paidToMs`. */
  #debtMs = 0;
  #paidToMs = 0;
  /** The dearest failure since it owed nothing: a cheap one must not make the dear ones before it unforgivable. */
  #costMs = 0;

  constructor(shareAt: (nowMs: number) => number) {
    this.#shareAt = shareAt;
  }

  get costMs(): number {
    return this.#costMs;
  }

  get isSick(): boolean {
    return this.#failuresInRow > 0 || this.#debtMs > FORGIVEN * this.#costMs;
  }

  get isSteady(): boolean {
    return this.#answersInRow >= STEADY_AFTER;
  }

  isLiving(sinceMs: number): boolean {
    return this.#failuresInRow < DEAD_AFTER && this.#answeredAtMs >= sinceMs;
  }

  leftMs(nowMs: number): number {
    if (this.#debtMs === 0 && this.#failuresInRow === 0) return 0;
    const share = this.#pay(nowMs);
    if (this.#failuresInRow === 0) return 0;
    const doubledMs = FIRST_PAUSE_MS * 2 ** Math.min(this.#failuresInRow - 1, 20);
    const restMs = this.#failedAtMs + Math.min(LONE_PAUSE_MS_MAX, doubledMs) - nowMs;
    return Math.max(0, restMs, (this.#debtMs - FORGIVEN * this.#costMs) / share);
  }

  failed(nowMs: number, costMs: number, harmMs: number): void {
    this.#pay(nowMs);
    this.#costMs = this.#debtMs === 0 ? costMs : Math.max(this.#costMs, costMs);
    this.#debtMs = Math.min(this.#debtMs + harmMs, OWED_MAX * this.#costMs);
    this.#failedAtMs = nowMs;
    this.#failuresInRow += 1;
    this.#answersInRow = 0;
  }

  answered(nowMs: number): void {
    this.#failuresInRow = 0;
    this.#answersInRow += 1;
    this.#answeredAtMs = nowMs;
  }

  /** Pays for the time since it last paid, at the share that holds now; gives that share. */
  #pay(nowMs: number): number {
    const share = this.#shareAt(nowMs);
    this.#debtMs = Math.max(0, this.#debtMs - Math.max(0, nowMs - this.#paidToMs) * share);
    this.#paidToMs = nowMs;
    return share;
  }
}

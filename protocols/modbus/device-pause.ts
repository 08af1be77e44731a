/** The first pause after a failure, ms: one lost reply costs next to nothing. */
const FIRST_PAUSE_MS = 250;
/** The longest pause of a device that nobody waits for, ms. */
const LONE_PAUSE_MS_MAX = 5000;
/** Share of a line's time that one sick device may take from healthy ones in the long run. */
const SHARE_OF_ONE = 0.025;
/** Share that all sick devices of a line may take together. */
const SHARE_OF_ALL = 0.04;
/** Failures in quick succession that are forgiven before the share is held to. */
const FORGIVEN = 2;
/** A device that answered longer ago is asked so seldom that it tells nothing of the line, and is hardly kept waiting. */
const WELL_FOR_MS = 10_000;

/** How long one device is left in peace. All times are real ms of a monotonic clock that the caller reads. */
export interface DevicePause {
  /** Ms for which it must not be asked; 0 when it may be. It may shrink by itself when the neighbours die too. */
  leftMs(nowMs: number): number;
  /** A poll failed, and its failing request held the line for `costMs`. */
  failed(nowMs: number, costMs: number): void;
  /** A whole poll succeeded: back to the full rate at once. What it cost before is remembered. */
  answered(nowMs: number): void;
  /** It is no longer on the line. */
  leave(): void;
}

/**
 * The pauses of the devices of one line. A failure is followed by a pause of 250 ms that doubles up to 5 s. The line's
 * time that a device wasted is a debt besides, paid off at 2.5 % of the time that passes, and less when several are sick:
 * a device that times out after 1 s is then asked every 40 s, or every 25 s times the number of the sick. A device that
 * answers now and then keeps its debt, so that it cannot take half the line. Where no other device has answered in the
 * last 10 s there is nobody to protect, and the debt is paid off as fast as time passes: a line that was dead as a whole
 * is back within seconds. In any stretch T in which others answer, one device wastes at most 2.5 % of T and three
 * timeouts. Pure.
 */
export class LinePauses {
  readonly #members = new Set<Member>();

  /** The pause of one more device on the line. */
  join(): DevicePause {
    const member = new Member((nowMs) => this.#shareOf(member, nowMs));
    this.#members.add(member);
    return {
      leftMs: (nowMs) => member.leftMs(nowMs),
      failed: (nowMs, costMs) => member.failed(nowMs, costMs),
      answered: (nowMs) => member.answered(nowMs),
      leave: () => void this.#members.delete(member),
    };
  }

  /** The share of time that a member may waste; 1 when there is nobody to protect from it. */
  #shareOf(member: Member, nowMs: number): number {
    let isAnyWell = false;
    let sick = 1;
    for (const other of this.#members) {
      if (other === member) continue;
      isAnyWell ||= other.isWell(nowMs);
      if (other.isSick) sick += 1;
    }
    return isAnyWell ? Math.min(SHARE_OF_ONE, SHARE_OF_ALL / sick) : 1;
  }
}

class Member {
  readonly #shareAt: (nowMs: number) => number;
  #failuresInRow = 0;
  #failedAtMs = 0;
  #answeredAtMs = Number.NEGATIVE_INFINITY;
  /** Line time that it wasted and had not paid off at `#paidToMs`. */
  #debtMs = 0;
  #paidToMs = 0;
  #costMs = 0;

  constructor(shareAt: (nowMs: number) => number) {
    this.#shareAt = shareAt;
  }

  get isSick(): boolean {
    return this.#failuresInRow > 0 || this.#debtMs > FORGIVEN * this.#costMs;
  }

  isWell(nowMs: number): boolean {
    return this.#failuresInRow === 0 && nowMs - this.#answeredAtMs <= WELL_FOR_MS;
  }

  leftMs(nowMs: number): number {
    if (this.#debtMs === 0 && this.#failuresInRow === 0) return 0;
    const share = this.#pay(nowMs);
    if (this.#failuresInRow === 0) return 0;
    const doubledMs = FIRST_PAUSE_MS * 2 ** Math.min(this.#failuresInRow - 1, 20);
    const restMs = this.#failedAtMs + Math.min(LONE_PAUSE_MS_MAX, doubledMs) - nowMs;
    return Math.max(0, restMs, (this.#debtMs - FORGIVEN * this.#costMs) / share);
  }

  failed(nowMs: number, costMs: number): void {
    this.#pay(nowMs);
    this.#debtMs += costMs;
    this.#costMs = costMs;
    this.#failedAtMs = nowMs;
    this.#failuresInRow += 1;
  }

  answered(nowMs: number): void {
    this.#failuresInRow = 0;
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

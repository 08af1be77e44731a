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

/** How long one device is left in peace. All times are real ms of a monotonic clock that the caller reads. */
export interface DevicePause {
  /** Ms for which it must not be asked; 0 when it may be. It may shrink by itself when the neighbours die too. */
  leftMs(nowMs: number): number;
  /** A poll failed, and its failing request held the line for `costMs`. */
  failed(nowMs: number, costMs: number): void;
  /** A whole poll succeeded: back to the full rate at once. What it cost before is remembered. */
  answered(): void;
  /** It is no longer on the line. */
  leave(): void;
}

/**
 * The pauses of the devices of one line. A failure is followed by a pause of 250 ms that doubles up to 5 s. While others
 * on the line are well, the line's time that a device wasted is a debt besides, paid off at 2.5 % of the time that
 * passes, and less when several are sick: a device that times out after 1 s is then asked every 40 s, or every 25 s
 * times the number of the sick. A device that answers now and then keeps its debt, so that it cannot take half the line.
 * In any stretch T one device wastes at most 2.5 % of T and three timeouts. Pure.
 */
export class LinePauses {
  readonly #members = new Set<Member>();

  /** The pause of one more device on the line. */
  join(): DevicePause {
    const member = new Member(() => this.#shareOf(member), FORGIVEN);
    this.#members.add(member);
    return {
      leftMs: (nowMs) => member.leftMs(nowMs),
      failed: (nowMs, costMs) => member.failed(nowMs, costMs),
      answered: () => member.answered(),
      leave: () => void this.#members.delete(member),
    };
  }

  /** The share of time that a member may waste; 1 when there is nobody to protect from it. */
  #shareOf(member: Member): number {
    const others = [...this.#members].filter((other) => other !== member);
    if (!others.some((other) => !other.isFailing)) return 1;
    const sick = 1 + others.filter((other) => other.isSick).length;
    return Math.min(SHARE_OF_ONE, SHARE_OF_ALL / sick);
  }
}

class Member {
  readonly #share: () => number;
  readonly #forgiven: number;
  #failuresInRow = 0;
  /** Line time that it wasted and has not paid off, at `#atMs`. */
  #debtMs = 0;
  #costMs = 0;
  #atMs = 0;

  constructor(share: () => number, forgiven: number) {
    this.#share = share;
    this.#forgiven = forgiven;
  }

  get isFailing(): boolean {
    return this.#failuresInRow > 0;
  }

  get isSick(): boolean {
    return this.isFailing || this.#debtMs > this.#forgiven * this.#costMs;
  }

  leftMs(nowMs: number): number {
    if (!this.isFailing) return 0;
    const doubled = FIRST_PAUSE_MS * 2 ** Math.min(this.#failuresInRow - 1, 20);
    const owedMs = (this.#debtMs - this.#forgiven * this.#costMs) / this.#share();
    return Math.max(0, this.#atMs + Math.max(Math.min(LONE_PAUSE_MS_MAX, doubled), owedMs) - nowMs);
  }

  failed(nowMs: number, costMs: number): void {
    const paidMs = Math.max(0, nowMs - this.#atMs) * this.#share();
    this.#debtMs = Math.max(0, this.#debtMs - paidMs) + costMs;
    this.#costMs = costMs;
    this.#atMs = nowMs;
    this.#failuresInRow += 1;
  }

  answered(): void {
    this.#failuresInRow = 0;
  }
}

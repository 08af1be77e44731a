import { describeError, MillwattError } from '../../protocols/errors.ts';

/** One line of what a verification found. */
export interface CheckLine {
  /** What was asked, such as `signatures`. */
  check: string;
  /** `not-proven`: nothing contradicts it, and nothing in the package proves it. */
  result: 'pass' | 'fail' | 'not-proven';
  /** Where: a file, a record, an hour. */
  place: string;
  /** A whole sentence. */
  saying: string;
}

/** So many faults are named of one check; hostile packages could have millions. */
const NAMED_MAX = 20;

/** Collects lines; what is thrown becomes a line. */
export class CheckLines {
  readonly lines: CheckLine[] = [];
  readonly #failures = new Map<string, number>();
  #isBeyond = false;

  pass(check: string, place: string, saying: string): void {
    this.lines.push({ check, result: 'pass', place, saying });
  }

  unproven(check: string, place: string, saying: string): void {
    this.lines.push({ check, result: 'not-proven', place, saying });
  }

  /** What this version cannot judge, and another can: the whole is then neither consistent nor verified. */
  beyond(check: string, place: string, saying: string): void {
    this.#isBeyond = true;
    this.unproven(check, place, saying);
  }

  /** True when something is for another version to judge. */
  isBeyond(): boolean {
    return this.#isBeyond;
  }

  fail(check: string, place: string, saying: string): void {
    const count = (this.#failures.get(check) ?? 0) + 1;
    this.#failures.set(check, count);
    if (count <= NAMED_MAX) this.lines.push({ check, result: 'fail', place, saying });
    else if (count === NAMED_MAX + 1)
      this.lines.push({
        check,
        result: 'fail',
        place: '',
        saying: 'There are more of these; they are not listed.',
      });
  }

  /** True when anything failed, of one check or of any. */
  hasFailed(check?: string): boolean {
    return check === undefined ? this.#failures.size > 0 : this.#failures.has(check);
  }

  /** Runs one check: passes with `saying` when it reports no fault and throws nothing. Returns what it returns, undefined where it throws. */
  async run<T>(
    check: string,
    place: string,
    saying: string,
    act: () => T | Promise<T>,
  ): Promise<T | undefined> {
    const before = this.#failures.get(check) ?? 0;
    try {
      const value = await act();
      if ((this.#failures.get(check) ?? 0) === before) this.pass(check, place, saying);
      return value;
    } catch (error) {
      this.fail(
        check,
        place,
        error instanceof MillwattError ? error.message : `It cannot be read: ${describeError(error)}.`,
      );
      return undefined;
    }
  }
}

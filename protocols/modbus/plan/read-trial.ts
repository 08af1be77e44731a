import type { PlannedRead, WantedRegisters } from './read-plan.ts';

/** One request of a trial and what became of it. */
interface TrialNode<T extends WantedRegisters> {
  read: PlannedRead<T>;
  parent: TrialNode<T> | undefined;
  outcome: 'unknown' | 'answered' | 'refused';
  /** Both halves, where it was refused and could be cut. */
  parts: TrialNode<T>[];
  /** Over the cut alone, once both halves were answered: where the reason then must be. */
  bridge: TrialNode<T> | undefined;
}

/**
 * Finds out why a device refused a request that holds several values. The request is cut, first at its widest hole, since
 * a hole is the likeliest reason, then near the middle, so that the smallest refused request is found in logarithmic time.
 * When both halves are answered, a request over the cut alone is made: refused, it is the reason; answered, the trial has
 * found no reason (`unexplained`). The trial rests on one assumption: a device that refuses a request refuses every
 * longer one that holds it.
 */
export class ReadTrial<T extends WantedRegisters> {
  /** The smallest requests that were refused, in the order of finding. */
  readonly lessons: PlannedRead<T>[] = [];
  /**
   * Requests that were refused although all their parts were answered: too long, or it was the moment. With each the
   * registers of its longest part.
   */
  readonly unexplained: { refused: PlannedRead<T>; answeredRegisters: number }[] = [];
  readonly #root: TrialNode<T>;
  readonly #coverOf: (values: readonly T[]) => PlannedRead<T>;
  readonly #nodes = new Map<PlannedRead<T>, TrialNode<T>>();

  /**
   * @param refused the request that the device refused
   * @param coverOf the smallest legal request for some of its values
   */
  constructor(refused: PlannedRead<T>, coverOf: (values: readonly T[]) => PlannedRead<T>) {
    this.#coverOf = coverOf;
    this.#root = this.#nodeOf(refused, undefined);
    this.refused(refused);
  }

  /** Nothing is left to ask: the lessons are complete. */
  get isSettled(): boolean {
    return isSettled(this.#root);
  }

  /** The requests that were answered, and those whose outcome is still unknown, in order of address. */
  leaves(): { read: PlannedRead<T>; isAnswered: boolean }[] {
    return leavesOf(this.#root).map(({ read, outcome }) => ({ read, isAnswered: outcome === 'answered' }));
  }

  /** The request is one of this trial. */
  holds(read: PlannedRead<T>): boolean {
    return this.#nodes.has(read);
  }

  /** Takes note that a leaf was refused. */
  refused(read: PlannedRead<T>): void {
    const node = this.#nodes.get(read);
    if (node !== undefined && node.outcome !== 'refused') this.#refuse(node);
  }

  /** Takes note that a leaf was answered. */
  answered(read: PlannedRead<T>): void {
    const node = this.#nodes.get(read);
    if (node?.outcome !== 'unknown') return;
    node.outcome = 'answered';
    if (node.parent === undefined) return;
    if (node === node.parent.bridge) this.#giveUp(node.parent);
    else this.#considerBridge(node.parent);
  }

  #refuse(node: TrialNode<T>): void {
    node.outcome = 'refused';
    const { parent, read } = node;
    // A half that was answered before and is refused now: the bridge no longer proves anything.
    if (parent !== undefined && node !== parent.bridge) parent.bridge = undefined;
    const cut = node === parent?.bridge ? undefined : cutOf(read.wanted, parent === undefined);
    if (cut === undefined) {
      this.#learn(read);
      return;
    }
    const values = sortByAddress(read.wanted);
    node.parts = [values.slice(0, cut), values.slice(cut)].map((half) =>
      this.#nodeOf(this.#coverOf(half), node),
    );
    // The smallest request for a half may be as long as the whole, as in blocks: then it need not be asked again.
    for (const part of node.parts) if (isSameRange(part.read, read)) this.#refuse(part);
  }

  #considerBridge(parent: TrialNode<T>): void {
    const [left, right] = parent.parts;
    if (left?.outcome !== 'answered' || right?.outcome !== 'answered') return;
    const before = left.read.wanted.reduce((a, b) => (b.address + b.count > a.address + a.count ? b : a));
    const after = right.read.wanted.reduce((a, b) => (b.address < a.address ? b : a));
    const read = this.#coverOf([before, after]);
    if (isSameRange(read, parent.read)) this.#learn(read);
    else parent.bridge = this.#nodeOf(read, parent);
  }

  #giveUp({ read, parts }: TrialNode<T>): void {
    const answeredRegisters = Math.max(...parts.map((part) => part.read.count));
    this.unexplained.push({ refused: read, answeredRegisters });
  }

  #learn(read: PlannedRead<T>): void {
    if (!this.lessons.some((one) => isSameRange(one, read))) this.lessons.push({ ...read });
  }

  #nodeOf(read: PlannedRead<T>, parent: TrialNode<T> | undefined): TrialNode<T> {
    const node: TrialNode<T> = { read, parent, outcome: 'unknown', parts: [], bridge: undefined };
    this.#nodes.set(read, node);
    return node;
  }
}

/** True for two requests for the same registers. */
export function isSameRange(a: WantedRegisters, b: WantedRegisters): boolean {
  return a.functionCode === b.functionCode && a.address === b.address && a.count === b.count;
}

function isSettled<T extends WantedRegisters>(node: TrialNode<T>): boolean {
  return (
    node.outcome !== 'unknown' &&
    node.parts.every((part) => isSettled(part)) &&
    (node.bridge === undefined || isSettled(node.bridge))
  );
}

function leavesOf<T extends WantedRegisters>(node: TrialNode<T>): TrialNode<T>[] {
  if (node.outcome !== 'refused') return [node];
  const bridge = node.bridge?.outcome === 'unknown' ? [node.bridge] : [];
  return [...node.parts.flatMap((part) => leavesOf(part)), ...bridge];
}

/**
 * After how many values, in order of address, to cut: at the widest hole, of equal ones at that nearest the middle. Below
 * the top only the middle half is looked at. Undefined where there is nothing to cut.
 */
function cutOf(wanted: readonly WantedRegisters[], isTop: boolean): number | undefined {
  const values = sortByAddress(wanted);
  const first = isTop ? 1 : Math.max(1, Math.floor(values.length / 4));
  let cut: number | undefined;
  let widest = -1;
  let end = 0;
  for (const [i, value] of values.entries()) {
    const hole = Math.max(0, value.address - end);
    end = Math.max(end, value.address + value.count);
    if (i < first || i > values.length - first) continue;
    const isNearer = cut === undefined || Math.abs(2 * i - values.length) < Math.abs(2 * cut - values.length);
    if (hole > widest || (hole === widest && isNearer)) {
      widest = hole;
      cut = i;
    }
  }
  return cut;
}

function sortByAddress<T extends WantedRegisters>(values: readonly T[]): T[] {
  return values.toSorted((a, b) => a.address - b.address || a.count - b.count);
}

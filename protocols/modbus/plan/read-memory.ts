import { MillwattError } from '../../errors.ts';
import type { ReadLimits, RegisterFunction } from '../profile/profile.ts';
import { costOfReads, type ReadCost } from './read-cost.ts';
import type { ReadJudge } from './read-judge.ts';
import { judgeOfFunction, planReads, type PlannedRead, type WantedRegisters } from './read-plan.ts';
import { isSameRange, ReadTrial } from './read-trial.ts';

/** What the device refused, and when to ask for it again. */
interface Lesson<T extends WantedRegisters> {
  read: PlannedRead<T>;
  /** Where nothing in it was found to be the reason, so that it may be its length: the longest request since. */
  maxRegisters: number;
  /** Refused once more after the device had answered something: it was not the moment. */
  isSure: boolean;
  answersBefore: number;
  retryAtMs: number;
  /** Not asked for again before this poll: the last time, nothing came of it. */
  restsUntilPoll: number;
}

/** A value that is not read, since the device refused it. */
export interface UnsupportedValue<T extends WantedRegisters> {
  value: T;
  /** When it is asked for again, on the clock of `refused`. */
  retryAtMs: number;
}

/** What a device refused is asked for again after so long: firmware and settings change. */
const RETRY_AFTER_MS = 24 * 60 * 60_000;
/** Requests a poll that are only made to find out why others were refused. */
const TRIAL_REQUESTS_PER_POLL = 12;
/** Polls in which a request is not asked for again that got neither answer nor refusal: it may cost a timeout each time. */
const REST_POLLS = 60;
/** A new cost that saves less than this share is not worth another plan. */
const WORTHWHILE_SAVING = 0.05;

/**
 * Exceptions that say something of the registers asked for: no such address (2), not accepted (3). All others (failed 4,
 * long task 5, busy 6, gateway 10 and 11 ...) are of the moment, and must not be told to `refused`.
 */
export const TEACHING_EXCEPTIONS: readonly number[] = [2, 3];

/**
 * What to ask of one device, in the light of what it has refused. The driver makes the requests of `plan` in each poll,
 * at most one of `dueForRetry`, tells each outcome, and makes what `refused` returns in the same poll. Timeouts, broken
 * lines and other exceptions are not told: they say nothing of registers.
 *
 * A refused request is taken apart (see ReadTrial) within a budget a poll; meanwhile its parts stand in for it. What is
 * learnt are the smallest refused requests. Then the whole plan is made anew: the cheapest that holds none of them. As a
 * true obstacle is always such a request, the plan is the one that full knowledge of the device would give, as soon as all
 * of it is answered. A value that cannot be read without a refused request is left out. Every lesson is asked again once,
 * after the device has answered something (it may have been starting up), and from then on every 24 h. A request that
 * was refused though its parts and the place between them were answered counts as too long until it is answered: the plan
 * then keeps to the length of its longer part, which may be shorter than the device would take.
 */
export class ReadMemory<T extends WantedRegisters> {
  readonly #wanted: readonly T[];
  readonly #limits: ReadLimits;
  readonly #values: readonly WantedRegisters[];
  readonly #judges = new Map<RegisterFunction, ReadJudge>();
  #cost: ReadCost;
  #lessons: Lesson<T>[] = [];
  #plan: PlannedRead<T>[] = [];
  /** Requests of the plan that were refused, while the reason is sought. */
  readonly #trials = new Map<PlannedRead<T>, ReadTrial<T>>();
  readonly #askedInPoll = new Set<PlannedRead<T>>();
  #trialRequestsLeft = TRIAL_REQUESTS_PER_POLL;
  #refusesEverything = false;
  /** Something was learnt or forgotten: the next poll makes another plan, unless a reason is still sought. */
  #isStale = false;
  #answers = 0;
  #polls = 0;
  /** What `dueForRetry` first gave in this poll, until its outcome is told: a driver may ask once more whether all is done. */
  #retried: Lesson<T> | undefined;
  #hasGivenRetry = false;
  /** Which value is asked for while the device refuses everything. */
  #turn = 0;
  #lastRefusalMs = 0;

  /**
   * @param wanted values to read; throws as `planReads` where no request can hold one
   * @param values all values of the device, for devices with `wholeValues`
   */
  constructor(
    wanted: readonly T[],
    limits: ReadLimits,
    cost: ReadCost,
    values: readonly WantedRegisters[] = [],
  ) {
    this.#wanted = wanted;
    this.#limits = limits;
    this.#values = values;
    this.#cost = cost;
    planReads(wanted, limits, cost, { values });
    this.#makePlan();
  }

  /** Begins a poll: the requests to make in it. One single value, each time another, while everything is refused. */
  plan(): PlannedRead<T>[] {
    this.#polls++;
    if (this.#retried !== undefined) this.#retried.restsUntilPoll = this.#polls + REST_POLLS;
    this.#retried = undefined;
    this.#hasGivenRetry = false;
    this.#trialRequestsLeft = TRIAL_REQUESTS_PER_POLL;
    this.#askedInPoll.clear();
    if (this.#trials.size === 0) {
      if (this.#isStale) this.#makePlan();
      return [...this.#plan];
    }
    if ([...this.#trials.values()].every((trial) => trial.isSettled)) this.#makePlan();
    return this.#plan.flatMap((read) => {
      const trial = this.#trials.get(read);
      return trial === undefined ? [read] : this.#leavesToAsk(trial, true);
    });
  }

  /**
   * The device refused a request with one of TEACHING_EXCEPTIONS. Gives back what to ask at once instead; empty when
   * nothing more of it is asked in this poll, and its values have none.
   * @param atMs on any clock that does not jump; the clock of `dueForRetry`
   */
  refused(read: PlannedRead<T>, atMs: number): PlannedRead<T>[] {
    this.#lastRefusalMs = atMs;
    const lesson = this.#lessons.find((one) => one.read === read);
    if (lesson !== undefined) {
      this.#retried = undefined;
      lesson.isSure = true;
      lesson.retryAtMs = atMs + RETRY_AFTER_MS;
      return [];
    }
    if (this.refusesEverything) {
      this.#turn++;
      this.#isStale = true;
      return [];
    }
    let trial = this.#trialOf(read);
    if (trial === undefined) {
      if (!this.#plan.includes(read)) return [];
      trial = new ReadTrial(read, (values) => this.#coverOf(values));
      this.#trials.set(read, trial);
    } else trial.refused(read);
    return this.#leavesToAsk(trial, false);
  }

  /** The device answered the request. */
  succeeded(read: PlannedRead<T>): void {
    this.#answers++;
    const lesson = this.#lessons.find((one) => one.read === read);
    if (lesson !== undefined) {
      this.#retried = undefined;
      // One that was wrong makes those of the same hour suspect.
      this.#lessons = this.#lessons.filter((one) => one !== lesson && (lesson.isSure || one.isSure));
      this.#isStale = true;
    } else if (this.refusesEverything) {
      this.#lessons = [];
      this.#isStale = true;
    } else {
      this.#trialOf(read)?.answered(read);
    }
  }

  /**
   * One request to make besides the plan's, to see whether the device still refuses it; undefined when none is due. A
   * request that is made and brings neither answer nor refusal is put off for 60 polls.
   */
  dueForRetry(nowMs: number): PlannedRead<T> | undefined {
    if (this.#trials.size > 0 || this.refusesEverything) return undefined;
    const lesson = this.#lessons.find(
      (one) =>
        one.restsUntilPoll <= this.#polls &&
        (one.retryAtMs <= nowMs || (!one.isSure && this.#answers > one.answersBefore)),
    );
    if (!this.#hasGivenRetry) this.#retried = lesson;
    this.#hasGivenRetry = true;
    return lesson?.read;
  }

  /** Values that are not read, since the device refused them: for a warning, and for whoever looks. */
  unsupported(): UnsupportedValue<T>[] {
    if (this.#lessons.length === 0) return [];
    return this.#wanted.flatMap((value) => {
      const cover = this.#coverOf([value]);
      const reasons = this.#lessons.filter(({ read }) => isWithin(read, cover));
      const [first, ...others] = reasons.map(({ retryAtMs }) => retryAtMs);
      return first === undefined ? [] : [{ value, retryAtMs: Math.min(first, ...others) }];
    });
  }

  /** Nothing of what is wanted can be read: not the registers are wrong but the device, the profile or the moment. */
  get refusesEverything(): boolean {
    return this.#refusesEverything;
  }

  /** Plans for another cost, where that saves at least a twentieth. */
  useCost(cost: ReadCost): void {
    this.#cost = cost;
    if (this.#trials.size > 0 || this.refusesEverything) return;
    const plan = this.#planOfSupported();
    if (costOfReads(plan, cost) < costOfReads(this.#plan, cost) * (1 - WORTHWHILE_SAVING))
      this.#isStale = true;
  }

  #trialOf(read: PlannedRead<T>): ReadTrial<T> | undefined {
    if (this.#trials.size === 0) return undefined;
    return [...this.#trials.values()].find((trial) => trial.holds(read));
  }

  /** Answered parts stand in for the whole; of the others, as many as the poll still has requests for. */
  #leavesToAsk(trial: ReadTrial<T>, isWithAnswered: boolean): PlannedRead<T>[] {
    return trial.leaves().flatMap(({ read, isAnswered }) => {
      if (isAnswered) return isWithAnswered ? [read] : [];
      if (this.#askedInPoll.has(read) || this.#trialRequestsLeft === 0) return [];
      this.#trialRequestsLeft--;
      this.#askedInPoll.add(read);
      return [read];
    });
  }

  #learn(read: PlannedRead<T>, maxRegisters: number): void {
    if (this.#lessons.some((one) => isSameRange(one.read, read))) return;
    this.#lessons.push({
      read,
      maxRegisters,
      isSure: false,
      answersBefore: this.#answers,
      retryAtMs: this.#lastRefusalMs + RETRY_AFTER_MS,
      restsUntilPoll: 0,
    });
  }

  /** Everything found becomes a new plan. */
  #makePlan(): void {
    for (const trial of this.#trials.values()) {
      for (const refused of trial.lessons) this.#learn(refused, Infinity);
      for (const { refused, answeredRegisters } of trial.unexplained)
        this.#learn({ ...refused }, answeredRegisters);
    }
    this.#trials.clear();
    this.#isStale = false;
    this.#plan = this.#planOfSupported();
    this.#refusesEverything = this.#plan.length === 0 && this.#wanted.length > 0;
    const value = this.#wanted[this.#turn % this.#wanted.length];
    if (this.#refusesEverything && value !== undefined) this.#plan = [this.#coverOf([value])];
  }

  #planOfSupported(): PlannedRead<T>[] {
    const unsupported = new Set(this.unsupported().map(({ value }) => value));
    const supported = this.#wanted.filter((value) => !unsupported.has(value));
    const longest = Math.max(0, ...supported.map((value) => this.#coverOf([value]).count));
    const maxRegisters = Math.min(
      this.#limits.maxRegisters,
      ...this.#lessons.map((one) => Math.max(longest, one.maxRegisters)),
    );
    return planReads(supported, { ...this.#limits, maxRegisters }, this.#cost, {
      values: [...this.#values, ...this.#wanted],
      refused: this.#lessons.map(({ read }) => read),
    });
  }

  /** The smallest legal request for values that lie together in a legal one, whatever was refused. */
  #coverOf(values: readonly T[]): PlannedRead<T> {
    const functionCode = values[0]?.functionCode ?? 3;
    const judge =
      this.#judges.get(functionCode) ??
      judgeOfFunction(functionCode, this.#wanted, this.#limits, { values: this.#values });
    this.#judges.set(functionCode, judge);
    const first = Math.min(...values.map((value) => value.address));
    const end = Math.max(...values.map((value) => value.address + value.count));
    const range = judge.cover(first, end);
    if (range === null)
      throw new MillwattError(
        'crash',
        'unreadable-part',
        `Registers ${first} to ${end - 1} have no request, though a longer one holds them.`,
      );
    return { functionCode, ...range, wanted: [...values] };
  }
}

function isWithin(inner: WantedRegisters, outer: WantedRegisters): boolean {
  return (
    inner.functionCode === outer.functionCode &&
    inner.address >= outer.address &&
    inner.address + inner.count <= outer.address + outer.count
  );
}

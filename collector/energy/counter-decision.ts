import { compareText } from './compare-text.ts';

/**
 * What was decided about a reading of a counter that was not simply believed, or about how its difference was booked:
 * `anchor` the first reading of an epoch; `glitch` held readings proved false; `rollover`; `reset`; `step` an unexplained
 * step; `step-back` a meter that lost some minutes at a power loss; `identity` another meter took over; `foreign` a reading
 * of another meter beside this one, which went on; `moved` the same meter at another address; `clock-stepped` the clock was set between two readings, and it counted no more than time of the boot allows; `impossible` no value that a counter shows; `saturated` it stopped at its largest value;
 * `stuck` it did not move while power was drawn; `unread` it was not read any more while power was; `amended` a person decided (the amendment is named).
 */
export const DECISION_KINDS = [
  'anchor',
  'glitch',
  'rollover',
  'reset',
  'step',
  'step-back',
  'identity',
  'foreign',
  'moved',
  'clock-stepped',
  'impossible',
  'saturated',
  'stuck',
  'unread',
  'amended',
] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

/** One judgement about a counter, kept with the hour in which it was made, so that a person can follow it. */
export interface CounterDecision {
  /** Wall ms of the reading at which it was decided. */
  atMs: number;
  component: string;
  /** `medium` for what is counted in norm litres: they stand where mWh do. */
  direction: 'import' | 'export' | 'medium';
  kind: DecisionKind;
  /** What the counter showed before and now, whole mWh since its epoch began; null where there is none. */
  beforeMwh: number | null;
  nowMwh: number | null;
  /** The most that it may have risen by, mWh; null without a rated power. */
  boundMwh: number | null;
  /** What was booked because of it, whole mWh. */
  bookedMwh: number;
  /** The amendment that decided, by its id; null where none did. */
  amendment: string | null;
  /** The same in a sentence with its arithmetic: `11 kWh rose to 78 kWh in 10 s; at most 0.4 kWh fit: held`. */
  saying: string;
}

/** So many of them are kept of one counter in one hour; of the rest, only how many they were. */
const DECISIONS_MAX = 100;
/** Of what may go on with every reading, only the first is kept. */
const ONCE_AN_HOUR: readonly DecisionKind[] = ['impossible', 'foreign'];
const MORE = / \(and (\d+) more (?:of it )?in this hour\)$/;

/**
 * Puts a decision in its place among those of an hour. They are in order of time, then of component and direction, so that
 * it leaves no trace in which order components were taken in; those of one counter come in order of time.
 */
export function noteDecision(decisions: CounterDecision[], decision: CounterDecision): void {
  const own = decisions.filter((known) => isOfCounter(known, decision));
  const again = ONCE_AN_HOUR.includes(decision.kind)
    ? own.find(({ kind }) => kind === decision.kind)
    : undefined;
  const last = own.length >= DECISIONS_MAX ? own[own.length - 1] : undefined;
  const counted = again ?? last;
  if (counted !== undefined) {
    const count = Number(MORE.exec(counted.saying)?.[1] ?? 0) + 1;
    const what = again === undefined ? 'more' : 'more of it';
    const saying = `${counted.saying.replace(MORE, '')} (and ${count} ${what} in this hour)`;
    decisions[decisions.indexOf(counted)] = { ...counted, saying };
    return;
  }
  let index = decisions.length;
  while (index > 0 && isAfter(decisions[index - 1], decision)) index--;
  decisions.splice(index, 0, decision);
}

function isOfCounter(a: CounterDecision, b: CounterDecision): boolean {
  return a.component === b.component && a.direction === b.direction;
}

function isAfter(a: CounterDecision | undefined, b: CounterDecision): boolean {
  if (a === undefined) return false;
  const order =
    a.atMs - b.atMs || compareText(a.component, b.component) || compareText(a.direction, b.direction);
  return order > 0;
}

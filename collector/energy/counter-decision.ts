/**
 * What was decided about a reading of a counter that was not simply believed, or about how its difference was booked:
 * `anchor` the first reading of an epoch; `glitch` held readings proved false; `rollover`; `reset`; `step` an unexplained
 * step; `step-back` a meter that lost some minutes at a power loss; `identity` another meter took over; `moved` the same
 * meter at another address; `impossible` no value that a counter shows; `saturated` it stopped at its largest value;
 * `stuck` it did not move while power was drawn; `amended` a person decided (the amendment is named).
 */
export const DECISION_KINDS = [
  'anchor',
  'glitch',
  'rollover',
  'reset',
  'step',
  'step-back',
  'identity',
  'moved',
  'impossible',
  'saturated',
  'stuck',
  'amended',
] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

/** One judgement about a counter, kept with the hour in which it was made, so that a person can follow it. */
export interface CounterDecision {
  /** Wall ms of the reading at which it was decided. */
  atMs: number;
  component: string;
  direction: 'import' | 'export';
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

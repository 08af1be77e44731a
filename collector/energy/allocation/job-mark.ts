/**
 * Whether a program runs: `held` is an interruption after which the same program goes on (feed hold, optional stop, a door);
 * `ended` is no program under way; `unknown` is a control that nobody hears.
 */
export type RunWord = 'running' | 'held' | 'ended' | 'unknown';

/** From the records: from now on the control of a channel says this of its program. */
export interface ProgramMark {
  kind: 'program';
  /** Wall ms. */
  atMs: number;
  /** Path of the control; empty where the machine has one only. */
  channel: string;
  run: RunWord;
  /** Name of the program; null where it is not told. */
  program: string | null;
}

/** From the records: what a part counter shows. */
export interface CountMark {
  kind: 'count';
  atMs: number;
  channel: string;
  counts: 'all' | 'good' | 'scrap';
  /** A whole number, at least 0. */
  count: number;
}

/** From outside: work on a job begins. */
export interface BeginMark {
  kind: 'begin';
  atMs: number;
  /** Path of the control; empty for the machine as a whole. */
  channel: string;
  job: string;
  order: string | null;
  part: string | null;
}

/** From outside: work on a job ends; what it made since its begin, null where it is not told. */
export interface EndMark {
  kind: 'end';
  atMs: number;
  channel: string;
  /** Null ends whatever job is under way on the channel. */
  job: string | null;
  goodParts: number | null;
  scrapParts: number | null;
  massKg: number | null;
  volumeCm3: number | null;
}

/** What tells of jobs and parts. */
export type JobMark = ProgramMark | CountMark | BeginMark | EndMark;

/** Something in the marks that had to be decided; the decision is part of the text. */
export interface JobRemark {
  code:
    | 'begin-again'
    | 'closed-by-next'
    | 'still-open'
    | 'end-without-begin'
    | 'end-after-next'
    | 'end-of-another'
    | 'figure-refused'
    | 'silence-bridged'
    | 'ended-by-silence'
    | 'cut-at-window'
    | 'count-reset'
    | 'count-back'
    | 'count-jump'
    | 'count-refused'
    | 'parts-of-nobody'
    | 'parts-differ'
    | 'scrap-over-count'
    | 'mass-missing';
  /** Wall ms. */
  atMs: number;
  channel: string;
  job: string | null;
  saying: string;
}

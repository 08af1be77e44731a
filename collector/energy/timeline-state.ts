import type { Control } from './control.ts';
import { startControlTrack, type ControlTrack } from './control-state.ts';
import { startPowerTrack, type PowerTrack } from './power-track.ts';
import { emptySeries, type Series } from './series.ts';
import type { StateSpan } from './state-span.ts';

/** The states of one machine over time, as far as they are settled: plain data. */
export interface TimelineState {
  /** Power of the supply, W; null where a row had a counter only. Its times tell what is measured. */
  supply: Series<number | null>;
  /** Controls that wait, in order. */
  controls: Control[];
  /** First reading or word of the machine; null before it. */
  startMs: number | null;
  /** Its latest reading or word: time without a reading after it is nobody's until the next one comes. */
  latestMs: number;
  /** States are settled up to here, ms. */
  atMs: number;
  /** The last row that held a power. */
  lastPower: { atMs: number; everyMs: number; powerW: number } | null;
  /** On which rung power is, what the control says, and changes of whether anything is measured: beyond what is settled, too. */
  power: PowerTrack;
  control: ControlTrack;
  measured: { fromMs: number; measured: boolean }[];
  /** Changes of state, in order: from when, and the state's index. */
  changesMs: number[];
  states: number[];
  /** What was settled and not taken out yet, after the span that was taken out last, which may grow. */
  spans: StateSpan[];
  /** Where the last span ended when it was taken out, ms; null where it was not. */
  spansTakenMs: number | null;
}

/** A timeline that has seen nothing. */
export function emptyTimeline(): TimelineState {
  return {
    supply: emptySeries(),
    controls: [],
    startMs: null,
    latestMs: 0,
    atMs: 0,
    lastPower: null,
    power: startPowerTrack(0),
    control: startControlTrack(0),
    measured: [],
    changesMs: [],
    states: [],
    spans: [],
    spansTakenMs: null,
  };
}

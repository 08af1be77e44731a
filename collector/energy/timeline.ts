import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { addReason, addTime, accountAt, HOUR_MS, type HourAccount } from './hour-account.ts';
import type { MachineModel } from './machine-model.ts';
import { combineState, stateOfWords, type StatusWord } from './operating-state.ts';
import { dropTaken, emptySeries, settledTo, type Series } from './series.ts';

/** Something other than a measured value that tells of the machine's state, at a time. */
export type Control = { atMs: number; seq: number; index: number; agent: string } & (
  | { kind: 'link'; source: string; up: boolean }
  | { kind: 'word'; source: string; channel: string; word: StatusWord }
  /** The agent was still watching at this time, and is not expected to speak again for `holdMs`. */
  | { kind: 'heard'; holdMs: number }
);

/** The states of one machine over time, as far as they are settled: plain data. */
export interface TimelineState {
  /** Power of the supply, W; null where a row had a counter only. Its times tell what is measured. */
  supply: Series<number | null>;
  /** Controls that wait, in order. */
  controls: Control[];
  words: Record<string, { agent: string; source: string; word: StatusWord }>;
  /** Sources that are down, as agent/source. */
  downSources: string[];
  /** Until when the words of each agent hold, ms. */
  freshToMs: Record<string, number>;
  /** First reading or word of the machine; null before it. */
  startMs: number | null;
  /** Its latest reading or word: time without a reading after it is nobody's until the next one comes. */
  latestMs: number;
  /** States are settled up to here, ms. */
  atMs: number;
  /** The last row that held a power. */
  lastPower: { atMs: number; everyMs: number; powerW: number } | null;
  /** What fresh words say just now. */
  said: OperatingState | null;
  /** When the words next become stale, ms; null while none holds. */
  staleMs: number | null;
  /** Changes of state, in order: from when, and the state's index. */
  changesMs: number[];
  states: number[];
}

/** A timeline that has seen nothing. */
export function emptyTimeline(): TimelineState {
  return {
    supply: emptySeries(),
    controls: [],
    words: {},
    downSources: [],
    freshToMs: {},
    startMs: null,
    latestMs: 0,
    atMs: 0,
    lastPower: null,
    said: null,
    staleMs: null,
    changesMs: [],
    states: [],
  };
}

const RANK = { link: 0, word: 1, heard: 2 } as const;

/** Puts a control in its place. At one time links go before words; of one channel's words, that of the lower seq goes last and holds. */
export function insertControl(timeline: TimelineState, control: Control): void {
  const { controls } = timeline;
  let row = controls.length;
  while (row > 0) {
    const before = controls[row - 1];
    if (before === undefined || compareControls(before, control) <= 0) break;
    row--;
  }
  if (row === controls.length) controls.push(control);
  else controls.splice(row, 0, control);
}

function compareControls(a: Control, b: Control): number {
  return (
    a.atMs - b.atMs ||
    RANK[a.kind] - RANK[b.kind] ||
    compareText(subjectOf(a), subjectOf(b)) ||
    b.seq - a.seq ||
    a.index - b.index ||
    compareText(a.agent, b.agent) ||
    compareText(contentOf(a), contentOf(b))
  );
}

function contentOf(control: Control): string {
  if (control.kind === 'word') return String(control.word.value);
  return control.kind === 'link' ? String(control.up) : String(control.holdMs);
}

function subjectOf(control: Control): string {
  if (control.kind === 'word') return control.channel;
  return control.kind === 'link' ? control.source : control.agent;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** When the first supply reading or word was, of those that wait; Infinity without one. */
export function firstToldMs(timeline: TimelineState): number {
  const first = timeline.controls.find((control) => control.kind === 'word');
  return Math.min(timeline.supply.atMs[0] ?? Infinity, first?.atMs ?? Infinity);
}

/** When the last word before the horizon was, of those that wait; -Infinity without one. */
export function lastWordMs(timeline: TimelineState, horizonMs: number): number {
  const last = timeline.controls.findLast((control) => control.kind === 'word' && control.atMs < horizonMs);
  return last?.atMs ?? -Infinity;
}

/** Begins the machine's time at its first reading; false when that is not before the horizon. */
export function beginTimeline(timeline: TimelineState, startMs: number, horizonMs: number): boolean {
  if (!(startMs < horizonMs)) return false;
  timeline.startMs = startMs;
  timeline.atMs = startMs;
  return true;
}

/** Settles states as far as the horizon allows, and books the time spent in them. */
export function advanceTimeline(
  model: MachineModel,
  timeline: TimelineState,
  horizonMs: number,
  accounts: HourAccount[],
): void {
  const { supply } = timeline;
  const untilMs = Math.min(settledTo(supply, horizonMs), timeline.latestMs);
  let row = 0;
  for (;;) {
    const sampleMs = supply.atMs[row];
    const nextMs = sampleMs !== undefined && sampleMs <= untilMs && sampleMs < horizonMs ? sampleMs : null;
    const lastMs = row > 0 ? (supply.atMs[row - 1] ?? null) : supply.lastMs;
    const lastEveryMs = row > 0 ? (supply.everyMs[row - 1] ?? 0) : supply.lastEveryMs;
    const measured = nextMs !== null && lastMs !== null && nextMs - lastMs <= 2 * lastEveryMs;
    const { lastPower } = timeline;
    const holds = measured && lastPower !== null && nextMs - lastPower.atMs <= 2 * lastPower.everyMs;
    const nextPowerW = supply.values[row] ?? null;
    if (holds && nextPowerW !== null) {
      // Each reading speaks for the half of the interval that is next to it: nobody knows when power changed.
      settle(model, timeline, Math.floor((lastMs + nextMs) / 2), lastPower.powerW, true, accounts);
      settle(model, timeline, nextMs, nextPowerW, true, accounts);
    } else settle(model, timeline, nextMs ?? untilMs, holds ? lastPower.powerW : null, measured, accounts);
    if (nextMs === null) break;
    if (nextPowerW !== null)
      timeline.lastPower = { atMs: nextMs, everyMs: supply.everyMs[row] ?? 0, powerW: nextPowerW };
    row++;
  }
  dropTaken(supply, row);
}

/** Settles up to a time, with the power that holds until then; null where it is not known. */
function settle(
  model: MachineModel,
  timeline: TimelineState,
  toMs: number,
  powerW: number | null,
  measured: boolean,
  accounts: HourAccount[],
): void {
  while (timeline.atMs < toMs) {
    const fromMs = timeline.atMs;
    if ((timeline.controls[0]?.atMs ?? Infinity) <= fromMs) applyControls(model, timeline, fromMs);
    if (timeline.staleMs !== null && timeline.staleMs <= fromMs) expireWords(model, timeline, fromMs);
    const endMs = Math.min(toMs, timeline.controls[0]?.atMs ?? toMs, timeline.staleMs ?? toMs);
    const state = OPERATING_STATES.indexOf(combineState(model, powerW, timeline.said));
    if (timeline.states[timeline.states.length - 1] !== state) {
      timeline.changesMs.push(fromMs);
      timeline.states.push(state);
    }
    addTime(accounts, fromMs, endMs, state, measured);
    if (timeline.downSources.length > 0) {
      for (let at = fromMs; at < endMs; at = (Math.floor(at / HOUR_MS) + 1) * HOUR_MS)
        addReason(accountAt(accounts, at), 'source-down');
    }
    timeline.atMs = endMs;
  }
}

function applyControls(model: MachineModel, timeline: TimelineState, atMs: number): void {
  let count = 0;
  for (const control of timeline.controls) {
    if (control.atMs > atMs) break;
    count++;
    const { agent } = control;
    const holdMs = Math.max(model.quietAfterMs, control.kind === 'heard' ? control.holdMs : 0);
    timeline.freshToMs[agent] = Math.max(timeline.freshToMs[agent] ?? 0, control.atMs + holdMs);
    if (control.kind === 'word')
      timeline.words[control.channel] = { agent, source: control.source, word: control.word };
    else if (control.kind === 'link') {
      const source = qualify(agent, control.source);
      timeline.downSources = timeline.downSources.filter((down) => down !== source);
      if (!control.up) timeline.downSources.push(source);
    }
  }
  timeline.controls.splice(0, count);
  readWords(model, timeline);
}

/** Sources are named by their agents, so that two may use one name. */
function qualify(agent: string, source: string): string {
  return `${agent}/${source}`;
}

/** Words of an agent that fell silent are forgotten: only a new word brings the state back. */
function expireWords(model: MachineModel, timeline: TimelineState, atMs: number): void {
  for (const [channel, { agent }] of Object.entries(timeline.words)) {
    if ((timeline.freshToMs[agent] ?? 0) <= atMs) delete timeline.words[channel];
  }
  readWords(model, timeline);
}

function readWords(model: MachineModel, timeline: TimelineState): void {
  const words: StatusWord[] = [];
  timeline.staleMs = null;
  for (const { agent, source, word } of Object.values(timeline.words)) {
    const staleMs = timeline.freshToMs[agent] ?? 0;
    timeline.staleMs = Math.min(timeline.staleMs ?? staleMs, staleMs);
    if (!timeline.downSources.includes(qualify(agent, source))) words.push(word);
  }
  timeline.said = stateOfWords(model, words);
}

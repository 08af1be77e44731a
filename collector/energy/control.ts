import { compareText } from './compare-text.ts';
import type { StatusWord } from './status-word.ts';

/** Something other than a measured value that tells of the machine's state, at a time. */
export type Control = { atMs: number; seq: number; index: number; agent: string } & (
  | {
      kind: 'link';
      source: string;
      up: boolean;
      /** Came up again, and everything that was said in between has been told. */
      healed: boolean;
    }
  | { kind: 'word'; source: string; channel: string; word: StatusWord }
  /** The agent has these sources and channels of words from now on, and no others. */
  | { kind: 'wiring'; sources: readonly string[]; channels: readonly string[] }
  /** The agent was still watching at this time, and is not expected to speak again for `holdMs`. */
  | { kind: 'heard'; holdMs: number }
);

const RANK = { wiring: 0, link: 1, word: 2, heard: 3 } as const;

/** Puts a control in its place. At one time the wiring goes before links, and those before words; of one channel's words, that of the lower seq goes last and holds. */
export function insertControl(controls: Control[], control: Control): void {
  const last = controls[controls.length - 1];
  if (last === undefined || compareControls(last, control) <= 0) {
    controls.push(control);
    return;
  }
  // What agents were heard to say comes after the records of a batch: hundreds may lie behind its place.
  let [first, end] = [0, controls.length - 1];
  while (first < end) {
    const row = (first + end) >> 1;
    const known = controls[row];
    if (known !== undefined && compareControls(known, control) <= 0) first = row + 1;
    else end = row;
  }
  controls.splice(first, 0, control);
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
  if (control.kind === 'wiring') return [...control.sources, ...control.channels].join(' ');
  return control.kind === 'link' ? `${control.up} ${control.healed}` : String(control.holdMs);
}

function subjectOf(control: Control): string {
  if (control.kind === 'word') return control.channel;
  return control.kind === 'link' ? control.source : control.agent;
}

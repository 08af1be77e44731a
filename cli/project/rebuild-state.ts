import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SAMPLES } from '../../collector/influx/projector.ts';
import type { Views } from '../../collector/ledger/views.ts';

const SAVE_EVERY_MS = 1000;

/** What a rebuild writes, and where to: only one of the same is gone on with. */
export interface RebuildTask {
  target: string;
  /** Wall ms; null for all. */
  fromMs: number | null;
  toMs: number | null;
}

interface Saved {
  v: 1;
  task: RebuildTask;
  isDone: boolean;
  /** Points written so far, over all runs. */
  points: number;
  cursors: Record<string, number>;
  checkpoints: Record<string, string>;
  /** What the ledger says of the last record that was read: a restored ledger has others under its numbers. */
  mark?: string;
}

/** Says which record of the ledger an ordinal is; empty where there is none, and for 0. */
export type MarkOf = (ordinal: number) => string;

/** The cursors of a rebuild, in a file of their own: those of the collector stay where they are. */
export interface RebuildState extends Pick<Views, 'checkpointBefore' | 'commit' | 'cursor' | 'setCursor'> {
  /** It goes on where an earlier run stopped. */
  isResumed: boolean;
  /** Points that earlier runs wrote. */
  points: number;
  /** Writes it down now, with the points of this run. */
  save(points: number): void;
  /** The rebuild is done: the next one begins anew. */
  finish(): void;
}

/** Where a collector's folder keeps the state of a rebuild: of one of everything, and of one of a part of time. */
export function rebuildPath(dataFolder: string, isOfPart = false): string {
  return join(dataFolder, isOfPart ? 'influx-rebuild-part.json' : 'influx-rebuild.json');
}

/** The cursors of the last rebuild of everything from this very ledger that ended; undefined where there was none. */
export function lastRebuild(
  path: string,
  markOf: MarkOf,
): Pick<Views, 'checkpointBefore' | 'cursor'> | undefined {
  const saved = readSaved(path);
  if (saved?.isDone !== true || !isOf(saved, markOf)) return undefined;
  return cursorsOf(saved);
}

/** Opens the state of a rebuild, or begins one where there is none of this task and this ledger. */
export function openRebuildState(path: string, task: RebuildTask, markOf: MarkOf): RebuildState {
  const before = readSaved(path);
  const isResumed =
    before !== undefined &&
    !before.isDone &&
    JSON.stringify(before.task) === JSON.stringify(task) &&
    isOf(before, markOf);
  const saved: Saved = isResumed
    ? before
    : { v: 1, task, isDone: false, points: 0, cursors: {}, checkpoints: {} };
  const { points } = saved;
  let savedAtMs = performance.now();
  const save = (): void => {
    savedAtMs = performance.now();
    saved.mark = markOf(saved.cursors[SAMPLES] ?? 0);
    writeFileSync(`${path}.new`, JSON.stringify(saved), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  };
  const saveSoon = (): void => {
    // A second of it is done twice after a crash, which changes nothing.
    if (performance.now() - savedAtMs > SAVE_EVERY_MS) save();
  };
  return {
    isResumed,
    points,
    ...cursorsOf(saved),
    setCursor: (reader, ordinal) => {
      saved.cursors[reader] = ordinal;
      saveSoon();
    },
    commit: ({ reader, ordinal, checkpoints = [] }) => {
      saved.cursors[reader] = ordinal;
      for (const { machine, json } of checkpoints) saved.checkpoints[machine] = json;
      saveSoon();
    },
    save: (run) => {
      saved.points = points + run;
      save();
    },
    finish: () => {
      saved.isDone = true;
      save();
    },
  };
}

function isOf({ cursors, mark }: Saved, markOf: MarkOf): boolean {
  return mark === markOf(cursors[SAMPLES] ?? 0);
}

function cursorsOf({ cursors, checkpoints }: Saved): Pick<Views, 'checkpointBefore' | 'cursor'> {
  return {
    cursor: (reader) => cursors[reader] ?? 0,
    checkpointBefore: (machine) => {
      const json = checkpoints[machine];
      return json === undefined ? undefined : { hourMs: 0, json };
    },
  };
}

function readSaved(path: string): Saved | undefined {
  try {
    const saved = JSON.parse(readFileSync(path, 'utf8')) as Saved;
    return saved.v === 1 ? saved : undefined;
  } catch {
    return undefined;
  }
}

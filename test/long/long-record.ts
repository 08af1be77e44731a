import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { LongKind } from './kinds.ts';

/** Figures of a run: counts are added up; of those that end in Max, 99 or Median the worst is kept. */
export type Figures = Record<string, number>;

/** What was done on one commit. */
export interface LongRun {
  commit: string;
  /** Names the code on trial: the same as long as nothing in it changed. */
  code: string;
  /** Of the last piece, UTC: 2026-11-22. */
  date: string;
  done: number;
  seconds: number;
  figures: Figures;
}

/** A piece that failed; none of it counts as done. */
export interface LongFailure {
  commit: string;
  date: string;
  /** One line that tells what failed. */
  message: string;
  /** Does the same again. */
  command: string;
  /** The commit that mended it, put in by hand. */
  mended?: string;
}

/** All that is known of one kind. */
export interface KindRecord {
  test: string;
  unit: string;
  wanted: number;
  /** The first unit that no piece has tried; no unit is tried twice, save by hand. */
  next: number;
  runs: LongRun[];
  failures: LongFailure[];
}

/** What docs/reliability-record.json holds. */
export interface LongRecord {
  v: 1;
  kinds: Record<string, KindRecord>;
}

/** Reads a record; an empty one where there is no file. Throws on one of another version. */
export function readRecord(path: string): LongRecord {
  if (!existsSync(path)) return { v: 1, kinds: {} };
  const record = JSON.parse(readFileSync(path, 'utf8')) as LongRecord;
  if (record.v !== 1) throw new Error(`${path} is of version ${String(record.v)}; this program writes 1.`);
  return record;
}

/** Replaces the file in one step, so that whoever is interrupted leaves the old one or the new one. */
export function saveRecord(path: string, record: LongRecord): void {
  const beside = `${path}.${process.pid}.new`;
  writeFileSync(beside, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(beside, path);
}

/** The record of a kind, made where there is none; what is wanted of it is taken from the kind. */
export function recordOf(record: LongRecord, kind: LongKind): KindRecord {
  const { test, unit, wanted } = kind;
  const known = record.kinds[kind.name] ?? { test, unit, wanted, next: 0, runs: [], failures: [] };
  return (record.kinds[kind.name] = { ...known, test, unit, wanted });
}

/** Adds a piece that passed to what was done on its commit. */
export function addRun(own: KindRecord, piece: LongRun): void {
  const same = own.runs.find(({ commit, code }) => commit === piece.commit && code === piece.code);
  if (same === undefined) {
    own.runs.push(piece);
    return;
  }
  same.date = piece.date;
  same.done += piece.done;
  same.seconds += piece.seconds;
  same.figures = mergeFigures(same.figures, piece.figures);
}

/** Figures of two pieces together. */
export function mergeFigures(one: Figures, other: Figures): Figures {
  const merged = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const known = merged[name] ?? (isWorst(name) ? -Infinity : 0);
    merged[name] = isWorst(name) ? Math.max(known, value) : known + value;
  }
  return merged;
}

function isWorst(name: string): boolean {
  return /(Max|99|Median)$/.test(name);
}

/** What was done in all. */
export function doneOf(own: KindRecord): number {
  return own.runs.reduce((sum, { done }) => sum + done, 0);
}

/** What was done on the code of the last run. */
export function doneOnLastCode(own: KindRecord): number {
  const last = own.runs.at(-1)?.code;
  return own.runs.filter(({ code }) => code === last).reduce((sum, { done }) => sum + done, 0);
}

/** Units a second over all runs; undefined before the first. */
export function rateOf(own: KindRecord): number | undefined {
  const seconds = own.runs.reduce((sum, run) => sum + run.seconds, 0);
  return seconds > 0 ? doneOf(own) / seconds : undefined;
}

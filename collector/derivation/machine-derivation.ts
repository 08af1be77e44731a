import { closeHour } from '../energy/close-hour.ts';
import { HOUR_MS } from '../energy/hour-account.ts';
import { feedHeard, feedRecord } from '../energy/feed-record.ts';
import { startFold, type MachineFold } from '../energy/fold-state.ts';
import {
  advanceFold,
  awaitingSinceMs,
  isLate,
  restoreFold,
  saveFold,
  settledSinceMs,
  takeChangedAccounts,
  takeSettledSpans,
} from '../energy/machine-fold.ts';
import { spanOf, type RecordFeed } from '../energy/record-feed.ts';
import { baseOf, type HourBase } from '../energy/hour-base.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { StateSpan } from '../energy/state-span.ts';
import { firstToldMs } from '../energy/timeline.ts';
import type { MachineModel } from '../energy/machine-model.ts';
import type { Views } from '../ledger/views.ts';

/** Agents speak once a minute at least; a word that would be stale sooner would be stale between two records. */
const QUIET_AFTER_MS_MIN = 180_000;
/** A refold reads the ledger in windows of this length. */
const WINDOW_MS = 6 * HOUR_MS;
/** Checkpoints are an hour apart, but farther where a long interval is open and each of them is large. */
const LARGE_CHECKPOINT_HOURS = 24;
/** What is older than this is seldom gone back to. */
export const CHECKPOINTS_CLOSE_HOURS = 7 * 24;
/** So much is held before it is written, where a machine's past is computed again. */
const HOURS_A_PIECE = 14 * 24;
const SPANS_A_PIECE = 20_000;

/** How far a machine's hours are frozen, wall ms; -Infinity for none. */
export interface FrozenEdge {
  /** Hours that begin before this are never written. */
  toMs: number;
  /** Readings of before this may not be here. */
  goneMs: number;
  /** The fold at `toMs`; undefined where it has to begin anew, warmed up from `goneMs` on. */
  checkpoint: string | undefined;
}

/** Where one machine's readings are read again. */
export interface MachineSource {
  /** What the ledger holds of the machine in a window of wall time, as far as the derivation has come. */
  feeds(fromMs: number, toMs: number): Iterable<RecordFeed>;
  /** When the machine's agents were watching. */
  marks(fromMs: number, toMs: number): { agent: string; atMs: number }[];
  /** Begin of everything the ledger holds of the machine, its links too, wall ms; Infinity for nothing. */
  firstMs(): number;
  /** End of everything the ledger holds of the machine, wall ms. */
  endMs(): number;
}

/** What a machine's derivation wants written: hours and their bases by their start, checkpoints, and from when old ones no longer hold. */
export interface MachineChange {
  hours: Map<number, MachineHour>;
  bases: Map<number, HourBase>;
  checkpoints: Map<number, string>;
  dropCheckpointsFromMs: number | null;
  /** From when on nothing that is written of states holds any more; null where spans that follow say so themselves. */
  dropSpansFromMs: number | null;
  /** Stretches of states that were settled, in order; what is written of the machine from the first one's begin on is replaced. */
  spans: StateSpan[];
}

/** What is computed again. */
export interface Recomputation {
  /** Everything that was computed of the time before this still holds, wall ms; -Infinity for nothing. */
  fromMs: number;
  /** Up to when all readings are here, wall ms. */
  horizonMs: number;
}

/** The fold of one machine, with its checkpoints: feeds go in, changed hours come out. */
export class MachineDerivation {
  readonly model: MachineModel;
  readonly #site: string;
  readonly #views: Pick<Views, 'checkpointBefore'>;
  readonly #source: MachineSource;
  readonly #frozen: () => FrozenEdge;
  #fold: MachineFold = startFold();
  #change: MachineChange = emptyChange();
  #conflicts = 0;
  #rewinds = 0;

  constructor(parts: {
    model: MachineModel;
    site: string;
    views: Pick<Views, 'checkpointBefore'>;
    source: MachineSource;
    /** By default, nothing is frozen. */
    frozen?: () => FrozenEdge;
  }) {
    const quietAfterMs = Math.max(parts.model.quietAfterMs, QUIET_AFTER_MS_MIN);
    this.model = { ...parts.model, quietAfterMs };
    this.#site = parts.site;
    this.#views = parts.views;
    this.#source = parts.source;
    this.#frozen = parts.frozen ?? (() => NOTHING_FROZEN);
  }

  /** Readings of one time that differed, and how often the fold went back. */
  get counts(): { conflicts: number; rewinds: number } {
    return { conflicts: this.#conflicts, rewinds: this.#rewinds };
  }

  /** Every reading before this is taken in, wall ms. */
  get horizonMs(): number {
    return this.#fold.horizonMs;
  }

  /** Hours that end after this wait for what a counter will tell of them; null when none does. */
  get awaitsSinceMs(): number | null {
    return awaitingSinceMs(this.#fold);
  }

  /** Hours that end before this are settled, as far as readings came in order, wall ms. */
  get settledMs(): number {
    return settledSinceMs(this.#fold);
  }

  /** Takes up the fold where the last checkpoint left it, and everything since from the ledger. */
  async resume(yieldNow: () => Promise<void>): Promise<void> {
    await this.#refold(Infinity, yieldNow);
  }

  /**
   * Folds anew what no longer holds, up to the horizon given. Returns from when on all hours were made again: those that
   * were not are no hours of this machine any more.
   *
   * @param yieldNow is called now and then; what `takeSettled` gives may be written meanwhile
   */
  async recompute({ fromMs, horizonMs }: Recomputation, yieldNow: () => Promise<void>): Promise<number> {
    if (fromMs === -Infinity) this.#change.dropCheckpointsFromMs = 0;
    const beginMs = await this.#refold(fromMs, yieldNow, { holdsNothing: true });
    this.#advance(horizonMs);
    return beginMs;
  }

  /** Takes new feeds in, in any order; goes back to a checkpoint where one is late. */
  async absorb(
    feeds: readonly RecordFeed[],
    heard: readonly { agent: string; atMs: number }[],
    horizonMs: number,
    yieldNow: () => Promise<void>,
  ): Promise<void> {
    const late = feeds.filter((feed) => feed.replaces === true || isLate(this.#fold, feed));
    if (late.length > 0) {
      this.#rewinds++;
      const earliestMs = Math.min(...late.map((feed) => spanOf(feed)?.fromMs ?? Infinity));
      await this.#refold(earliestMs, yieldNow);
    } else {
      for (const feed of feeds) this.#conflicts += feedRecord(this.#fold, feed);
      for (const { agent, atMs } of heard) feedHeard(this.#fold, agent, atMs);
    }
    this.#advance(horizonMs);
  }

  /** What changed since the last call. */
  take(): MachineChange {
    const change = this.#change;
    this.#change = emptyChange();
    return change;
  }

  /** An hour to be written where none was made. */
  putMissing(hour: MachineHour, base: HourBase): void {
    const { hours, bases } = this.#change;
    if (hours.has(hour.hourMs)) return;
    hours.set(hour.hourMs, hour);
    bases.set(hour.hourMs, base);
  }

  /**
   * Of what changed, what nothing can change any more, where there is much of it: years of it would not fit into memory,
   * and it may be written before the rest. Undefined where there is little.
   */
  takeSettled(): MachineChange | undefined {
    const { hours, bases, checkpoints, spans } = this.#change;
    if (hours.size <= HOURS_A_PIECE && spans.length <= SPANS_A_PIECE) return undefined;
    const piece = { ...this.#change, hours: new Map(), bases: new Map(), checkpoints: new Map() };
    const settledMs = settledSinceMs(this.#fold);
    for (const hourMs of hours.keys())
      if (hourMs + HOUR_MS <= settledMs) {
        move(hours, piece.hours, hourMs);
        move(bases, piece.bases, hourMs);
      }
    // Of later ones, some are let go yet.
    const keptMs = this.#fold.horizonMs - CHECKPOINTS_CLOSE_HOURS * HOUR_MS;
    for (const hourMs of checkpoints.keys())
      if (hourMs < keptMs) move(checkpoints, piece.checkpoints, hourMs);
    this.#change = { ...emptyChange(), hours, bases, checkpoints };
    return piece;
  }

  /**
   * Folds again from the checkpoint at or before a time; what is in the ledger beyond the horizon is fed, too. Returns that
   * checkpoint's time. With `holdsNothing`, nothing that was written after it holds.
   */
  async #refold(
    fromMs: number,
    yieldNow: () => Promise<void>,
    { holdsNothing = false } = {},
  ): Promise<number> {
    const frozen = this.#frozen();
    // Of before the edge, readings may be gone: what no longer holds since then is folded from the edge on.
    const best = fromMs < frozen.toMs ? frozen.checkpoint : this.#checkpointAt(fromMs, frozen);
    const dropped = this.#change.dropCheckpointsFromMs ?? Infinity;
    const horizonBeforeMs = this.#fold.horizonMs;
    this.#fold = best === undefined ? startFold() : restoreFold(best);
    const beginMs = this.#fold.horizonMs;
    for (const hourMs of this.#change.checkpoints.keys())
      if (hourMs > beginMs) this.#change.checkpoints.delete(hourMs);
    this.#change.dropCheckpointsFromMs = Math.min(dropped, beginMs + 1);
    if (holdsNothing) this.#change.dropSpansFromMs = Math.max(beginMs, frozen.toMs);
    const endMs = this.#source.endMs();
    let fromWindowMs = beginMs > 0 ? beginMs : this.#firstWindowMs(fromMs);
    if (beginMs <= 0 && frozen.goneMs > 0) fromWindowMs = frozen.goneMs;
    while (fromWindowMs <= endMs || fromWindowMs === Infinity) {
      const isWhole = fromWindowMs === Infinity;
      const toWindowMs = isWhole ? endMs : fromWindowMs + WINDOW_MS;
      // A window at a time: what lies far ahead would be carried through all of them.
      for (const { agent, atMs } of this.#source.marks(isWhole ? beginMs : fromWindowMs, toWindowMs))
        feedHeard(this.#fold, agent, atMs);
      for (const feed of this.#source.feeds(isWhole ? 0 : fromWindowMs, toWindowMs))
        this.#conflicts += feedRecord(this.#fold, feed, this.#fold.horizonMs);
      await yieldNow();
      if (toWindowMs >= endMs) break;
      this.#advance(toWindowMs);
      fromWindowMs = toWindowMs;
    }
    this.#advance(horizonBeforeMs);
    return Math.max(beginMs, frozen.toMs);
  }

  /**
   * Where the first window begins without a checkpoint; at Infinity, it takes in everything. Not with the first reading: a
   * source that went down long before is down at that one, and the reading's hour rests on all that was said in it.
   */
  #firstWindowMs(fromMs: number): number {
    // Of a machine that is taken up, little is here, or what is here is taken in next.
    if (fromMs === Infinity) return Infinity;
    return Math.floor(this.#source.firstMs() / HOUR_MS) * HOUR_MS;
  }

  /** The newest checkpoint at or before a time, of those at or behind the edge of what is frozen. */
  #checkpointAt(fromMs: number, frozen: FrozenEdge): string | undefined {
    const pending = [...this.#change.checkpoints].filter(([hourMs]) => hourMs <= fromMs);
    const unwritten = pending.sort(([a], [b]) => a - b).pop();
    const written = this.#views.checkpointBefore(
      this.model.machine,
      Math.min(fromMs, Number.MAX_SAFE_INTEGER),
    );
    const dropped = this.#change.dropCheckpointsFromMs ?? Infinity;
    const usable =
      written !== undefined && written.hourMs < dropped && written.hourMs >= frozen.toMs
        ? written
        : undefined;
    if (unwritten !== undefined && unwritten[0] > (usable?.hourMs ?? -Infinity)) return unwritten[1];
    return usable?.json ?? frozen.checkpoint;
  }

  #advance(horizonMs: number): void {
    const fold = this.#fold;
    for (;;) {
      const beginMs = Math.max(fold.horizonMs, fold.timeline.startMs ?? firstWaitingMs(fold));
      const boundaryMs = (Math.floor(beginMs / HOUR_MS) + 1) * HOUR_MS;
      if (!(boundaryMs <= horizonMs)) break;
      advanceFold(this.model, fold, boundaryMs);
      this.#takeHours();
      const isLarge = fold.accounts.length > LARGE_CHECKPOINT_HOURS;
      const isKept = !isLarge || (boundaryMs / HOUR_MS) % LARGE_CHECKPOINT_HOURS === 0;
      if (isKept && boundaryMs >= this.#frozen().toMs) this.#keepCheckpoint(boundaryMs, saveFold(fold));
    }
    advanceFold(this.model, fold, horizonMs);
    this.#takeHours();
  }

  /** A long refold keeps one checkpoint a day of what lies far back, so that it needs little memory. */
  #keepCheckpoint(hourMs: number, json: string): void {
    const { checkpoints } = this.#change;
    checkpoints.set(hourMs, json);
    const oldMs = hourMs - CHECKPOINTS_CLOSE_HOURS * HOUR_MS;
    if ((oldMs / HOUR_MS) % LARGE_CHECKPOINT_HOURS !== 0) checkpoints.delete(oldMs);
  }

  #takeHours(): void {
    const { machine } = this.model;
    const { toMs: frozenToMs } = this.#frozen();
    for (const account of takeChangedAccounts(this.#fold)) {
      if (account.hourMs < frozenToMs) continue;
      this.#change.hours.set(account.hourMs, closeHour(this.#site, this.model, account));
      this.#change.bases.set(account.hourMs, baseOf(machine, account));
    }
    putSpans(this.#change.spans, spansFrom(takeSettledSpans(this.#fold), frozenToMs));
  }
}

const NOTHING_FROZEN: FrozenEdge = { toMs: -Infinity, goneMs: -Infinity, checkpoint: undefined };

function spansFrom(spans: readonly StateSpan[], fromMs: number): readonly StateSpan[] {
  if ((spans[0]?.fromMs ?? Infinity) >= fromMs) return spans;
  return spans.flatMap((span) =>
    span.toMs <= fromMs ? [] : [{ ...span, fromMs: Math.max(span.fromMs, fromMs) }],
  );
}

/** Puts spans in the place of all from the first one's begin on: they follow each other without holes. */
function putSpans(spans: StateSpan[], settled: readonly StateSpan[]): void {
  const [first] = settled;
  if (first === undefined) return;
  while ((spans[spans.length - 1]?.fromMs ?? -Infinity) >= first.fromMs) spans.pop();
  const last = spans[spans.length - 1];
  if (last !== undefined && last.toMs > first.fromMs) last.toMs = first.fromMs;
  for (const span of settled) spans.push(span);
}

function firstWaitingMs(fold: MachineFold): number {
  const { timeline, components } = fold;
  return Math.min(
    firstToldMs(timeline),
    ...components.map((c) => Math.min(c.power.atMs[0] ?? Infinity, c.counter.atMs[0] ?? Infinity)),
  );
}

function move<T>(from: Map<number, T>, to: Map<number, T>, key: number): void {
  const value = from.get(key);
  if (value === undefined) return;
  to.set(key, value);
  from.delete(key);
}

function emptyChange(): MachineChange {
  return {
    hours: new Map(),
    bases: new Map(),
    checkpoints: new Map(),
    dropCheckpointsFromMs: null,
    dropSpansFromMs: null,
    spans: [],
  };
}

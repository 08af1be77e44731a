import { keepNamedClocks } from './boot-time.ts';
import { advanceComponent, awaitsStepSinceMs, countedToMs, openSinceMs } from './component.ts';
import { isSupply, type ComponentState } from './component-state.ts';
import type { MachineFold } from './fold-state.ts';
import { HOUR_MS, type HourAccount } from './hour-account.ts';
import type { MachineModel } from './machine-model.ts';
import { spanOf, type RecordFeed } from './record-feed.ts';
import { lastBeforeMs, readingsBefore } from './series.ts';
import {
  advanceTimeline,
  awaitTimeline,
  beginTimeline,
  firstToldMs,
  lastWordMs,
  takeSpans,
} from './timeline.ts';
import type { StateSpan } from './state-span.ts';

/** More clocks are looked through: most are of readings that were taken in. */
const CLOCKS_KEPT = 8;
/** A counter that nobody has read for so long is waited for no more. */
const AWAITED_MS_MAX = 7 * 24 * HOUR_MS;

/** True when the feed holds something from before the horizon: the fold has to go back. */
export function isLate(fold: MachineFold, feed: RecordFeed): boolean {
  const span = spanOf(feed);
  return span !== null && span.fromMs < fold.horizonMs;
}

/** Takes in everything before a time; the caller has fed all of it. Times before the present horizon change nothing. */
export function advanceFold(model: MachineModel, fold: MachineFold, horizonMs: number): void {
  if (horizonMs <= fold.horizonMs) return;
  fold.horizonMs = horizonMs;
  const { timeline, definitions, recent } = fold;
  timeline.latestMs = Math.max(
    timeline.latestMs,
    lastWordMs(timeline, horizonMs),
    ...fold.components.flatMap(({ power, counter }) => [
      lastBeforeMs(power, horizonMs),
      lastBeforeMs(counter, horizonMs),
    ]),
  );
  const firstMs = Math.min(...fold.components.map((c) => firstReadingMs(c)));
  if (timeline.startMs === null) {
    const startMs = Math.min(firstMs, firstToldMs(timeline));
    // Hours before it are nobody's, though links may have been told in them.
    fold.accounts = fold.accounts.filter(({ hourMs }) => hourMs + HOUR_MS > Math.min(startMs, horizonMs));
    if (!beginTimeline(timeline, startMs, horizonMs)) {
      awaitTimeline(model, timeline, horizonMs);
      fold.recent = recent.filter(({ toMs }) => toMs >= horizonMs);
      return;
    }
  }
  const { accounts } = fold;
  advanceTimeline(model, timeline, horizonMs, accounts);
  const context = { model, timeline, accounts, definitions, clocks: fold.clocks, recent, horizonMs };
  for (const component of fold.components) advanceComponent(component, context);
  forget(fold);
}

/** Hours that changed since they were last taken; those that nothing can change any more are let go. */
export function takeChangedAccounts(fold: MachineFold): HourAccount[] {
  const changed = fold.accounts.filter(
    (account) => account.dirty && account.hourMs < fold.timeline.atMs && fold.timeline.startMs !== null,
  );
  const taken = changed.map((account) => ({ ...account, dirty: false }));
  for (const account of changed) account.dirty = false;
  const openMs = settledSinceMs(fold);
  fold.accounts = fold.accounts.filter((account) => account.dirty || account.hourMs + HOUR_MS > openMs);
  return taken;
}

/**
 * Spans of states that were settled since they were last taken, the last of before among them where it has grown: they
 * replace what was taken from the first one's begin on. A restored fold gives them again from its open one on.
 */
export function takeSettledSpans(fold: MachineFold): StateSpan[] {
  return takeSpans(fold.timeline);
}

/** Everything before this is booked for good, as far as the readings before the horizon go. */
export function settledSinceMs(fold: MachineFold): number {
  let openMs = fold.timeline.atMs;
  for (const component of fold.components) {
    openMs = Math.min(openMs, openSinceMs(component) ?? openMs);
    openMs = Math.min(openMs, component.counter.atMs[0] ?? openMs, component.power.atMs[0] ?? openMs);
  }
  return openMs;
}

/**
 * Energy of hours that end after this is not told yet: it waits for the next step of a coarse supply counter, or for a counter
 * that was not read since; null where nothing waits. Nothing is waited for longer than a week.
 */
export function awaitingSinceMs({ components, horizonMs }: MachineFold): number | null {
  const waits = components.flatMap((c) => {
    const stepMs = isSupply(c) ? awaitsStepSinceMs(c) : null;
    return [countedToMs(c) ?? Infinity, stepMs ?? Infinity];
  });
  const sinceMs = Math.min(...waits.filter((ms) => ms > horizonMs - AWAITED_MS_MAX));
  return sinceMs === Infinity ? null : sinceMs;
}

/**
 * The fold as text, as of its horizon: what was fed beyond it is left out and has to be fed again (`feedRecord` and
 * `feedHeard` from that time on).
 */
export function saveFold(fold: MachineFold): string {
  const { horizonMs, timeline } = fold;
  const saved: MachineFold = {
    ...fold,
    timeline: {
      ...timeline,
      supply: readingsBefore(timeline.supply, horizonMs),
      controls: timeline.controls.filter((control) => control.atMs < horizonMs),
    },
    components: fold.components.map((component) => ({
      ...component,
      power: readingsBefore(component.power, horizonMs),
      counter: readingsBefore(component.counter, horizonMs),
    })),
    recent: fold.recent
      .filter((span) => span.fromMs < horizonMs)
      .map(({ countedMs, ...span }) =>
        countedMs === undefined ? span : { ...span, countedMs: countedMs.filter((atMs) => atMs < horizonMs) },
      ),
    // An hour that only later readings speak of begins with them.
    accounts: fold.accounts.filter((account) => account.hourMs < horizonMs),
  };
  return JSON.stringify(saved);
}

/**
 * The fold of a text that `saveFold` wrote. Its open hours count as changed: what was booked in them since may be
 * undone by the record that made the caller go back.
 */
export function restoreFold(text: string): MachineFold {
  const fold = JSON.parse(text) as MachineFold;
  for (const account of fold.accounts) account.dirty = true;
  fold.timeline.spansTakenMs = null;
  return fold;
}

function firstReadingMs(component: ComponentState): number {
  return Math.min(component.power.atMs[0] ?? Infinity, component.counter.atMs[0] ?? Infinity);
}

/** Lets go of what no open interval needs. */
function forget(fold: MachineFold): void {
  // A record brings a clock at most, and the readings of few wait.
  if (fold.clocks.length > CLOCKS_KEPT)
    fold.clocks = keepNamedClocks(
      fold.clocks,
      fold.components.map(({ counter }) => counter),
    );
  const openMs = settledSinceMs(fold);
  const { changesMs, states } = fold.timeline;
  let first = 0;
  while ((changesMs[first + 1] ?? Infinity) <= openMs) first++;
  if (first > 0) {
    changesMs.splice(0, first);
    states.splice(0, first);
  }
  if (fold.recent.length > 64 || (fold.recent[0]?.toMs ?? Infinity) < openMs - HOUR_MS)
    fold.recent = fold.recent.filter((span) => span.toMs >= openMs - 1);
}

import { formatSpan } from '../format.ts';
import { createScreen, style } from '../screen.ts';

const BAR_CELLS = 24;
const SAY_EVERY_MS = 10_000;

/** How far a rebuild is. */
export interface RebuildStep {
  /** 0 to 1, over all runs; and where this run began. */
  share: number;
  fromShare: number;
  /** Points written in this run. */
  points: number;
  elapsedMs: number;
  /** Why it waits; empty while it goes on. */
  waitsFor: string;
}

/** One line: how much is done, how fast, and how long it will take. */
export function sayRebuildStep({ share, fromShare, points, elapsedMs, waitsFor }: RebuildStep): string {
  const rate = elapsedMs > 0 ? Math.round((points * 1000) / elapsedMs) : 0;
  const done = share - fromShare;
  const leftMs = done > 0 ? (elapsedMs * (1 - share)) / done : null;
  const left = leftMs === null ? '' : `, ${formatSpan(leftMs)} left`;
  const percent = `${Math.floor(share * 100)} %`;
  return `${percent}  ${points} points, ${rate}/s${left}${waitsFor === '' ? '' : `; waits: ${waitsFor}`}`;
}

/** A bar on a terminal, a line now and then elsewhere; on stderr, so that stdout is the result's. */
export function createRebuildProgress(isQuiet: boolean): { show(step: RebuildStep): void; end(): void } {
  const out = process.stderr;
  const screen = createScreen(out);
  let saidAtMs = performance.now();
  return {
    show: (step) => {
      if (isQuiet) return;
      const text = sayRebuildStep(step);
      if (out.isTTY) {
        const filled = Math.round(step.share * BAR_CELLS);
        const bar = `${style('█'.repeat(filled), 'green', out)}${style('░'.repeat(BAR_CELLS - filled), 'dim', out)}`;
        screen.draw([`${bar} ${text}`]);
      } else if (performance.now() - saidAtMs > SAY_EVERY_MS) {
        saidAtMs = performance.now();
        out.write(`${text}\n`);
      }
    },
    end: () => {
      if (out.isTTY && !isQuiet) screen.draw([]);
      screen.end();
    },
  };
}

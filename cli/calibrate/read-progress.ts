import { createScreen, style } from '../screen.ts';

const BAR_CELLS = 24;
const DRAW_EVERY_MS = 100;
/** What takes no longer needs no bar. */
const PATIENCE_MS = 300;

/** A bar for one thing that takes a while: on a terminal only, and taken away at the end. */
export function createReadProgress(
  what: string,
  isQuiet: boolean,
): { show(share: number): void; end(): void } {
  const out = process.stderr;
  const screen = createScreen(out);
  const startedMs = performance.now();
  let drawnAtMs = 0;
  return {
    show(share) {
      const nowMs = performance.now();
      if (isQuiet || !out.isTTY || nowMs - startedMs < PATIENCE_MS || nowMs - drawnAtMs < DRAW_EVERY_MS)
        return;
      drawnAtMs = nowMs;
      const filled = Math.round(share * BAR_CELLS);
      screen.draw([
        `${style('█'.repeat(filled), 'green', out)}${style('░'.repeat(BAR_CELLS - filled), 'dim', out)} ${Math.floor(share * 100)} %  ${what}`,
      ]);
    },
    end() {
      if (drawnAtMs > 0) screen.draw([]);
      screen.end();
    },
  };
}

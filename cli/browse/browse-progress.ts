import { createScreen, style } from '../screen.ts';

/** What is said while a server is looked through, on stderr, so that what is printed can be piped. */
export interface BrowseProgress {
  /** A connection is there, and so many nodes were looked at besides what models look at. */
  onNodes(nodes: number): void;
  end(): void;
}

const SILENT_MS = 1000;
const DRAW_EVERY_MS = 200;
const LINE_EVERY_MS = 5000;

/** Says nothing in the first second; then how many nodes were looked at. */
export function createBrowseProgress(what: string): BrowseProgress {
  const out = process.stderr;
  const screen = createScreen(out);
  const sinceMs = performance.now();
  let nodes: number | undefined;
  let drawnAtMs = -Infinity;
  const draw = () => {
    const nowMs = performance.now();
    if (nowMs - sinceMs < SILENT_MS || nowMs - drawnAtMs < (out.isTTY ? DRAW_EVERY_MS : LINE_EVERY_MS))
      return;
    drawnAtMs = nowMs;
    const seconds = Math.round((nowMs - sinceMs) / 1000);
    const seen =
      nodes === undefined ? 'connecting' : nodes === 0 ? 'looking for machines' : `${nodes} nodes looked at`;
    screen.draw([style(`${what}: ${seen}, ${seconds} s; Ctrl-C ends it`, 'dim', out)]);
  };
  const timer = setInterval(draw, DRAW_EVERY_MS);
  timer.unref();
  return {
    onNodes(count) {
      nodes = count;
      draw();
    },
    end() {
      clearInterval(timer);
      if (out.isTTY && drawnAtMs > -Infinity) screen.draw([]);
      screen.end();
    },
  };
}

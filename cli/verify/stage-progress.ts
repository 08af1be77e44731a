import { createReadProgress } from '../calibrate/read-progress.ts';

/** Told what is being done, and what share of it is done, 0..1. */
export type ShowStage = (what: string, share: number) => void;

/** A bar for work of several stages, one after another. */
export function createStageProgress(isQuiet: boolean): { show: ShowStage; end(): void } {
  let stage: { what: string; bar: ReturnType<typeof createReadProgress> } | undefined;
  return {
    show(what, share) {
      if (stage?.what !== what) {
        stage?.bar.end();
        stage = { what, bar: createReadProgress(what, isQuiet) };
      }
      stage.bar.show(share);
    },
    end() {
      stage?.bar.end();
      stage = undefined;
    },
  };
}

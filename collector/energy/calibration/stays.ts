import { isJoined, type WeighedSamples } from './power-samples.ts';

/** A stretch of readings in one band, without a gap in it. */
export interface Stay {
  band: number;
  /** First row, and the one after the last. */
  from: number;
  to: number;
  spanMs: number;
  /** The bands before and after it; null at a gap and at the ends. */
  before: number | null;
  after: number | null;
}

/** The stays of a classification, in order. */
export function listStays(samples: WeighedSamples, bandOf: Uint8Array): Stay[] {
  const stays: Stay[] = [];
  let from = 0;
  let spanMs = 0;
  let before: number | null = null;
  for (let row = 0; row < bandOf.length; row++) {
    spanMs += samples.weightsMs[row]!;
    const isLast = row + 1 === bandOf.length || !isJoined(samples, row);
    if (!isLast && bandOf[row + 1] === bandOf[row]) continue;
    const band = bandOf[row]!;
    stays.push({ band, from, to: row + 1, spanMs, before, after: isLast ? null : bandOf[row + 1]! });
    before = isLast ? null : band;
    from = row + 1;
    spanMs = 0;
  }
  return stays;
}

/** The middle one of the spans of stays in a band, ms; 0 without any. */
export function middleStayMs(stays: readonly Stay[], band: number): number {
  const spans = stays.filter((stay) => stay.band === band).map(({ spanMs }) => spanMs);
  return spans.sort((a, b) => a - b)[Math.floor(spans.length / 2)] ?? 0;
}

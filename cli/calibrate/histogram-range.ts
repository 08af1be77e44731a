import type { HistogramProposal, Proposal } from '../../collector/energy/calibration/proposal.ts';

/** Bins of air on both sides. */
const AIR_BINS = 12;

/** The part of a histogram that is worth a picture: what was measured, the edges of the bands, and a little air. */
export function trimHistogram({
  histogram,
  bands,
}: Pick<Proposal, 'histogram' | 'bands'>): HistogramProposal {
  const { fromDecade, binDecades, shares, floorW } = histogram;
  const edges = bands.flatMap(({ belowW }) =>
    belowW === null ? [] : [Math.floor((Math.log10(belowW) - fromDecade) / binDecades)],
  );
  const first = shares.findIndex((share) => share > 0);
  const last = shares.findLastIndex((share) => share > 0);
  const from = Math.max(0, Math.min(first, ...edges) - AIR_BINS);
  const to = Math.max(last, ...edges) + AIR_BINS;
  return {
    floorW,
    binDecades,
    fromDecade: fromDecade + from * binDecades,
    shares: Array.from({ length: to - from }, (_, bin) => shares[from + bin] ?? 0),
  };
}

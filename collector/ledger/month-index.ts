import type { ChainIndex } from './chain-index.ts';
import type { Month } from './month-file.ts';
import type { MonthReader } from './month-reader.ts';

/** Takes what a month's file holds of every chain into an index; `settle` follows when every month is in. */
export function indexMonth(index: ChainIndex, month: Month, reader: MonthReader): void {
  const ranges = Map.groupBy(reader.ranges(), ({ agent, epoch }) => `${agent}/${epoch}`);
  for (const chain of reader.chains()) {
    for (const [place, { from, to }] of (ranges.get(`${chain.agent}/${chain.epoch}`) ?? []).entries()) {
      // The totals stand for the whole month: counted once.
      const totals = place === 0 ? chain : { ...chain, records: 0, samples: 0 };
      index.addRange(chain, { from, to, month }, totals);
    }
  }
  for (const { agent, epoch, ...range } of reader.gone()) index.addGone({ agent, epoch }, range);
}

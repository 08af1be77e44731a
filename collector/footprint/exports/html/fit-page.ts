import { ALL, METRICS, type Drawn, type Room, type Section } from './section.ts';

/** Columns side by side, each with its share of the width, %, and its sections one below the other. */
export type Band = readonly { share: number; sections: readonly Section[] }[];

/** A section as it stands on the page. */
export interface Placed {
  section: Section;
  /** Of the column, %. */
  share: number;
  drawn: Drawn;
}

/** Ever less room, until everything fits. */
const ROOMS: readonly Room[] = [
  ALL,
  { rows: 40, lines: 12 },
  { rows: 16, lines: 8 },
  { rows: 10, lines: 5 },
  { rows: 7, lines: 4 },
  { rows: 5, lines: 3 },
  { rows: 4, lines: 2 },
  { rows: 3, lines: 2 },
  { rows: 2, lines: 1 },
];

const { titleEm, bandGapEm, gapEm, pageEm } = METRICS;

/** A section with the level of room it has now. */
interface Slot {
  section: Section;
  share: number;
  widthEm: number;
  level: number;
  /** By level, as far as it was needed. */
  drawn: Drawn[];
}

/**
 * Bands as they fit on a page: as long as they do not, what takes most gets less room, so that a long list goes to the
 * appendix and everything else stays whole.
 * @param heightEm what the page has for them
 * @returns by band and column
 */
export function fitBands(bands: readonly Band[], heightEm: number): Placed[][][] {
  const slots = bands.map((band) =>
    band.map(({ share, sections }) => {
      const widthEm = ((pageEm.width - gapEm * (band.length - 1)) * share) / 100;
      return sections.map((section): Slot => ({ section, share, widthEm, level: 0, drawn: [] }));
    }),
  );
  const columnEm = (column: readonly Slot[]) =>
    column.reduce((sum, slot) => sum + drawnAt(slot, slot.level).em + titleEm + bandGapEm, 0);
  const total = () => slots.reduce((sum, band) => sum + Math.max(...band.map(columnEm)), 0);
  while (total() > heightEm) {
    // Only the highest column of a band decides how high that is.
    const deciding = slots.flatMap((band) => band.reduce((a, b) => (columnEm(b) > columnEm(a) ? b : a)));
    const next = deciding
      .flatMap((slot) => {
        const level = lowerLevel(slot);
        return level === undefined ? [] : [{ slot, level }];
      })
      .reduce<{ slot: Slot; level: number } | undefined>(
        (a, b) =>
          a === undefined || drawnAt(b.slot, b.slot.level).em > drawnAt(a.slot, a.slot.level).em ? b : a,
        undefined,
      );
    if (next === undefined) break;
    next.slot.level = next.level;
  }
  giveBack(slots.flat(2), () => total() <= heightEm);
  return slots.map((band) =>
    band.map((column) =>
      column.map((slot) => ({ section: slot.section, share: slot.share, drawn: drawnAt(slot, slot.level) })),
    ),
  );
}

/** Room that is left, a step at a time to each in turn, the last first: evidence before remarks. */
function giveBack(slots: readonly Slot[], fits: () => boolean): void {
  for (let isDone = false; !isDone;) {
    isDone = true;
    for (const slot of slots.toReversed()) {
      if (slot.level === 0) continue;
      slot.level--;
      if (fits()) isDone = false;
      else slot.level++;
    }
  }
}

function drawnAt(slot: Slot, level: number): Drawn {
  return (slot.drawn[level] ??= slot.section.draw(slot.widthEm, ROOMS[level] ?? ALL));
}

/** The next level at which a section is lower than now; undefined where there is none. */
function lowerLevel(slot: Slot): number | undefined {
  const { em } = drawnAt(slot, slot.level);
  for (let level = slot.level + 1; level < ROOMS.length; level++)
    if (drawnAt(slot, level).em < em - 0.01) return level;
  return undefined;
}

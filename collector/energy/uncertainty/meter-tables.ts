/** From this current on, in multiples of the transitional current Itr, the error is at most so many % of the reading. */
export type LimitStep = readonly [fromItr: number, percent: number];

/**
 * What a class promises. Itr is 5 % of the nominal current behind transformers, 10 % of it in a meter connected
 * directly: written in Itr, both ways of connecting share one table.
 */
export interface MeterTable {
  standard: string;
  /** At power factor 1; where the first step begins is the least current, Imin. */
  atUnity: readonly LimitStep[];
  /** At power factor 0.5 inductive. */
  atHalf: readonly LimitStep[];
  /** Imin of a meter connected directly, Itr, where it differs. */
  directFromItr?: number;
  /** At less than this current a meter need not count at all, in Itr: behind transformers, and connected directly. */
  startItr: number;
  directStartItr: number;
  /** The limits hold in the whole of 5 to 30 degC, at any voltage and frequency of the grid. */
  hasInfluences?: true;
  /** `law`: read in the public text of a law; `recalled`: from memory of a standard that is sold, to be checked there. */
  mark: 'law' | 'recalled';
}

/** Starting currents: 0.1 % of the nominal current behind transformers, 0.2 %, 0.3 %; 0.4 % and 0.5 % directly [recalled]. */
const STARTS = {
  fine: { startItr: 0.02, directStartItr: 0.04 },
  one: { startItr: 0.04, directStartItr: 0.04 },
  two: { startItr: 0.06, directStartItr: 0.05 },
} as const;
const IEC_21 = { standard: 'IEC 62053-21', directFromItr: 0.5, mark: 'recalled' } as const;
const IEC_22 = { standard: 'IEC 62053-22', mark: 'recalled', ...STARTS.fine } as const;

/** Active energy classes of IEC 62053-21 and -22, by their word. */
export const IEC_62053: ReadonlyMap<string, MeterTable> = new Map<string, MeterTable>([
  ['0.1S', { ...IEC_22, atUnity: steps(0.2, 0.2, 1, 0.1), atHalf: steps(0.4, 0.25, 2, 0.15) }],
  ['0.2S', { ...IEC_22, atUnity: steps(0.2, 0.4, 1, 0.2), atHalf: steps(0.4, 0.5, 2, 0.3) }],
  ['0.5S', { ...IEC_22, atUnity: steps(0.2, 1, 1, 0.5), atHalf: steps(0.4, 1, 2, 0.6) }],
  ['1', { ...IEC_21, ...STARTS.one, atUnity: steps(0.4, 1.5, 1, 1), atHalf: steps(1, 1.5, 2, 1) }],
  ['2', { ...IEC_21, ...STARTS.two, atUnity: steps(0.4, 2.5, 1, 2), atHalf: steps(1, 2.5, 2, 2) }],
]);

/** Classes that IEC 61557-12 names, %. */
export const IEC_61557_CLASSES: readonly number[] = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 1.5, 2];

/** Active power and energy of IEC 61557-12, whose limits are functions of the class. */
export function tableOfPerformance(index: number): MeterTable {
  const standard = 'IEC 61557-12';
  const mark = 'recalled';
  return index < 1
    ? {
        standard,
        mark,
        ...STARTS.fine,
        atUnity: steps(0.2, 2 * index, 1, index),
        atHalf: steps(0.4, 1.7 * index + 0.15, 2, index + 0.1),
      }
    : {
        standard,
        mark,
        ...(index > 1 ? STARTS.two : STARTS.one),
        directFromItr: 0.5,
        atUnity: steps(0.4, index + 0.5, 1, index),
        atHalf: steps(1, index + 0.5, 2, index),
      };
}

/** The bands of temperature of the directive's table, degC, from the narrowest. */
const BANDS = [
  [5, 30],
  [-10, 40],
  [-25, 55],
  [-40, 70],
] as const;
/** Maximum permissible errors by band: between Imin and Itr, and from Itr on, %. */
const LETTERS = {
  A: { fromItr: 0.4, directFromItr: 0.5, low: [3.5, 5, 7, 9], full: [3.5, 4.5, 7, 9], start: STARTS.two },
  B: { fromItr: 0.2, directFromItr: 0.5, low: [2, 2.5, 3.5, 4], full: [2, 2.5, 3.5, 4], start: STARTS.one },
  C: {
    fromItr: 0.2,
    directFromItr: 0.3,
    low: [1, 1.3, 1.7, 2],
    full: [0.7, 1, 1.3, 1.5],
    start: STARTS.fine,
  },
} as const;

/**
 * Classes A, B and C of the measuring instruments directive (2014/32/EU, annex V, table 2, balanced loads): maximum
 * permissible errors in operation, so temperature, voltage and frequency are in them. EN 50470-3 has smaller limits for
 * reference conditions; these here are what the letter promises on the wall.
 *
 * @param ambientDegC where the meter stands; 5 to 30 unless told. Undefined where it is beyond -40 to 70.
 */
export function tableOfLetter(
  letter: 'A' | 'B' | 'C',
  ambientDegC: { min: number; max: number } = { min: 5, max: 30 },
): MeterTable | undefined {
  const band = BANDS.findIndex(([min, max]) => ambientDegC.min >= min && ambientDegC.max <= max);
  const { fromItr, directFromItr, low, full, start } = LETTERS[letter];
  const [lowPercent, fullPercent] = [low[band], full[band]];
  if (lowPercent === undefined || fullPercent === undefined) return undefined;
  const both = steps(fromItr, lowPercent, 1, fullPercent);
  return {
    standard: `2014/32/EU annex V at ${BANDS[band]?.join(' to ')} degC`,
    atUnity: both,
    atHalf: both,
    directFromItr,
    ...start,
    hasInfluences: true,
    mark: 'law',
  };
}

function steps(fromItr: number, lowPercent: number, thenItr: number, fullPercent: number): LimitStep[] {
  return [
    [fromItr, lowPercent],
    [thenItr, fullPercent],
  ];
}

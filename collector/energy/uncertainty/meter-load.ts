import { lacking, sayFigure, type Lacking, type MissingFact } from './limit.ts';
import type { MeteringFacts } from './metering-facts.ts';

/** Meters behind transformers are made for 1.2 times the nominal current, unless their nameplate says more. */
const TRANSFORMER_MAX = 1.2;
/** Nominal current over transitional current, after the directive and IEC 62052-11. */
const ITR_PER_RATED = { direct: 10, transformer: 20 } as const;
/** Behind a transformer of so many A a meter of the same nominal current stands; nobody builds a larger one. */
const USUAL_SECONDARY_A = 5;

/** Less than a meter can tell from 0, A. */
const CURRENT_MIN_A = 1e-6;

/** Nobody said how the current reaches the meter. */
export const UNTOLD_CONNECTION: MissingFact = {
  fact: 'whether current transformers stand before the meter',
  remedy:
    'Enter the ratio on their nameplate, such as ct: { primary: 100A, secondary: 5A }; of a meter connected directly, that it is.',
};
/** Nobody said which. */
export const UNTOLD_RATIO: MissingFact = {
  fact: 'rated currents of the current transformer',
  remedy: 'Copy the ratio from its nameplate, such as ct: { primary: 100A, secondary: 5A } of "100/5 A".',
};

/** How much of its range a meter uses. */
export interface MeterLoad {
  /** Current over the transitional current Itr. */
  itr: number;
  /** Its largest current over Itr; infinite where nobody said. */
  maxItr: number;
  isDirect: boolean;
  /** Itr in % of the nominal current. */
  percentPerItr: number;
  /** `20 % of 5 A` */
  note: string;
  /** The same as name and value: `load in % of 5 A`, `20`. */
  figure: readonly [name: string, value: string];
}

/** The current of a state; lacking where nobody measured it, or it cannot be. */
export function currentOf(currentA: number | null): number | Lacking {
  if (currentA !== null && currentA >= CURRENT_MIN_A && Number.isFinite(currentA)) return currentA;
  if (isNoCurrent(currentA))
    return lacking({
      fact: 'current above 0',
      remedy: 'It was read as 0 A, of which no class promises anything: there is nothing to enter.',
    });
  return lacking({
    fact: 'mean current of the state',
    remedy:
      'Let the agent read the phase currents of this meter, or its voltage and power factor, from which the current follows.',
  });
}

/** True where the current was read, and was none. */
export function isNoCurrent(currentA: number | null): boolean {
  return currentA !== null && currentA < CURRENT_MIN_A;
}

/** The load of the meter at its own terminals by the mean current of a state. */
export function loadOfMeter({ meter, connection }: MeteringFacts, primaryA: number): MeterLoad | Lacking {
  if (connection === null) {
    return lacking(UNTOLD_CONNECTION);
  }
  if (connection.kind === 'direct') {
    if (!isPositive(meter.ratedA)) {
      return lacking({
        fact: 'nominal current of the meter',
        remedy:
          'Copy it from the nameplate: it is the 10 of "10 (100) A", or ten times the Itr printed there.',
      });
    }
    return {
      itr: (primaryA / meter.ratedA) * ITR_PER_RATED.direct,
      maxItr: meter.maxA === undefined ? Infinity : (meter.maxA / meter.ratedA) * ITR_PER_RATED.direct,
      isDirect: true,
      percentPerItr: 100 / ITR_PER_RATED.direct,
      ...sayLoad((100 * primaryA) / meter.ratedA, `${sayFigure(meter.ratedA)} A`),
    };
  }
  const ratio = ratioOf(connection.ct);
  if (typeof ratio !== 'number') return ratio;
  const secondaryA = connection.ct.secondaryA ?? 0;
  const isUsual = !isPositive(meter.ratedA) && secondaryA === USUAL_SECONDARY_A;
  const ratedA = isUsual ? secondaryA : meter.ratedA;
  if (!isPositive(ratedA)) {
    return lacking({
      fact: 'nominal current of the meter',
      remedy: 'Copy it from the nameplate: it is the 1 or 5 of "1 (6) A" or "5 (6) A".',
    });
  }
  const share = primaryA / ratio / ratedA;
  return {
    itr: share * ITR_PER_RATED.transformer,
    maxItr: (meter.maxA === undefined ? TRANSFORMER_MAX : meter.maxA / ratedA) * ITR_PER_RATED.transformer,
    isDirect: false,
    percentPerItr: 100 / ITR_PER_RATED.transformer,
    ...sayLoad(100 * share, `${sayFigure(ratedA)} A${isUsual ? ' (as its transformer)' : ''}`),
  };
}

/** A load, % of a current. */
function sayLoad(percent: number, of: string): Pick<MeterLoad, 'note' | 'figure'> {
  const value = sayFigure(percent);
  return { note: `${value} % of ${of}`, figure: [`load in % of ${of}`, value] };
}

/** Primary over secondary current. */
function ratioOf({
  primaryA,
  secondaryA,
}: {
  primaryA: number | null;
  secondaryA: number | null;
}): number | Lacking {
  if (isPositive(primaryA) && isPositive(secondaryA)) return primaryA / secondaryA;
  return lacking(UNTOLD_RATIO);
}

function isPositive(value: number | null): value is number {
  return value !== null && value > 0 && Number.isFinite(value);
}

import type { ExplainedHour, Figure } from '../../../collector/reports/explained-hour.ts';

const EQUATION =
  /(?:(?<left>-?[\d.,]+(?: (?:kWh|Wh|h|s|%))?(?: [-+x/] [\d.,]+(?: (?:kWh|Wh|h|s|%))?)+) = )(?<right>-?[\d.,]+)(?<percent> %)?/g;

/** An equation in a saying, as a person would type it, and what it leads to. */
export interface Typed {
  text: string;
  typed: number;
  printed: number;
}

/** Every equation of a saying, typed into a pocket calculator from left to right. */
export function typeEquations(saying: string): Typed[] {
  return [...saying.matchAll(EQUATION)].map((match) => {
    const { left = '', right = '', percent } = match.groups ?? {};
    const [first = '', ...rest] = left.split(/ (?=[-+x/] )/);
    const typed = rest.reduce((sum, term) => {
      const value = numberOf(term.slice(2));
      if (term.startsWith('+')) return sum + value;
      if (term.startsWith('-')) return sum - value;
      return term.startsWith('x') ? sum * value : sum / value;
    }, numberOf(first));
    return {
      text: match[0],
      typed: percent === undefined ? typed : typed * 100,
      printed: numberOf(right),
    };
  });
}

/**
 * True where what was typed is what is printed, to its last digit: that is at least the fourth significant one, and at
 * most the sixth decimal, a whole mWh, to which shares of an energy are rounded so that they sum to it.
 */
export function isConfirmed({ typed, printed }: Typed): boolean {
  const digit = 10 ** (Math.floor(Math.log10(Math.abs(printed) || 1)) - 3);
  return Math.abs(typed - printed) <= Math.max(1e-6, (digit / 2) * (1 + 1e-6));
}

/** Everything that an explanation says. */
export function sayingsOf(explained: ExplainedHour): string[] {
  const { time, energy, sums, closure, components, states, gaps, counters, basis, uncertainty } = explained;
  const figures: readonly Figure[] = [
    ...time,
    ...energy,
    ...sums,
    ...closure,
    ...components,
    ...counters.flatMap((counter) => counter.figures),
    ...(uncertainty.kind === 'assessed' ? uncertainty.figures : []),
  ];
  return [...[...figures, ...states, ...gaps].map(({ saying }) => saying), ...basis.records];
}

function numberOf(text: string): number {
  const value = Number(text.replaceAll(',', '').replace(/ .*$/, ''));
  return text.endsWith('%') ? value / 100 : value;
}

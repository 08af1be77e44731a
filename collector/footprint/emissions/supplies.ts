import { MillwattError } from '../../../protocols/errors.ts';
import type { EmissionFactor } from '../factors/emission-factor.ts';
import { remarksOn } from '../factors/factor-choice.ts';
import {
  compareDecimals,
  decimalOf,
  dividedBy,
  minus,
  times,
  wholeDecimal,
  type Decimal,
  type DecimalText,
} from '../figures/decimal.ts';
import type { Instant } from '../record/footprint-record.ts';
import type { EnergyPiece } from './energy-piece.ts';
import type { FactorLine } from './factor-lines.ts';

/** Electricity of known origin: a contract with a supplier, or what the site generates and uses itself. */
export interface Supply {
  name: string;
  from: Instant;
  to: Instant;
  /** Of basis `contract` or `on-site`. */
  factor: EmissionFactor;
  /** Which part of the site's electricity it is: a share, or an amount of what the site drew in all between from and to. */
  part: { kind: 'share'; percent: DecimalText } | { kind: 'amount'; kwh: DecimalText; siteKwh: DecimalText };
}

const [ZERO, ONE] = [decimalOf('0'), decimalOf('1')];
/** Digits of a share: below the mWh up to a TWh. */
const SHARE_PLACES = 15;

/**
 * Electricity by what supplied it, and what is left for the residual mix. A machine takes of each supply as much as the whole
 * site does. On-site generation goes first, then contracts in their order; none takes what another one has. Throws an error of
 * class `refuse` (code `bad-supply`) on a factor, share or span that cannot be meant.
 */
export function shareSupplies(
  pieces: readonly EnergyPiece[],
  supplies: readonly Supply[],
): { lines: FactorLine[]; rest: EnergyPiece[]; remarks: string[] } {
  const remarks = supplies.map(partWords);
  const lines = new Map<Supply, EnergyPiece[]>();
  const ordered = [
    ...supplies.filter(({ factor }) => factor.basis === 'on-site'),
    ...supplies.filter(({ factor }) => factor.basis !== 'on-site'),
  ].map((supply) => ({ supply, share: shareOf(supply, remarks) }));
  const cut = new Set<Supply>();
  const rest = pieces.map((piece) => {
    let left = ONE;
    for (const { supply, share } of ordered) {
      const wanted = times(share, overlapOf(piece, supply, remarks));
      const taken = least(wanted, left);
      if (compareDecimals(wanted, left) > 0) cut.add(supply);
      if (compareDecimals(taken, ZERO) === 0) continue;
      left = minus(left, taken);
      const line = lines.get(supply) ?? [];
      line.push({ ...piece, kwh: times(piece.kwh, taken) });
      lines.set(supply, line);
    }
    return { ...piece, kwh: times(piece.kwh, left) };
  });
  for (const { name } of cut)
    remarks.push(`${name} was not used whole: on-site generation and contracts before it left too little.`);
  return {
    lines: ordered.flatMap(({ supply }) => {
      const taken = lines.get(supply);
      return taken === undefined ? [] : [{ factor: supply.factor, upstream: null, pieces: taken }];
    }),
    rest: rest.filter(({ kwh }) => compareDecimals(kwh, ZERO) !== 0),
    remarks: [
      ...new Set([...remarks, ...[...lines.keys()].flatMap(({ factor }) => remarksOn(factor, null))]),
    ],
  };
}

/** What it rests on, so that a reader can compute it again. */
function partWords({ name, from, to, factor, part }: Supply): string {
  const words =
    part.kind === 'share'
      ? `${part.percent} % of the electricity`
      : `${part.kwh} kWh of the ${part.siteKwh} kWh that the site drew`;
  return `${name} (${factor.id}): ${words}, ${from} to ${to}.`;
}

/** 0 to 1. */
function shareOf({ name, from, to, factor, part }: Supply, remarks: string[]): Decimal {
  if (factor.basis !== 'contract' && factor.basis !== 'on-site')
    throw bad(
      `${name} has ${factor.id} of basis ${factor.basis} as its factor.`,
      'Give it a row of basis contract or on-site.',
    );
  if (!(Date.parse(from) < Date.parse(to)))
    throw bad(`${name} ends at ${to}, before it begins (${from}).`, 'Correct its span.');
  if (part.kind === 'share') {
    const percent = decimalOf(part.percent);
    if (compareDecimals(percent, ZERO) < 0 || compareDecimals(percent, decimalOf('100')) > 0)
      throw bad(`${name} has a share of ${part.percent} %.`, 'Write 0 to 100.');
    return times(percent, decimalOf('0.01'));
  }
  const [kwh, site] = [decimalOf(part.kwh), decimalOf(part.siteKwh)];
  if (compareDecimals(kwh, ZERO) < 0 || compareDecimals(site, ZERO) <= 0)
    throw bad(
      `${name} is ${part.kwh} kWh of ${part.siteKwh} kWh.`,
      'Write the amount, and what the site drew in that span: more than 0.',
    );
  if (compareDecimals(kwh, site) > 0)
    remarks.push(
      `${name} is ${part.kwh} kWh, and the site drew ${part.siteKwh} kWh: the surplus counts for nothing.`,
    );
  return least(dividedBy(kwh, site, SHARE_PLACES), ONE);
}

/** Which part of a piece lies in the span of a supply, by time: 0 to 1. */
function overlapOf(piece: EnergyPiece, supply: Supply, remarks: string[]): Decimal {
  const [from, to] = [Date.parse(piece.from), Date.parse(piece.to)];
  const overlap = Math.min(to, Date.parse(supply.to)) - Math.max(from, Date.parse(supply.from));
  if (overlap <= 0) return ZERO;
  if (overlap >= to - from) return ONE;
  const words = `${supply.name} covers a part of ${piece.from} to ${piece.to}: its energy was divided by time.`;
  if (!remarks.includes(words)) remarks.push(words);
  return dividedBy(wholeDecimal(overlap), wholeDecimal(to - from), SHARE_PLACES);
}

function least(a: Decimal, b: Decimal): Decimal {
  return compareDecimals(a, b) <= 0 ? a : b;
}

function bad(message: string, cure: string): MillwattError {
  return new MillwattError('refuse', 'bad-supply', message, { cure });
}

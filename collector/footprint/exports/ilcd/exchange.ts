import {
  compareDecimals,
  decimalOf,
  minus,
  plus,
  roundTo,
  textOf,
  times,
  type Decimal,
} from '../../figures/decimal.ts';
import { element, reference, STRING_LETTERS_MAX, words, type DataSet, type Element } from './data-set.ts';

/** What goes into a process or comes out of it. */
export interface Exchange {
  flow: DataSet;
  direction: 'Input' | 'Output';
  /** In the reference unit of the flow's property. */
  amount: Decimal;
  /** 2 x standard deviation, % of the amount; null where nobody can tell. */
  twoSigmaPercent: Decimal | null;
  source: 'Primary' | '> 90% primary' | 'Mixed primary / secondary' | 'Secondary' | null;
  derivation: 'Measured' | 'Calculated' | 'Estimated' | 'Unknown derivation';
  comment: string;
}

const PERCENT = decimalOf('0.01');
/** Digits of limits, which are derived and no figure of the record. */
const LIMIT_PLACES = 9;

/**
 * An exchange as ILCD has it. Uncertainty is normal: `relativeStandardDeviation95In` is twice the standard deviation in % of
 * the mean (that is what the XSD says it is; some importers take it for the standard deviation itself), and minimum and
 * maximum are the limits of 95 %, so that no reader depends on how it takes the one.
 */
export function exchangeElement(exchange: Exchange, internalId: number): Element {
  const amount = textOf(exchange.amount);
  const spread = spreadOf(exchange);
  return element(
    'exchange',
    [
      reference('referenceToFlowDataSet', exchange.flow),
      element('exchangeDirection', exchange.direction),
      element('meanAmount', amount),
      element('resultingAmount', amount),
      ...spread,
      exchange.source === null ? null : element('dataSourceType', exchange.source),
      element('dataDerivationTypeStatus', exchange.derivation),
      exchange.comment === '' ? null : words('generalComment', exchange.comment, STRING_LETTERS_MAX),
    ],
    { dataSetInternalID: String(internalId) },
  );
}

function spreadOf({ amount, twoSigmaPercent }: Exchange): Element[] {
  const percent = twoSigmaPercent === null ? null : percentText(twoSigmaPercent);
  if (percent === null || amount.digits === 0n) return [];
  const half = times(times(amount, decimalOf(percent)), PERCENT);
  const least = roundTo(minus(amount, half), LIMIT_PLACES);
  return [
    // Below zero is no amount: the limit is left out rather than moved.
    ...(compareDecimals(least, decimalOf('0')) < 0 ? [] : [element('minimumAmount', textOf(least))]),
    element('maximumAmount', textOf(roundTo(plus(amount, half), LIMIT_PLACES))),
    element('uncertaintyDistributionType', 'normal'),
    element('relativeStandardDeviation95In', percent),
  ];
}

/** A percentage in ILCD's `Perc`: at most five digits, three of them behind the point; null where that is not enough. */
export function percentText(value: Decimal): string | null {
  for (const places of [3, 2, 1, 0]) {
    const text = textOf(roundTo(value, places));
    if (text.replaceAll(/[^0-9]/g, '').length <= 5) return text;
  }
  return null;
}

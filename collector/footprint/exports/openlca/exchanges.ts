import type { DecimalText } from '../../figures/decimal.ts';
import { logNormalOf } from '../../figures/log-normal.ts';
import { exactNumber } from '../exact-number.ts';
import { pedigreeText, pedigreeVariance, type Pedigree } from '../pedigree.ts';
import { refTo, type Ref, type RootEntity } from './entity.ts';
import { flowRef, type Quantity } from './reference-data.ts';

/** One input or output of a process, as it is told to `exchangesOf`. */
export interface ExchangeFacts {
  amount: DecimalText;
  flow: RootEntity;
  measuredIn: Quantity;
  /** Symbol of the unit that the amount is in; one of the quantity's. */
  unit: string;
  direction: 'input' | 'output' | 'reference';
  provider?: Ref;
  /** Relative standard uncertainty; null where it is not known. */
  relative?: number | null;
  /** What it is scored; its variances widen the uncertainty. */
  pedigree?: Pedigree;
  description?: string;
}

/** Inputs and outputs, numbered from 1. */
export function exchangesOf(facts: readonly ExchangeFacts[]): object[] {
  return facts.map((fact, index) => {
    const {
      amount,
      flow,
      measuredIn,
      unit,
      direction,
      provider,
      relative = null,
      pedigree,
      description,
    } = fact;
    const spread = relative === null ? null : logNormalOf(amount, relative, pedigreeVariance(pedigree ?? {}));
    return {
      '@type': 'Exchange',
      internalId: index + 1,
      amount: exactNumber(amount),
      flow: flowRef(flow, measuredIn),
      flowProperty: refTo(measuredIn.property),
      unit: measuredIn.units[unit],
      isInput: direction === 'input',
      isQuantitativeReference: direction === 'reference',
      isAvoidedProduct: false,
      ...(provider === undefined ? {} : { defaultProvider: provider }),
      ...(spread === null
        ? {}
        : {
            uncertainty: {
              '@type': 'Uncertainty',
              distributionType: 'LOG_NORMAL_DISTRIBUTION',
              geomMean: spread.geomMean,
              geomSd: spread.geomSd,
            },
          }),
      ...(pedigree === undefined ? {} : { dqEntry: pedigreeText(pedigree) }),
      ...(description === undefined ? {} : { description }),
    };
  });
}

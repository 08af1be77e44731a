import { PEDIGREE_INDICATORS } from '../pedigree.ts';
import { entity, FIRST_VERSION, type RootEntity } from './entity.ts';

/**
 * The pedigree matrix with the indicators in the order in which databases have them, what each score means,
 * and the factors that ecoinvent's third version has for each: U = exp(2 x sqrt(variance)).
 */
const INDICATORS: Readonly<
  Record<
    (typeof PEDIGREE_INDICATORS)[number],
    { name: string; scores: readonly [meaning: string, uncertainty: number][] }
  >
> = {
  reliability: {
    name: 'Reliability',
    scores: [
      ['Measured and checked', 1],
      ['Measured, or checked and partly assumed', 1.05],
      ['Partly a qualified estimate', 1.1],
      ['Qualified estimate', 1.2],
      ['Estimate without basis', 1.5],
    ],
  },
  completeness: {
    name: 'Completeness',
    scores: [
      ['All of the subject over an adequate period', 1],
      ['Most of it over an adequate period', 1.02],
      ['Some of it, or a shorter period', 1.05],
      ['Little of it, or a short period', 1.1],
      ['Not known', 1.2],
    ],
  },
  temporal: {
    name: 'Temporal correlation',
    scores: [
      ['Of the period, or less than 3 years off', 1],
      ['Less than 6 years off', 1.03],
      ['Less than 10 years off', 1.1],
      ['Less than 15 years off', 1.2],
      ['Older, or not known', 1.5],
    ],
  },
  geographical: {
    name: 'Geographical correlation',
    scores: [
      ['Of the place itself', 1],
      ['Mean of a larger area around it', 1.01],
      ['Of an area with similar conditions', 1.02],
      ['Of an area with somewhat similar conditions', 1.05],
      ['Of another area, or not known', 1.1],
    ],
  },
  technological: {
    name: 'Further technological correlation',
    scores: [
      ['Of the machine or process itself', 1],
      ['Of the same technology elsewhere', 1.05],
      ['Of another technology for the same process', 1.2],
      ['Of a related process', 1.5],
      ['Of a related process at another scale, or not known', 2],
    ],
  },
};

/** The data quality system that the entries of our processes are of. */
export function pedigreeSystem(uuidOf: (name: string) => string): RootEntity {
  return entity('DQSystem', uuidOf('openlca/dq-system/pedigree/1'), {
    name: 'Pedigree matrix of millwatt records (5 indicators, scores 1 to 5)',
    description:
      'Indicators and factors as in the pedigree matrix of ecoinvent 3. The uncertainty of an exchange has its scores in it already: its variance is that of measuring, or of the factor, and those of its scores. Add neither them nor a basic uncertainty to it again.',
    version: FIRST_VERSION,
    hasUncertainties: true,
    indicators: PEDIGREE_INDICATORS.map((indicator, index) => ({
      '@type': 'DQIndicator',
      name: INDICATORS[indicator].name,
      position: index + 1,
      scores: INDICATORS[indicator].scores.map(([description, uncertainty], at) => ({
        '@type': 'DQScore',
        position: at + 1,
        label: String(at + 1),
        description,
        uncertainty,
      })),
    })),
  });
}

import { HOUR_BASES } from '../../energy/use-phase/hour-basis.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';
import type { EmissionFactor } from '../factors/emission-factor.ts';
import type { DecimalText } from '../figures/decimal.ts';
import { FOOTPRINT_FORMAT } from './footprint-record.ts';
import type * as record from './footprint-record.ts';
import * as of from './shape.ts';
import {
  about,
  each,
  list,
  maybe,
  named,
  object,
  optional,
  some,
  text,
  truth,
  type TextForm,
} from './shape.ts';

const UNSIGNED = '(?:0|[1-9][0-9]{0,59}(?:\\.[0-9]{0,59}[1-9])?|0\\.[0-9]{0,59}[1-9])';
const SIX = '(?:0|[1-9][0-9]{0,59}(?:\\.[0-9]{0,5}[1-9])?|0\\.[0-9]{0,5}[1-9])';

const form = (name: string, pattern: string, description: string): TextForm => ({
  name,
  pattern,
  description,
});

const DECIMAL = form(
  'decimal',
  `^(?:-(?!0$))?${UNSIGNED}$`,
  'a decimal number without exponent, leading plus or trailing zeros, as a text',
);
const AMOUNT = form('amount', `^${UNSIGNED}$`, 'a decimal number >= 0, as a text');
const FIGURE = form('figure', `^${SIX}$`, 'a decimal number >= 0 with at most six digits behind the point');
const BALANCE = form(
  'balance',
  `^(?:-(?!0$))?${SIX}$`,
  'a decimal number with at most six digits behind the point; it may be negative',
);
const COUNT = form('count', '^(?:0|[1-9][0-9]{0,59})$', 'a whole number >= 0, as a text');
const PERCENT = form(
  'percent',
  `^(?:100|0|[1-9][0-9]?(?:\\.[0-9]{0,59}[1-9])?|0\\.[0-9]{0,59}[1-9])$`,
  'a share from 0 to 100 %',
);
const INSTANT = form(
  'instant',
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$',
  'a time of UTC with milliseconds: 2026-06-01T00:00:00.000Z',
);
const UUID5 = form(
  'uuid5',
  '^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$',
  'a UUID of version 5 in lower case',
);
const URN = form(
  'urn',
  '^urn:[A-Za-z0-9][A-Za-z0-9-]{0,31}:[!-~]+$',
  'a urn, such as urn:gtin:4712345060507',
);
const COUNTRY = form('country', '^[A-Z]{2}$', 'a country in two letters (ISO 3166-1)');
const HASH = form('hash', '^[A-Za-z0-9_-]{43}$', '32 bytes in base64url without padding');
const WORDS = form('words', '\\S', 'a text with something in it');

const decimal = () => text<DecimalText>(DECIMAL);
const amount = () => text<DecimalText>(AMOUNT);
/** kWh, kg of CO2 equivalent and hours: exact or rounded to six digits. */
const figure = () => text<DecimalText>(FIGURE);
const balance = () => text<DecimalText>(BALANCE);
const count = () => text<DecimalText>(COUNT);
const percent = () => text<DecimalText>(PERCENT);
const instant = () => text(INSTANT);
const hash = () => text(HASH);
const words = () => text(WORDS);

const subject = object<record.Subject>({
  kind: of.choice('machine', 'line', 'model', 'job', 'part'),
  id: words(),
  name: words(),
  description: text(),
  machines: list(words(), 1),
  productIds: list(text(URN), 1),
  massKgPerUnit: about('kg of one functional unit; 0 for a service such as a machine-hour', maybe(amount())),
  fossilCarbonKgPerUnit: about(
    'kg of fossil carbon in one functional unit; 0 for a service',
    maybe(amount()),
  ),
  classifications: list(text(URN)),
  parameters: about('parameters of the model, with units in their names', named(text())),
});

const issuer = object<record.Issuer>({
  company: object<record.Issuer['company']>({
    name: words(),
    ids: list(text(URN), 1),
    country: text(COUNTRY),
    contact: maybe(words()),
  }),
  site: words(),
  region: object<record.Issuer['region']>({ country: text(COUNTRY), subdivision: maybe(words()) }),
  collector: words(),
  key: about('public key of the collector', hash()),
  software: words(),
});

const functionalUnit = object<record.FunctionalUnit>({
  unit: of.choice('hour', 'piece', 'kilogram'),
  amount: about('always 1', count()),
  description: words(),
  basis: about('which hours count; null where the unit is no hour', maybe(of.choice(...HOUR_BASES))),
  count: about('how many units the period had', maybe(figure())),
});

type Activity = record.Activity;
const activity = object<Activity>({
  energyKwh: about('import, or what was allocated to the job or part; exact', figure()),
  perUnitKwh: about('energyKwh / functionalUnit.count, six digits', maybe(figure())),
  exportKwh: figure(),
  states: about(
    'by operating state; their energies sum to energyKwh',
    each(
      OPERATING_STATES,
      object<Activity['states']['off']>({ hours: figure(), energyKwh: figure(), meanW: maybe(amount()) }),
    ),
  ),
  components: about('by sub-meter', named(object<Activity['components'][string]>({ energyKwh: figure() }))),
  residualKwh: about('what no sub-meter saw', maybe(balance())),
  perHour: about(
    'kWh per machine-hour on each basis, calendar being all hours that were watched; use phase only, else null',
    maybe(
      each(
        HOUR_BASES,
        object<NonNullable<Activity['perHour']>['calendar']>({
          hours: figure(),
          kwhPerHour: maybe(figure()),
        }),
      ),
    ),
  ),
  media: list(
    object<Activity['media'][number]>({
      component: words(),
      normLitres: amount(),
      declaredKwh: maybe(figure()),
      source: maybe(words()),
    }),
  ),
  allocated: about(
    'manufacturing only, else null; both sum to energyKwh',
    maybe(object<NonNullable<Activity['allocated']>>({ directKwh: figure(), dividedKwh: figure() })),
  ),
});

type Obtained = record.Coverage['obtained'];
const coverage = object<record.Coverage>({
  watchedPercent: percent(),
  measuredTimePercent: percent(),
  measuredEnergyPercent: maybe(percent()),
  obtained: about(
    'kWh by how it was obtained; they sum to the energy of the machines over the period, of a job or part over its whole windows: more than it was given',
    object<Obtained>({
      counterKwh: figure(),
      integratedKwh: figure(),
      bridgedKwh: figure(),
      bridgedByKwh: each(['stateMean', 'linear', 'profile'], figure()),
    }),
  ),
  isComplete: about('at least 95 % of the energy measured and of the period watched', truth()),
  lacks: list(words()),
});

const uncertainty = object<record.UncertaintyStatement>({
  model: words(),
  k: about('coverage factor', amount()),
  expandedPercent: about('U of the energy, %', maybe(amount())),
  sources: list(
    object<record.UncertaintyStatement['sources'][number]>({
      source: words(),
      standardPercent: amount(),
      note: text(),
    }),
  ),
  states: about('U by operating state, %', some(OPERATING_STATES, amount())),
  missing: list(words()),
});

const scatter = object<record.UnitScatter>({
  units: about(
    'hours and energies sum to those of the record',
    list(
      object<record.UnitScatter['units'][number]>({
        machine: words(),
        hours: figure(),
        energyKwh: figure(),
        kwhPerHour: about('energyKwh / hours, six digits', figure()),
      }),
      1,
    ),
  ),
  count: count(),
  meanKwhPerHour: about('arithmetic mean; perUnitKwh is the mean weighted by hours', figure()),
  leastKwhPerHour: figure(),
  mostKwhPerHour: figure(),
  standardDeviationKwhPerHour: about('of the sample (n - 1); null of one unit', maybe(figure())),
  smallSampleFactor: about('t(n - 1) / 2 at 95.45 %: s counts by so much more', maybe(amount())),
  measuredExpandedPercent: about('U of the energy by the meters alone, %', maybe(amount())),
  standardPercent: about('u of the weighted mean by the scatter, % of perUnitKwh', maybe(amount())),
  singleExpandedPercent: about('U of a unit that was not metered, %', maybe(amount())),
});

const grade = () => of.choice('1', '2', '3', '4', '5');
const score = () => object<record.Score>({ score: grade(), because: words() });
const dataQuality = object<record.DataQuality>({
  technological: score(),
  geographical: score(),
  temporal: score(),
  completeness: score(),
  reliability: score(),
  precision: score(),
  primaryActivityPercent: about('measured energy over all', percent()),
  primaryStrictPercent: about('activity and factor both primary, over all', percent()),
  policy: words(),
});

const emission = object<record.EmissionStatement>({
  method: of.choice('location', 'market'),
  factorSet: words(),
  factors: about(
    'energy by the row it was multiplied with; they sum to energyKwh',
    list(
      object<record.FactorUse>({
        id: words(),
        energyKwh: figure(),
        kgCo2e: about('energy x value of the row; of an hourly series the sum over its hours', balance()),
        upstream: about('id of the upstream row that was added', optional(words())),
        hourly: about(
          'where each hour had its own value: how many, and the hash of their file',
          optional(object<NonNullable<record.FactorUse['hourly']>>({ hours: count(), sha256: hash() })),
        ),
      }),
      1,
    ),
  ),
  lossesKgCo2e: about('of transmission and distribution', balance()),
  lossPercent: about('of what was generated; left out where none were added', optional(amount())),
  upstreamKgCo2e: about('what an upstream factor adds to a direct one', balance()),
  kgCo2e: about('sum of factors, losses and upstream', balance()),
  perUnitKgCo2e: about('kgCo2e / functionalUnit.count, six digits', maybe(balance())),
  expandedPercent: about('U of energy and factor together, %', maybe(amount())),
  factorUncertainty: words(),
  remarks: list(words()),
});

const upstream = object<record.UpstreamPart>({
  stage: of.choice('material', 'transport', 'purchased-part', 'process', 'packaging', 'waste'),
  name: words(),
  kgCo2ePerUnit: decimal(),
  biogenicUptakeKgCo2ePerUnit: about('of it; negative, 0 where there is none', decimal()),
  source: words(),
  primaryPercent: percent(),
  precedingId: maybe(words()),
  scores: about(
    'of data quality, 1 (best) to 5, as declared; left out where none were',
    optional(some(['technological', 'geographical', 'temporal'], grade())),
  ),
});

const factor = object<EmissionFactor>({
  id: words(),
  table: words(),
  region: words(),
  year: about('year the electricity was made in: the only number that is no text', of.whole(1900, 2200)),
  gCo2ePerKwh: decimal(),
  gases: of.choice('CO2', 'CO2e'),
  gwp: maybe(of.choice('AR4', 'AR5', 'AR6')),
  boundary: of.choice('direct', 'life-cycle', 'upstream'),
  basis: of.choice('generation', 'consumption', 'residual', 'contract', 'on-site', 'marginal'),
  losses: of.choice('included', 'excluded', 'not-stated'),
  isOfficial: truth(),
  isSupplierSpecific: truth(),
  source: words(),
  reference: text(),
  licence: text(),
  readIn: of.choice('source', 'secondary'),
  standardPercent: maybe(amount()),
  sha256: hash(),
});

const evidence = object<record.RecordEvidence>({
  hours: object<record.RecordEvidence['hours']>({ count: count(), revisedCount: count(), sha256: hash() }),
  algorithms: list(words(), 1),
  methods: about(
    'hash of algorithm, layout of its saved states and machine model by which the hours of each machine were computed',
    optional(
      list(
        object<NonNullable<record.RecordEvidence['methods']>[number]>({ machine: words(), sha256: hash() }),
      ),
    ),
  ),
  uncertaintyModel: words(),
  configs: list(hash()),
  amendments: list(words()),
  plan: hash(),
  factors: about('every row that a figure was multiplied with, whole', list(factor)),
  records: list(
    object<record.RecordEvidence['records'][number]>({
      agent: words(),
      epoch: words(),
      from: count(),
      to: count(),
    }),
  ),
  status: of.choice('provisional', 'final'),
});

/** The footprint record as JSON: what the published schema says, and what every record is checked by. */
export const RECORD_SHAPE: of.Shape<record.FootprintRecord> = object<record.FootprintRecord>({
  format: of.choice(FOOTPRINT_FORMAT),
  id: about('of subject, period and view: the same for every re-issue', text(UUID5)),
  version: about('1, 2, ... one more with each re-issue that differs', count()),
  issued: instant(),
  view: about(
    'two readings of the same energy; they are never added up',
    of.choice('use-phase', 'manufacturing'),
  ),
  subject,
  period: object<record.RecordPeriod>({ from: instant(), to: instant(), zone: words(), name: words() }),
  issuer,
  functionalUnit: about('what all figures called perUnit are of', functionalUnit),
  boundary: object<record.FootprintRecord['boundary']>({
    statement: words(),
    includes: list(words()),
    excludes: list(words()),
  }),
  activity,
  allocation: object<record.FootprintRecord['allocation']>({ rule: words(), statement: words() }),
  coverage: about('of the machines over the period; of a job or part over its whole windows', coverage),
  uncertainty,
  scatter: about('of a model only: what each of its machines took', optional(scatter)),
  dataQuality,
  emissions: about(
    'by method and factor set; the first is the one that single figures are from',
    list(emission),
  ),
  upstream: about('declared parts of the footprint of a product, per functional unit', list(upstream)),
  completeness: about(
    'whether this is a whole footprint of its functional unit, and what lacks',
    object<record.FootprintRecord['completeness']>({ isPartial: truth(), because: list(words()) }),
  ),
  sensitivity: list(
    object<record.SensitivityCase>({
      choice: words(),
      change: words(),
      figure: words(),
      from: decimal(),
      to: decimal(),
      deltaPercent: maybe(decimal()),
    }),
  ),
  cutOff: object<record.FootprintRecord['cutOff']>({ exemptedPercent: percent(), statement: words() }),
  meters: list(
    object<record.RecordMeter>({
      machine: words(),
      component: words(),
      channel: words(),
      device: words(),
      serial: maybe(words()),
      accuracyClass: maybe(words()),
      transformers: maybe(words()),
      calibrated: maybe(words()),
      calibrationValidUntil: maybe(words()),
      certificate: maybe(words()),
      basis: of.choice('counter', 'power'),
    }),
  ),
  evidence,
  remarks: list(words()),
});

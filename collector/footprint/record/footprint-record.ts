import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import type { HourBasis } from '../../energy/use-phase/hour-basis.ts';
import type { EmissionFactor } from '../factors/emission-factor.ts';
import type { DecimalText } from '../figures/decimal.ts';

/** Name and version of the record's format; its JSON Schema and JSON-LD context are published under the same name. */
export const FOOTPRINT_FORMAT = 'millwatt-footprint/1';

/** Time of day as every record writes it: `2026-06-01T00:00:00.000Z`. */
export type Instant = string;

/**
 * What a machine took over a period and what that means for the climate: the one record that every export, page and package
 * is made of. Every number is a decimal text; what is not known is null, never 0. Keys have units; energy is exact to the
 * mWh (six digits of kWh), emissions are rounded to the mg (six digits of kg), half away from zero.
 */
export interface FootprintRecord {
  format: typeof FOOTPRINT_FORMAT;
  /** UUID version 5 of subject, period and view: the same for every re-issue. */
  id: string;
  /** 1, 2, ... one more with each re-issue whose figures or facts differ. */
  version: DecimalText;
  /** When this version was made. */
  issued: Instant;
  /** Which of the two readings of the same energy this is; they are never added up. */
  view: FootprintView;
  subject: Subject;
  period: RecordPeriod;
  issuer: Issuer;
  /** What all figures called `perUnit` are of. */
  functionalUnit: FunctionalUnit;
  boundary: { statement: string; includes: string[]; excludes: string[] };
  activity: Activity;
  allocation: { rule: string; statement: string };
  coverage: Coverage;
  uncertainty: UncertaintyStatement;
  /** Of a model: what each of its machines took, and how they differ. Left out of every other subject. */
  scatter?: UnitScatter;
  dataQuality: DataQuality;
  /** By method and factor set; the first is the one that exports with room for a single figure take. Empty without any factor. */
  emissions: EmissionStatement[];
  /** Declared parts of a product's footprint beyond this electricity, such as material and transport. */
  upstream: UpstreamPart[];
  /** Whether this is a whole footprint of its functional unit within the boundary, and if not, what lacks. */
  completeness: { isPartial: boolean; because: string[] };
  sensitivity: SensitivityCase[];
  /** Share of the emissions left out by declaration, %, and what that is. */
  cutOff: { exemptedPercent: DecimalText; statement: string };
  meters: RecordMeter[];
  evidence: RecordEvidence;
  /** What a reader has to know, in sentences. */
  remarks: string[];
}

/** `use-phase`: the machine is the product. `manufacturing`: what it makes is. */
export type FootprintView = 'use-phase' | 'manufacturing';

/** Of what. A line is several machines together, a model several as samples of one; a job is made on one, a part on one or several. */
export interface Subject {
  kind: 'machine' | 'line' | 'model' | 'job' | 'part';
  /** As the site names it. */
  id: string;
  name: string;
  /** What it is, in a sentence. */
  description: string;
  /** Ids of the machines that were metered. */
  machines: string[];
  /** `urn:...` ids that the company gives the product, at least one. */
  productIds: string[];
  /** Mass of one functional unit, kg; `0` for a service such as a machine-hour; null where nobody said. */
  massKgPerUnit: DecimalText | null;
  /** Fossil carbon in one functional unit, kg; `0` for a service; null where nobody said. */
  fossilCarbonKgPerUnit: DecimalText | null;
  /** `urn:` classes, such as UN CPC or UNSPSC. */
  classifications: string[];
  /** Parameters of the machine's model, by name, with units in the names: `massKg`, `axes`, `spindleKw`, `baseMaterial`, `year`. */
  parameters: Record<string, DecimalText | string>;
}

/** [from, to) on the clocks of the site. */
export interface RecordPeriod {
  from: Instant;
  to: Instant;
  /** IANA name. */
  zone: string;
  /** `October 2026`. */
  name: string;
}

/** Who answers for the record. */
export interface Issuer {
  company: {
    name: string;
    /** `urn:...`, at least one. */
    ids: string[];
    /** ISO 3166-1 alpha-2. */
    country: string;
    /** E-mail or page of the one who answers; null where nobody said. */
    contact: string | null;
  };
  site: string;
  /** Where the electricity was drawn: ISO 3166-1 alpha-2, and a subdivision where one was told (`CN-N`). */
  region: { country: string; subdivision: string | null };
  collector: string;
  /** Public key of the collector, base64url. */
  key: string;
  /** `millwatt 0.1.0`. */
  software: string;
}

/** What one unit is, and how many there were. */
export interface FunctionalUnit {
  unit: 'hour' | 'piece' | 'kilogram';
  /** Always 1. */
  amount: DecimalText;
  /** `1 hour of mill-1, operating (warm-up, ready and processing)`. */
  description: string;
  /** Which hours count; null where the unit is no hour. */
  basis: HourBasis | null;
  /** How many units the period had: hours with six digits, good parts, kg; null where nobody knows. */
  count: DecimalText | null;
}

/** What was drawn. Energies in kWh, exact; times in hours with six digits. */
export interface Activity {
  /** Import of the machine or machines, or what was allocated to the job or part. */
  energyKwh: DecimalText;
  perUnitKwh: DecimalText | null;
  exportKwh: DecimalText;
  /** By state; they sum to `energyKwh`. */
  states: Record<OperatingState, { hours: DecimalText; energyKwh: DecimalText; meanW: DecimalText | null }>;
  /** By component, supply left out. */
  components: Record<string, { energyKwh: DecimalText }>;
  residualKwh: DecimalText | null;
  /** kWh per machine-hour on each basis; null where that had no hours. Use phase only, else null. */
  perHour: Record<HourBasis, { hours: DecimalText; kwhPerHour: DecimalText | null }> | null;
  /** Other media: norm litres, and the energy declared to stand behind them; apart from all energy above. */
  media: {
    component: string;
    normLitres: DecimalText;
    declaredKwh: DecimalText | null;
    source: string | null;
  }[];
  /** Per job and part: energy while it ran, and energy that was divided among jobs. Null in the use phase. */
  allocated: { directKwh: DecimalText; dividedKwh: DecimalText } | null;
}

/** How much of the period was watched and measured. */
export interface Coverage {
  /** Share of the period in which the machine was watched at all, %. */
  watchedPercent: DecimalText;
  /** Share of the time watched that was measured, %. */
  measuredTimePercent: DecimalText;
  /** Share of the energy that was measured (counter or integrated) rather than bridged, %; null without energy. */
  measuredEnergyPercent: DecimalText | null;
  /** kWh by how it was obtained; they sum to the energy of the machines, of a job or part in its whole windows: more than it was given. */
  obtained: {
    counterKwh: DecimalText;
    integratedKwh: DecimalText;
    bridgedKwh: DecimalText;
    bridgedByKwh: Record<'stateMean' | 'linear' | 'profile', DecimalText>;
  };
  /** Complete: at least 95 % of the energy measured and 95 % of the period watched. */
  isComplete: boolean;
  /** Why it is not. */
  lacks: string[];
}

/** Energy's uncertainty, k = 2, in % of the energy; null where facts lack. */
export interface UncertaintyStatement {
  model: string;
  k: DecimalText;
  /** U of the energy, %. */
  expandedPercent: DecimalText | null;
  /** u of each source, %, as in the budget. */
  sources: { source: string; standardPercent: DecimalText; note: string }[];
  states: Partial<Record<OperatingState, DecimalText>>;
  /** What has to be entered before anything can be stated. */
  missing: string[];
}

/** Machines of one model as samples of it. Figures are kWh per hour of `functionalUnit.basis`, six digits. */
export interface UnitScatter {
  /** In the order of `subject.machines`; hours and energies sum to those of the record. */
  units: { machine: string; hours: DecimalText; energyKwh: DecimalText; kwhPerHour: DecimalText }[];
  /** How many units. */
  count: DecimalText;
  /** Arithmetic mean of the units. `activity.perUnitKwh` is their mean weighted by hours. */
  meanKwhPerHour: DecimalText;
  leastKwhPerHour: DecimalText;
  mostKwhPerHour: DecimalText;
  /** Sample standard deviation s (n - 1); null of one unit, which tells none. */
  standardDeviationKwhPerHour: DecimalText | null;
  /** For few units: t(n - 1) / 2 at 95.45 %, by which s is multiplied before k = 2; null of one. */
  smallSampleFactor: DecimalText | null;
  /** U (k = 2) of the energy of all units by their meters, %; `uncertainty.expandedPercent` has the scatter in it, too. */
  measuredExpandedPercent: DecimalText | null;
  /** Standard uncertainty of the weighted mean by the scatter, % of it: factor x s x root of the sum of squared weights. */
  standardPercent: DecimalText | null;
  /** U (k = 2) of a unit of the model that was not metered, %: the scatter itself, that of the mean, and measuring. */
  singleExpandedPercent: DecimalText | null;
}

/** Scores 1 (best) to 5, each with its reason. */
export interface DataQuality {
  technological: Score;
  geographical: Score;
  temporal: Score;
  completeness: Score;
  reliability: Score;
  precision: Score;
  /** Measured energy over all, %. */
  primaryActivityPercent: DecimalText;
  /**
   * Emissions whose activity and factor are both primary, over all of a functional unit, declared parts with their own share
   * included, %: the strict reading, which exports take.
   */
  primaryStrictPercent: DecimalText;
  policy: string;
}

/** A score with its reason. */
export interface Score {
  score: '1' | '2' | '3' | '4' | '5';
  because: string;
}

/** Emissions by one method with one set of factors. Kg of CO2 equivalent, rounded to the mg. */
export interface EmissionStatement {
  method: 'location' | 'market';
  /** `default`, `official`, or the operator's own name. */
  factorSet: string;
  /** Energy by the row it was multiplied with; they sum to the energy. */
  factors: FactorUse[];
  /** What losses between power plant and site add, where the factor excludes them and a loss was told; else `0`. */
  lossesKgCo2e: DecimalText;
  /** The losses that were added, % of what was generated; left out where none were. */
  lossPercent?: DecimalText;
  /** What an upstream factor adds to a direct one; else `0`. */
  upstreamKgCo2e: DecimalText;
  /** Rows, losses and upstream together, to the printed digit. */
  kgCo2e: DecimalText;
  perUnitKgCo2e: DecimalText | null;
  /** u of energy and factor together, k = 2, %; null where one of them is not known. */
  expandedPercent: DecimalText | null;
  /** Whether the uncertainty of the factor is its source's or a declared default. */
  factorUncertainty: string;
  remarks: string[];
}

/** What was multiplied with one row. Emissions are energy x value, rounded to the mg; of an hourly series their sum over its hours. */
export interface FactorUse {
  id: string;
  energyKwh: DecimalText;
  kgCo2e: DecimalText;
  /** Id of the upstream row that was added to this direct one. */
  upstream?: string;
  /** Where each hour had its own value: how many of the series were used, and the SHA-256 of the whole series, base64url. */
  hourly?: { hours: DecimalText; sha256: string };
}

/** A part of a product's footprint that someone declared. Per functional unit. */
export interface UpstreamPart {
  stage: 'material' | 'transport' | 'purchased-part' | 'process' | 'packaging' | 'waste';
  name: string;
  kgCo2ePerUnit: DecimalText;
  /** Of it, biogenic uptake (negative); `0` where there is none. */
  biogenicUptakeKgCo2ePerUnit: DecimalText;
  source: string;
  /** Share of primary data in it, %. */
  primaryPercent: DecimalText;
  /** Id of the footprint it is from; null where there is none. */
  precedingId: string | null;
  /** Scores of data quality that were declared with it, 1 (best) to 5; left out where none were. */
  scores?: PartScores;
}

/** Scores of a declared part; what nobody told is left out, and counts as 5 wherever a footprint is rated. */
export type PartScores = Partial<Record<'technological' | 'geographical' | 'temporal', Score['score']>>;

/** What one figure would be if one choice were another. */
export interface SensitivityCase {
  /** `factor-set`, `losses`, `hour-basis`, `allocation`, `duty-cycle`, `meter-class`, `gap-filling`. */
  choice: string;
  /** `official instead of default`. */
  change: string;
  /** What it is of: `perUnitKgCo2e` (of the electricity), `perUnitWholeKgCo2e` (with declared parts), `perUnitKwh` or `expandedPercent`. */
  figure: string;
  from: DecimalText;
  to: DecimalText;
  deltaPercent: DecimalText | null;
}

/** A meter that the figures rest on. */
export interface RecordMeter {
  machine: string;
  component: string;
  channel: string;
  /** Maker, model and serial number, as far as the wiring tells. */
  device: string;
  serial: string | null;
  accuracyClass: string | null;
  transformers: string | null;
  calibrated: string | null;
  calibrationValidUntil: string | null;
  certificate: string | null;
  /** What the energy is made of: `counter` or `power`. */
  basis: 'counter' | 'power';
}

/** What the figures rest on, so that a stranger can find and recompute it. Hashes are SHA-256 in base64url. */
export interface RecordEvidence {
  /** Machine-hours it touches, and the hash over their canonical texts in order. */
  hours: { count: DecimalText; revisedCount: DecimalText; sha256: string };
  algorithms: string[];
  /** By which algorithm, configuration and amendments the hours of each machine were computed; records of before 2026-11 lack it. */
  methods?: { machine: string; sha256: string }[];
  uncertaintyModel: string;
  configs: string[];
  amendments: string[];
  /** Hash of what was declared of the site. */
  plan: string;
  /** Every row that a figure was multiplied with, whole. */
  factors: EmissionFactor[];
  /** Heads of the agents' chains that the hours rest on. */
  records: { agent: string; epoch: string; from: DecimalText; to: DecimalText }[];
  status: 'provisional' | 'final';
}

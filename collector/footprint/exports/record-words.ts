import type { EmissionFactor } from '../factors/emission-factor.ts';
import type { DecimalText } from '../figures/decimal.ts';
import type { EmissionStatement, FootprintRecord, UpstreamPart } from '../record/footprint-record.ts';

/*
 * What a record says, in sentences for the free text fields of formats for life-cycle assessment.
 */

const FACTORS_TOLD = 12;

/** Whether it is a whole footprint, and what it lacks if not. */
export function completenessWords({ completeness: { isPartial, because } }: FootprintRecord): string {
  return isPartial
    ? `PARTIAL: this is not the whole footprint of its functional unit. ${sentences(because)}`.trimEnd()
    : 'Whole within the boundary that is stated.';
}

/** Which of the two readings of the same energy this is. */
export function viewWords({ view }: FootprintRecord): string {
  return view === 'use-phase'
    ? 'Use phase of the machine as a product. The same energy may stand in records of what the machine made: never add both.'
    : 'Manufacturing: energy of what was made. The same energy may stand in records of the machine’s use phase: never add both.';
}

/** What is inside the boundary, what is not, and what was left out by declaration. */
export function boundaryWords({ boundary, cutOff }: FootprintRecord): string {
  const { statement, includes, excludes } = boundary;
  return sentences([
    statement,
    ...(includes.length === 0 ? [] : [`Included: ${includes.join('; ')}`]),
    ...(excludes.length === 0 ? [] : [`Not included: ${excludes.join('; ')}`]),
    `Cut-off: ${cutOff.exemptedPercent} %. ${cutOff.statement}`,
  ]);
}

/** Coverage is that of the machines: what a job was given is a share of their energy, and no meter saw it alone. */
const ofWhom = ({ view }: FootprintRecord): string =>
  view === 'manufacturing' ? 'Of the machines in the whole windows, not only of what was made: ' : '';

/** How much was watched and measured. */
export function coverageWords(record: FootprintRecord): string {
  const { watchedPercent, measuredTimePercent, measuredEnergyPercent, isComplete, lacks } = record.coverage;
  return sentences([
    `${ofWhom(record)}Watched: ${watchedPercent} % of the period, of which ${measuredTimePercent} % measured`,
    ...(measuredEnergyPercent === null ? [] : [`Measured energy: ${measuredEnergyPercent} %`]),
    isComplete ? 'Coverage is complete (95 % or more of both)' : 'Coverage is NOT complete',
    ...lacks,
  ]);
}

/** How the energy was obtained, and how gaps were bridged. */
export function obtainedWords(record: FootprintRecord): string {
  const { coverage, allocation } = record;
  const { counterKwh, integratedKwh, bridgedKwh, bridgedByKwh } = coverage.obtained;
  return sentences([
    `${ofWhom(record)}From energy counters: ${counterKwh} kWh; integrated from power: ${integratedKwh} kWh; bridged over gaps: ${bridgedKwh} kWh (by mean power of the state ${bridgedByKwh.stateMean}, linear ${bridgedByKwh.linear}, by profile ${bridgedByKwh.profile})`,
    `Allocation (${allocation.rule}): ${allocation.statement}`,
  ]);
}

/** Uncertainty of the energy, or what lacks to tell it; of a model also how its units differ. */
export function uncertaintyWords({ uncertainty, scatter }: FootprintRecord): string {
  const { expandedPercent, k, model, sources, missing } = uncertainty;
  const units = scatter === undefined ? [] : scatterWords(scatter);
  if (expandedPercent === null)
    return sentences([
      'Uncertainty of the energy: not known',
      ...missing.map((what) => `Missing: ${what}`),
      ...units,
    ]);
  const parts = sources.map(
    ({ source, standardPercent, note }) => `${source} ${standardPercent} % (${note})`,
  );
  return sentences([
    `Uncertainty of the energy: U = ${expandedPercent} % (k = ${k}, ${model})`,
    ...(parts.length === 0 ? [] : [`Standard uncertainties: ${parts.join('; ')}`]),
    ...units,
  ]);
}

function scatterWords(scatter: NonNullable<FootprintRecord['scatter']>): string[] {
  const { units, count, meanKwhPerHour, standardDeviationKwhPerHour, singleExpandedPercent } = scatter;
  const each = units.map(({ machine, kwhPerHour, hours }) => `${machine} ${kwhPerHour} (${hours} h)`);
  const spread =
    standardDeviationKwhPerHour === null
      ? 'one unit tells no scatter'
      : `mean ${meanKwhPerHour}, standard deviation ${standardDeviationKwhPerHour}`;
  return [
    `Units of the model, kWh/h: ${each.join('; ')}; n = ${count}, ${spread}`,
    ...(singleExpandedPercent === null
      ? []
      : [`A unit that was not metered: U = ${singleExpandedPercent} % (k = 2)`]),
  ];
}

/** Every score with its reason, and the primary shares. */
export function qualityWords({ dataQuality }: FootprintRecord): string {
  const names = [
    'technological',
    'geographical',
    'temporal',
    'completeness',
    'reliability',
    'precision',
  ] as const;
  return sentences([
    ...names.map((name) => `${name} ${dataQuality[name].score}: ${dataQuality[name].because}`),
    aggregateWords(dataQuality),
    `Primary activity data: ${dataQuality.primaryActivityPercent} %; primary data: ${dataQuality.primaryStrictPercent} % (${dataQuality.policy})`,
  ]);
}

/**
 * One rating of the scores, as the two families that ask for one form it: PEF the mean of four, ILCD that of all with the worst
 * counted four times more. Scores are those of the record, in its own steps. Rounded up: no rating is better than it is.
 */
function aggregateWords(dataQuality: FootprintRecord['dataQuality']): string {
  const of = (name: 'technological' | 'geographical' | 'temporal' | 'completeness' | 'precision') =>
    Number(dataQuality[name].score);
  const four = [of('technological'), of('geographical'), of('temporal'), of('precision')];
  const five = [...four, of('completeness')];
  const worst = Array.from({ length: 4 }, () => Math.max(...five));
  return `Rating of these scores, 1 (best) to 5: ${meanUp(four)} by the rule of PEF (technological, geographical, temporal, precision), ${meanUp([...five, ...worst])} by that of ILCD (completeness as well, and the worst four times more; appropriateness of the method is not scored)`;
}

/** To two digits, up. */
const meanUp = (scores: readonly number[]): string =>
  String(Math.ceil((100 * scores.reduce((sum, score) => sum + score, 0)) / scores.length) / 100);

/** What was metered: times and energies by state, and parameters of the model. */
export function subjectWords({ subject, activity }: FootprintRecord): string {
  const states = Object.entries(activity.states)
    .filter(([, { hours }]) => hours !== '0')
    .map(([state, { hours, energyKwh }]) => `${state} ${hours} h, ${energyKwh} kWh`);
  const parameters = Object.entries(subject.parameters).map(([name, value]) => `${name} ${value}`);
  const media = activity.media.map(
    ({ component, normLitres, declaredKwh }) =>
      `${component} ${normLitres} norm litres${declaredKwh === null ? '' : `, declared ${declaredKwh} kWh`}`,
  );
  return sentences([
    subject.description,
    ...(states.length === 0 ? [] : [`States in the period: ${states.join('; ')}`]),
    ...(parameters.length === 0 ? [] : [`Parameters: ${parameters.join('; ')}`]),
    ...(media.length === 0 ? [] : [`Other media, not in the figures: ${media.join('; ')}`]),
    ...(activity.exportKwh === '0' ? [] : [`Fed back, not subtracted: ${activity.exportKwh} kWh`]),
  ]);
}

/** The meters that the figures rest on. */
export function meterWords({ meters }: FootprintRecord): string {
  return sentences(
    meters.map(({ channel, device, serial, accuracyClass, transformers, calibrated, basis }) =>
      [
        `${channel}: ${device}`,
        ...(serial === null ? [] : [`serial ${serial}`]),
        ...(accuracyClass === null ? [] : [`class ${accuracyClass}`]),
        ...(transformers === null ? [] : [transformers]),
        ...(calibrated === null ? [] : [`calibrated ${calibrated}`]),
        `by ${basis}`,
      ].join(', '),
    ),
  );
}

const FIGURES: Readonly<Record<string, string>> = {
  perUnitKwh: 'kWh per unit',
  perUnitKgCo2e: 'kg CO2e per unit of the electricity',
  perUnitWholeKgCo2e: 'kg CO2e per unit with declared parts',
  expandedPercent: 'U of the energy, %,',
};

/** What one figure would be if one choice were another; empty where nothing was tried. */
export function sensitivityWords({ sensitivity }: FootprintRecord): string {
  return sentences(
    sensitivity.map(
      ({ choice, change, figure, from, to, deltaPercent }) =>
        `Sensitivity to ${choice} (${change}): ${FIGURES[figure] ?? figure} ${to} instead of ${from}${deltaPercent === null ? '' : ` (${deltaPercent} %)`}`,
    ),
  );
}

/** Emissions of a functional unit by one statement. */
export function emissionWords(statement: EmissionStatement, unit: string): string {
  const { perUnitKgCo2e } = statement;
  return sentences([
    ...(perUnitKgCo2e === null
      ? []
      : [`Electricity: ${perUnitKgCo2e} kg CO2e per ${unit} (${howWords(statement)})`]),
    ...doubtWords(statement),
  ]);
}

/** Emissions of a kWh by one statement. */
export function supplyWords(statement: EmissionStatement, kgPerKwh: DecimalText): string {
  return sentences([`${kgPerKwh} kg CO2e per kWh (${howWords(statement)})`, ...doubtWords(statement)]);
}

function howWords({ method, factorSet, lossesKgCo2e }: EmissionStatement): string {
  return `${method}-based, ${factorSet} factors${lossesKgCo2e === '0' ? '' : ', with losses of the grid'}`;
}

function doubtWords({ factorUncertainty, remarks }: EmissionStatement): string[] {
  return [`Uncertainty of the factor: ${factorUncertainty}`, ...remarks];
}

/** Rows of factor tables; of more than a dozen, such as those of hours, the first and how many there are. */
export function factorsWords(rows: readonly EmissionFactor[]): string {
  const [first] = rows;
  return rows.length > FACTORS_TOLD && first !== undefined
    ? sentences([`${rows.length} factors, the first of them ${factorWords(first)}`])
    : sentences(rows.map(factorWords));
}

/** A row of a factor table. */
export function factorWords(row: EmissionFactor): string {
  const { id, gCo2ePerKwh, gases, boundary, basis, losses, gwp, source, licence, readIn } = row;
  const potentials = gwp === null ? 'potentials not stated' : gwp;
  const read = readIn === 'source' ? '' : ', read in a secondary source';
  return `${id}: ${gCo2ePerKwh} g ${gases}/kWh, ${boundary}, ${basis}, losses ${losses}, ${potentials} (${source}, ${licence}${read})`;
}

/** A declared part. */
export function upstreamWords(part: UpstreamPart): string {
  const { kgCo2ePerUnit, biogenicUptakeKgCo2ePerUnit, source, primaryPercent, precedingId } = part;
  const told = Object.entries(part.scores ?? {})
    .map(([kind, score]) => `${kind} ${score}`)
    .join(', ');
  return sentences([
    `Declared: ${kgCo2ePerUnit} kg CO2e per functional unit${biogenicUptakeKgCo2ePerUnit === '0' ? '' : `, of it biogenic uptake ${biogenicUptakeKgCo2ePerUnit} kg`}`,
    `Source: ${source}; ${primaryPercent} % primary data`,
    ...(precedingId === null ? [] : [`Preceding footprint: ${precedingId}`]),
    ...(told === '' ? [] : [`Scores of data quality, as declared: ${told}`]),
  ]);
}

/** Sentences with their points, one after another. */
export function sentences(texts: readonly string[]): string {
  return texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => (/[.!?]$/.test(text) ? text : `${text}.`))
    .join(' ');
}

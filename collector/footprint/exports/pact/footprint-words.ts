import type { FootprintRecord, UpstreamPart } from '../../record/footprint-record.ts';
import type { CarbonFigures } from './carbon-figures.ts';
import { sayRatings } from './quality-ratings.ts';

/** How the words of a footprint begin that is not whole; checks look for it. */
export const PARTIAL = 'Partial footprint:';

/**
 * What a footprint lacks; empty when it is whole. Electricity alone is never whole, of an hour as of a part, whatever the record
 * says.
 */
export function lacksOf({ completeness, view, upstream }: FootprintRecord): string[] {
  if (completeness.isPartial)
    return completeness.because.length > 0 ? completeness.because : ['what is missing was not said'];
  if (upstream.length > 0) return [];
  return [
    view === 'use-phase'
      ? 'electricity of the machine alone, not the footprint of a product'
      : 'electricity of the machine alone: no material, transport or purchased part was declared',
  ];
}

/** `Partial footprint: it lacks ...`; empty when it is whole. */
export function sayPartial(record: FootprintRecord): string {
  const lacks = lacksOf(record);
  return lacks.length === 0 ? '' : `${PARTIAL} ${sentence(lacks.join('; '))}`;
}

/** What the declared unit is and must not be taken for. */
export function sayScope({ view, functionalUnit }: FootprintRecord): string {
  return view === 'use-phase'
    ? `Of ${functionalUnit.description}, as a service bought by the hour. A footprint from cradle to gate does not cover the use phase of a machine that is sold: never add this one to the footprint of the machine, nor to that of parts made in these hours, which holds the same electricity.`
    : `Of ${functionalUnit.description}. The electricity in it is the same that the machine-hours of its machines report: never add the two.`;
}

/** Uncertainty of energy and emissions, or why none can be stated. */
export function sayUncertainty({ uncertainty }: FootprintRecord, { statement }: CarbonFigures): string {
  const { expandedPercent, k, missing } = uncertainty;
  if (expandedPercent === null)
    return sentence(
      missing.length === 0
        ? 'The uncertainty of the energy cannot be stated'
        : `The uncertainty of the energy cannot be stated: missing are ${missing.join(', ')}`,
    );
  const ofEmissions =
    statement.expandedPercent === null
      ? 'that of the emissions cannot be stated'
      : `of the emissions from electricity ${statement.expandedPercent} % (${statement.factorUncertainty})`;
  return sentence(`Expanded uncertainty, k = ${k}: of the energy ${expandedPercent} %, ${ofEmissions}`);
}

/**
 * Which evidence packages cover what a job or part rests on, and what none of them proves; empty of a use phase. A package is of
 * whole hours of one machine; marks of jobs that people or an MES told are in none.
 */
function sayPackages({ view, subject, period }: FootprintRecord): string {
  if (view === 'use-phase') return '';
  const { machines, kind } = subject;
  const [whose, packages] =
    machines.length === 1
      ? ['that machine', 'An evidence package']
      : ['those machines', 'Evidence packages, one each'];
  return `${packages} of ${machines.join(', ')} from ${period.from} to ${period.to} (millwatt export evidence --machine) can prove the whole hours of ${whose}. Which share of them the ${kind} was given, and how many good parts there were, follows from marks of jobs and from what the control said, and no package has it computed anew: that is not proven.`;
}

/** What is inside and what is outside of the boundary, parts that were declared included. */
export function describeBoundary({ boundary, upstream }: FootprintRecord): string {
  return join(
    sentence(boundary.statement),
    boundary.includes.length > 0 && sentence(`Included: ${boundary.includes.join('; ')}`),
    upstream.length > 0 && sentence(`Declared parts: ${upstream.map(sayPart).join('; ')}`),
    boundary.excludes.length > 0 && sentence(`Not included: ${boundary.excludes.join('; ')}`),
  );
}

/** Everything that a reader has to know and that no field of PACT holds. */
export function commentOf(record: FootprintRecord, figures: CarbonFigures): string {
  const { coverage, dataQuality, emissions, evidence, functionalUnit, issuer, remarks, upstream } = record;
  const { statement, electricityKg, rows, rowsWithoutGwp, gwpSets } = figures;
  return join(
    sayPartial(record),
    sayScope(record),
    sentence(
      `Electricity: ${record.activity.perUnitKwh ?? 'unknown'} kWh per ${functionalUnit.unit}, ${electricityKg} kg CO2e, ${statement.method}-based, factors ${statement.factorSet}: ${rows
        .map((row) => `${row.id} (${row.gCo2ePerKwh} g ${row.gases}/kWh, ${row.boundary}, ${row.basis})`)
        .join(', ')}`,
    ),
    ...emissions
      .slice(1)
      .map((other) =>
        sentence(
          `${other.method}-based with factors ${other.factorSet}, that electricity would be ${other.perUnitKgCo2e ?? 'unknown'} kg CO2e`,
        ),
      ),
    sayUncertainty(record, figures),
    !coverage.isComplete && sentence(`Coverage is incomplete: ${coverage.lacks.join('; ')}`),
    sentence(
      `Primary data: ${dataQuality.primaryActivityPercent} % of the energy; ${dataQuality.primaryStrictPercent} % of the emissions by the policy "${dataQuality.policy}"`,
    ),
    sayRatings(record),
    upstream.length > 0 &&
      'Declared parts do not tell their gases apart: all but biogenic uptake is reported as fossil, and their sets of warming potentials are not known.',
    rowsWithoutGwp.length > 0 &&
      sentence(`The set of warming potentials is not stated by ${rowsWithoutGwp.join(', ')}`),
    rows.some(({ gases }) => gases === 'CO2') &&
      sentence(
        `${rows
          .filter(({ gases }) => gases === 'CO2')
          .map(({ id }) => id)
          .join(
            ', ',
          )} counts CO2 alone${gwpSets.length === 0 ? ', whose warming potential is 1 in every report' : ''}`,
      ),
    issuer.region.subdivision !== null &&
      sentence(`The electricity is of the grid region ${issuer.region.subdivision}`),
    sayPackages(record),
    evidence.status === 'provisional' && 'Provisional: hours of the period may still be revised.',
    record.version !== '1' && `Issue ${record.version} of this footprint.`,
    ...[...statement.remarks, ...remarks].map(sentence),
  );
}

function sayPart(part: UpstreamPart): string {
  const preceding = part.precedingId === null ? '' : `, footprint ${part.precedingId}`;
  return `${part.stage} ${part.name}, ${part.kgCo2ePerUnit} kg CO2e (${part.source}, ${part.primaryPercent} % primary${preceding})`;
}

const sentence = (words: string) => (/[.!?]$/.test(words) ? words : `${words}.`);

const join = (...sentences: (string | false)[]) =>
  sentences.filter((one) => one !== false && one !== '').join(' ');

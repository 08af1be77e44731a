import { compareWithFirst } from '../footprint/emissions/record-emissions.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import { ChainRanges } from '../reports/chain-ranges.ts';
import { dataQualityOf } from '../reports/footprint/data-quality.ts';
import type { CheckLines } from './check-line.ts';
import type { Manifest } from './manifest.ts';

const SCORES = [
  'technological',
  'geographical',
  'temporal',
  'completeness',
  'reliability',
  'precision',
] as const;
/** Shares of primary data are printed to one or two digits, by the version that made the record. */
const SHARE_APART = 0.1;

/**
 * Checks what a footprint record says of itself against the package and its own figures: whose it is, its scores and shares of
 * primary data, and that no other set of factors was kept out of its sensitivity. The record is sound in itself.
 */
export function checkFootprintFacts(
  record: FootprintRecord,
  { collector, site }: Pick<Manifest, 'collector' | 'site'>,
  place: string,
  lines: CheckLines,
): void {
  const { issuer, subject, period, coverage, uncertainty, meters, emissions, evidence, upstream } = record;
  const hold = holder(place, lines);
  hold('issuer.key', issuer.key, collector);
  hold('issuer.site', issuer.site, site);
  hold('evidence.uncertaintyModel', evidence.uncertaintyModel, uncertainty.model);
  if (subject.kind === 'machine') hold('subject.id', subject.id, subject.machines.join());
  if (record.view === 'use-phase' && upstream.length > 0)
    lines.fail('footprints', place, 'It has declared parts, and hours of use have none.');
  const year = new Intl.DateTimeFormat('en', { timeZone: period.zone, year: 'numeric' });
  const due = dataQualityOf({
    region: issuer.region,
    year: Number(year.format(Date.parse(period.to) - 1)),
    coverage,
    uncertainty,
    meters,
    statement: emissions[0],
    factors: evidence.factors,
    upstream,
    to: period.to,
    ...(subject.kind === 'model' ? { proxyUnits: subject.machines.length } : {}),
  });
  const { dataQuality } = record;
  for (const score of SCORES) hold(`dataQuality.${score}.score`, dataQuality[score].score, due[score].score);
  hold('dataQuality.primaryActivityPercent', dataQuality.primaryActivityPercent, due.primaryActivityPercent);
  if (Math.abs(Number(dataQuality.primaryStrictPercent) - Number(due.primaryStrictPercent)) > SHARE_APART)
    hold('dataQuality.primaryStrictPercent', dataQuality.primaryStrictPercent, due.primaryStrictPercent);
  for (const { change } of compareWithFirst(emissions))
    if (!record.sensitivity.some((one) => one.choice === 'factor-set' && one.change === change))
      lines.fail('footprints', place, `Its sensitivity leaves out ${change}, which its emissions state.`);
}

/** Checks what a footprint names of its hours: how many, which records, snapshots and amendments they rest on. */
export function checkFootprintBasis(
  { evidence, period }: FootprintRecord,
  hours: readonly MachineHour[],
  place: string,
  lines: CheckLines,
): void {
  const hold = holder(place, lines);
  const each = (of: (hour: MachineHour) => readonly string[]) =>
    [...new Set(hours.flatMap(of))].sort().join(' ');
  hold('evidence.hours.count', evidence.hours.count, String(hours.length));
  const revised = hours.filter(({ revision }) => revision > 1).length;
  hold('evidence.hours.revisedCount', evidence.hours.revisedCount, String(revised));
  hold(
    'evidence.configs',
    evidence.configs.join(' '),
    each(({ basis }) => basis.configs),
  );
  hold(
    'evidence.amendments',
    evidence.amendments.join(' '),
    each(({ basis }) => basis.amendments),
  );
  for (const algorithm of new Set(hours.map(({ basis }) => basis.algorithm)))
    if (!evidence.algorithms.includes(algorithm))
      hold('evidence.algorithms', evidence.algorithms.join(' '), algorithm);
  const chains = new ChainRanges();
  for (const hour of hours) chains.add(hour);
  const sayRanges = (all: readonly { agent: string; epoch: string; from: unknown; to: unknown }[]) =>
    all
      .map(({ agent, epoch, from, to }) => `${agent} ${epoch} ${String(from)}-${String(to)}`)
      .sort()
      .join(', ');
  hold('evidence.records', sayRanges(evidence.records), sayRanges(chains.list()));
  for (const [name, at] of Object.entries({ from: period.from, to: period.to }))
    if (Date.parse(at) % 3_600_000 !== 0)
      lines.fail('footprints', place, `period.${name} is ${at}, which is no whole hour: its hours are.`);
}

function holder(place: string, lines: CheckLines) {
  return (what: string, told: string, due: string) => {
    if (told !== due) lines.fail('footprints', place, `${what} is ${told}, and has to be ${due}.`);
  };
}

import { HOUR_MS } from '../energy/hour-account.ts';
import { sumUncertainties } from '../energy/uncertainty/sum-uncertainties.ts';
import type { MissingFact } from '../energy/uncertainty/limit.ts';
import type { Uncertainty } from '../energy/uncertainty/uncertainty-statement.ts';
import { groupDigits, sayHours, sayKwh, sayWatts } from '../energy/use-phase/say-kwh.ts';

/** The name of this method in every result; it changes when a figure could. */
const ALGORITHM = 'millwatt-reconcile/1';

/** The energy of one meter over the time that is compared. */
export interface MeteredPart {
  /** The machine, or the main meter. */
  id: string;
  /** Whole mWh; null where no energy of it is known at all. */
  energyMwh: number | null;
  /** Of it, spread over gaps that reach beyond the ends of the time compared: it may lie on the wrong side. */
  bridgedMwh: number;
  /** Time of which no energy is known, ms. */
  uncoveredMs: number;
  /** What tells meters apart, and the uncertainty of the energy; null where there is no energy. */
  meter: string;
  uncertainty: Uncertainty | null;
}

/** What is compared: a main meter with the machines behind it. */
export interface Reconciling {
  fromMs: number;
  toMs: number;
  main: MeteredPart;
  machines: readonly MeteredPart[];
  /** What is behind it without a meter, estimated by a person, W. */
  unmetered: readonly { name: string; powerW: number }[];
}

/** One line of a reconciliation. */
export interface ReconcileLine {
  label: string;
  /** Whole mWh; null where it is not known. */
  mwh: number | null;
  /** The arithmetic. */
  saying: string;
}

/** The result of a comparison, every figure with its arithmetic. */
export interface Reconciliation {
  algorithm: string;
  fromMs: number;
  toMs: number;
  mainMwh: number | null;
  machinesMwh: number;
  /** Main meter minus machines. */
  differenceMwh: number | null;
  /** Combined, k = 2, of what is known of it. */
  expandedMwh: number;
  /** What is missing for it, by meter; empty where it is whole. */
  missing: { id: string; facts: MissingFact[] }[];
  /** What estimates take away from the difference, and by how much they may be wrong. */
  estimatedMwh: number;
  boundMwh: number;
  /** Difference minus estimates. */
  remainingMwh: number | null;
  /**
   * `within-uncertainty`: the meters agree as they are; `explained`: with what is estimated of unmetered loads, gaps and
   * bridges; `unexplained`: more remains than all of that; `unknown`: the same, but a meter's uncertainty or energy is not known.
   */
  verdict: 'within-uncertainty' | 'explained' | 'unexplained' | 'unknown';
  lines: ReconcileLine[];
}

/** Compares a main meter with the sum of the machines behind it, and says what explains the difference. */
export function reconcile({ fromMs, toMs, main, machines, unmetered }: Reconciling): Reconciliation {
  const machinesMwh = sum(machines.map(({ energyMwh }) => energyMwh ?? 0));
  const hours = (toMs - fromMs) / HOUR_MS;
  const estimates = [
    ...unmetered.map((load) => estimateLoad(load, hours)),
    ...machines.flatMap((machine) => estimateUncovered(machine, toMs - fromMs, 1)),
    ...estimateUncovered(main, toMs - fromMs, -1),
  ];
  const bounds = [...machines, main].flatMap(boundBridged);
  const estimatedMwh = sum(estimates.map(({ mwh }) => mwh ?? 0));
  const boundMwh =
    sum(estimates.map(({ boundMwh: bound }) => bound)) + sum(bounds.map(({ mwh }) => mwh ?? 0));
  const { expandedMwh, missing, saying } = combine([main, ...machines]);
  const mainMwh = main.energyMwh;
  const differenceMwh = mainMwh === null ? null : mainMwh - machinesMwh;
  const remainingMwh = differenceMwh === null ? null : differenceMwh - estimatedMwh;
  const isWhole = missing.length === 0 && machines.every(({ energyMwh }) => energyMwh !== null);
  const verdict = judge({ differenceMwh, remainingMwh, expandedMwh, boundMwh, isWhole });
  const lines: ReconcileLine[] = [
    { label: `main meter ${main.id}`, mwh: mainMwh, saying: sayOrUnknown(mainMwh) },
    ...machines.map(({ id, energyMwh }) => ({ label: id, mwh: energyMwh, saying: sayOrUnknown(energyMwh) })),
    { label: 'sum of the machines', mwh: machinesMwh, saying: saySum(machines, machinesMwh) },
    {
      label: 'difference',
      mwh: differenceMwh,
      saying:
        mainMwh === null || differenceMwh === null
          ? 'not known'
          : `${sayKwh(mainMwh)} - ${sayKwh(machinesMwh)} = ${sayKwh(differenceMwh)}${sayShare(differenceMwh, mainMwh)}`,
    },
    { label: 'uncertainty, k = 2', mwh: expandedMwh, saying },
    ...estimates.map(({ label, mwh, saying: how }) => ({ label, mwh, saying: how })),
    ...bounds,
    {
      label: 'remains',
      mwh: remainingMwh,
      saying: sayRemaining({ differenceMwh, estimatedMwh, remainingMwh, expandedMwh, boundMwh }),
    },
  ];
  return {
    algorithm: ALGORITHM,
    fromMs,
    toMs,
    mainMwh,
    machinesMwh,
    differenceMwh,
    expandedMwh,
    missing,
    estimatedMwh,
    boundMwh,
    remainingMwh,
    verdict,
    lines,
  };
}

interface Estimate extends ReconcileLine {
  boundMwh: number;
}

/** A person's estimate is a mean power; nobody said how good it is, so it shifts and bounds nothing. */
function estimateLoad({ name, powerW }: { name: string; powerW: number }, hours: number): Estimate {
  const mwh = Math.round(powerW * hours * 1000);
  return {
    label: `${name}, unmetered`,
    mwh,
    boundMwh: 0,
    saying: `${sayWatts(powerW)} x ${groupDigits(hours, 4)} h = ${sayKwh(mwh)}, estimated`,
  };
}

/** What was drawn while nobody looked: anything from nothing to twice what it draws otherwise. */
function estimateUncovered(part: MeteredPart, spanMs: number, sign: 1 | -1): Estimate[] {
  const { id, energyMwh, uncoveredMs } = part;
  if (uncoveredMs <= 0) return [];
  const coveredMs = spanMs - uncoveredMs;
  const label = `${id}, not covered`;
  if (energyMwh === null || coveredMs <= 0)
    return [{ label, mwh: null, boundMwh: 0, saying: `${sayHours(uncoveredMs)} of which nothing is known` }];
  const estimate = Math.round((energyMwh * uncoveredMs) / coveredMs);
  return [
    {
      label,
      mwh: sign * estimate,
      boundMwh: estimate,
      saying: `${sayKwh(energyMwh)} / ${sayHours(coveredMs)} x ${sayHours(uncoveredMs)} = ${sayKwh(estimate)}, estimated by its mean power, give or take all of it${sign < 0 ? '; it is missing in the main meter' : ''}`,
    },
  ];
}

function boundBridged({ id, bridgedMwh }: MeteredPart): ReconcileLine[] {
  if (bridgedMwh <= 0) return [];
  return [
    {
      label: `${id}, bridged`,
      mwh: bridgedMwh,
      saying: `${sayKwh(bridgedMwh)} of it are spread over gaps that reach beyond the time compared: give or take at most that`,
    },
  ];
}

/** Meters of their own err apart, so in quadrature; what one meter measured for two machines, alike. */
function combine(
  parts: readonly MeteredPart[],
): Pick<Reconciliation, 'expandedMwh' | 'missing'> & { saying: string } {
  const missing = parts.flatMap(({ id, uncertainty }) =>
    uncertainty?.kind === 'unknown' ? [{ id, facts: uncertainty.missing }] : [],
  );
  const known = parts.flatMap(({ id, meter, uncertainty }) =>
    uncertainty?.kind === 'known' ? [{ id, meter, uncertainty }] : [],
  );
  const total = sumUncertainties(known);
  const expandedMwh = total?.kind === 'known' ? Math.round(total.expandedMwh) : 0;
  const terms = known.map(({ uncertainty }) => sayKwh(Math.round(uncertainty.expandedMwh)));
  const isApart = new Set(known.map(({ meter }) => meter)).size === known.length;
  const how = isApart
    ? `root of the squares of ${terms.join(', ')}`
    : `${terms.join(', ')}, of which some are of one meter and add up`;
  const lack = missing.map(({ id }) => id).join(', ');
  return {
    expandedMwh,
    missing,
    saying: `${known.length === 0 ? 'of none of the meters known' : `${how} = ${sayKwh(expandedMwh)}`}${lack === '' ? '' : `; not known of ${lack}`}`,
  };
}

function judge(about: {
  differenceMwh: number | null;
  remainingMwh: number | null;
  expandedMwh: number;
  boundMwh: number;
  isWhole: boolean;
}): Reconciliation['verdict'] {
  const { differenceMwh, remainingMwh, expandedMwh, boundMwh, isWhole } = about;
  if (differenceMwh === null || remainingMwh === null) return 'unknown';
  if (isWhole && Math.abs(differenceMwh) <= expandedMwh) return 'within-uncertainty';
  if (isWhole && Math.abs(remainingMwh) <= expandedMwh + boundMwh) return 'explained';
  return isWhole ? 'unexplained' : 'unknown';
}

function sayRemaining(about: {
  differenceMwh: number | null;
  estimatedMwh: number;
  remainingMwh: number | null;
  expandedMwh: number;
  boundMwh: number;
}): string {
  const { differenceMwh, estimatedMwh, remainingMwh, expandedMwh, boundMwh } = about;
  if (differenceMwh === null || remainingMwh === null) return 'not known';
  const allowedMwh = expandedMwh + boundMwh;
  return `${sayKwh(differenceMwh)} - ${sayKwh(estimatedMwh)} = ${sayKwh(remainingMwh)}; ${sayKwh(expandedMwh)} + ${sayKwh(boundMwh)} = ${sayKwh(allowedMwh)} may be`;
}

function saySum(machines: readonly MeteredPart[], machinesMwh: number): string {
  const terms = machines.flatMap(({ energyMwh }) => (energyMwh === null ? [] : [sayKwh(energyMwh)]));
  return terms.length === 0 ? 'nothing is known of them' : `${terms.join(' + ')} = ${sayKwh(machinesMwh)}`;
}

function sayOrUnknown(mwh: number | null): string {
  return mwh === null ? 'not known' : sayKwh(mwh);
}

function sayShare(differenceMwh: number, mainMwh: number): string {
  return mainMwh === 0 ? '' : `, ${groupDigits((100 * differenceMwh) / mainMwh, 2)} % of the main meter`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

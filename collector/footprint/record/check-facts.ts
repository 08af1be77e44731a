import { compareDecimals, decimalOf } from '../figures/decimal.ts';
import { Agreement } from './agreement.ts';
import type { FootprintRecord } from './footprint-record.ts';

const USE_PHASE = ['machine', 'line', 'model'];

/** Whether a record is of one view, its times are in order, and what it says of itself is told where it must be. */
export function checkFacts(record: FootprintRecord): string[] {
  const agreement = new Agreement();
  checkView(record, agreement);
  checkTimes(record, agreement);
  checkStatements(record, agreement);
  return agreement.faults;
}

/** The same energy read twice is a footprint counted twice: nothing of the other view may stand in a record. */
function checkView(record: FootprintRecord, agreement: Agreement): void {
  const { view, subject, activity, functionalUnit } = record;
  const isUse = view === 'use-phase';
  const mixed = `mixes the views: view is ${view}`;
  agreement.holds((activity.perHour !== null) === isUse, 'activity.perHour', mixed);
  agreement.holds((activity.allocated === null) === isUse, 'activity.allocated', mixed);
  agreement.holds(
    (functionalUnit.unit === 'hour') === isUse,
    'functionalUnit.unit',
    `is ${functionalUnit.unit}: ${mixed}`,
  );
  agreement.holds(
    (functionalUnit.basis !== null) === isUse,
    'functionalUnit.basis',
    `is ${functionalUnit.basis}: ${mixed}`,
  );
  agreement.holds(
    !isUse || USE_PHASE.includes(subject.kind),
    'subject.kind',
    `is ${subject.kind}, which has no use phase here: ${mixed}`,
  );
  agreement.holds(
    functionalUnit.amount === '1',
    'functionalUnit.amount',
    `is ${functionalUnit.amount}, not 1`,
  );
}

function checkTimes({ period, issued, evidence }: FootprintRecord, agreement: Agreement): void {
  for (const [place, time] of [
    ['period.from', period.from],
    ['period.to', period.to],
    ['issued', issued],
  ] as const)
    agreement.holds(isTime(time), place, `is ${time}, which is no time`);
  agreement.holds(period.from < period.to, 'period.to', `is ${period.to}, not after ${period.from}`);
  agreement.holds(
    evidence.status === 'provisional' || issued >= period.to,
    'issued',
    `is ${issued}, before the period ended, but evidence.status is final`,
  );
  for (const [at, { from, to }] of evidence.records.entries())
    agreement.holds(
      compareDecimals(decimalOf(from), decimalOf(to)) <= 0,
      `evidence.records[${at}].to`,
      `is ${to}, less than ${from}`,
    );
}

function checkStatements(record: FootprintRecord, agreement: Agreement): void {
  const { version, subject, issuer, meters, completeness, uncertainty } = record;
  agreement.holds(version !== '0', 'version', 'is 0: the first is 1');
  agreement.holds(
    issuer.region.subdivision === null || issuer.region.subdivision.startsWith(`${issuer.region.country}-`),
    'issuer.region.subdivision',
    `is ${issuer.region.subdivision}, which is not in ${issuer.region.country}`,
  );
  for (const [at, { machine }] of meters.entries())
    agreement.holds(
      subject.machines.includes(machine),
      `meters[${at}].machine`,
      `is ${machine}, which is none of subject.machines`,
    );
  agreement.holds(
    completeness.isPartial === completeness.because.length > 0,
    'completeness.because',
    completeness.isPartial ? 'does not tell what lacks' : 'tells what lacks, but isPartial is false',
  );
  agreement.holds(
    uncertainty.expandedPercent !== null ||
      uncertainty.missing.length > 0 ||
      record.activity.energyKwh === '0',
    'uncertainty.missing',
    'does not tell why expandedPercent is null',
  );
}

const isTime = (text: string) => Number.isFinite(Date.parse(text)) && new Date(text).toISOString() === text;

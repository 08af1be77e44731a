import { PLAUSIBILITY, CURES, type PlausibilityFinding } from '../diagnostics/plausibility-finding.ts';
import { metersChanged, type MeteredAs } from '../diagnostics/metered-as.ts';
import type { CommissionCheck, CommissionResult } from '../diagnostics/commission-result.ts';
import type { JournalEntry, JournalReader } from '../journal/journal.ts';
import type { CommissionReport } from './commission-report.ts';

/** An entry holds 16 KiB: what passed is then told without its figures, and of very many components by number only. */
const BODY_BYTES_MAX = 15_000;

/** What a journal entry of kind `commissioning` says. */
export interface CommissionEvidence {
  v: 1;
  algorithm: string;
  verdict: CommissionResult['verdict'];
  fromMs: number;
  toMs: number;
  minutes: number;
  note: string;
  checks: Pick<CommissionCheck, 'check' | 'component' | 'result' | 'saying'>[];
  /** So many that passed are not among them. */
  passedApart?: number;
  meters: MeteredAs[];
  configs: string[];
  records: CommissionReport['records'];
}

/** A commissioning as it is kept. */
export function evidenceOf(report: CommissionReport, note: string): CommissionEvidence {
  const { result, configs, records, meters } = report;
  const { algorithm, verdict, fromMs, toMs, minutes } = result;
  const checks = result.checks.map(({ check, component, result: outcome, saying }) => ({
    check,
    component,
    result: outcome,
    saying,
  }));
  const evidence = {
    v: 1 as const,
    algorithm,
    verdict,
    fromMs,
    toMs,
    minutes,
    note,
    checks,
    meters,
    configs,
    records,
  };
  const fits = (one: CommissionEvidence) => Buffer.byteLength(JSON.stringify(one)) <= BODY_BYTES_MAX;
  if (fits(evidence)) return evidence;
  const short = {
    ...evidence,
    checks: checks.map((check) => (check.result === 'fail' ? check : { ...check, saying: '' })),
  };
  if (fits(short)) return short;
  const open = short.checks.filter((check) => check.result !== 'pass');
  return { ...short, checks: open, passedApart: checks.length - open.length };
}

/** A commissioning with who entered it and when. */
export interface KeptCommissioning {
  entry: Pick<JournalEntry, 'seq' | 'atMs' | 'by' | 'hash'>;
  evidence: CommissionEvidence;
}

/** The commissionings of a machine in order; what a newer millwatt wrote in another way is left out. */
export function keptCommissionings(
  journal: Pick<JournalReader, 'entries'>,
  machine: string,
): KeptCommissioning[] {
  return journal.entries('commissioning', machine).flatMap(({ seq, atMs, by, hash, body }) => {
    const evidence = body as unknown as CommissionEvidence;
    return evidence.v === 1 ? [{ entry: { seq, atMs, by, hash }, evidence }] : [];
  });
}

/** What was changed of the metering since a commissioning before a time, as a finding; undefined without either. */
export function findUncommissioned(
  kept: readonly KeptCommissioning[],
  machine: string,
  now: readonly MeteredAs[],
  fromMs: number,
  toMs: number,
): PlausibilityFinding | undefined {
  const last = kept.filter(({ evidence }) => evidence.toMs <= toMs).at(-1);
  if (last === undefined) return undefined;
  const changes = metersChanged(last.evidence.meters, now);
  if (changes.length === 0) return undefined;
  return {
    code: 'commission-again',
    severity: PLAUSIBILITY['commission-again'],
    machine,
    component: 'supply',
    fromMs: Math.max(fromMs, last.evidence.toMs),
    toMs,
    count: 1,
    saying: `Since the commissioning of ${new Date(last.entry.atMs).toISOString().slice(0, 10)} by ${last.entry.by}: ${changes.join('; ')}.`,
    cure: CURES['commission-again'],
  };
}

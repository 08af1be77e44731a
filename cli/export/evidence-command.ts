import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { openCalendar } from '../../collector/energy/calendar/site-calendar.ts';
import { verifyPackage } from '../../collector/evidence/verify-package.ts';
import { writePackage, type PackageSource } from '../../collector/evidence/write-package.ts';
import type { LedgerView } from '../../collector/ledger/read-ledger.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { formatEnergy } from '../format.ts';
import { sayBytes } from '../ledger/say-bytes.ts';
import { style, widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { readSiteRange, sayRange, takeSiteClock, type SiteClock } from '../site-clock.ts';
import { wrapLines } from '../text-wrap.ts';
import { openPackage } from '../verify/package-file.ts';
import { createStageProgress, type ShowStage } from '../verify/stage-progress.ts';
import {
  openEvidence,
  type EvidenceQuery,
  type EvidenceSource,
  type MakeFootprint,
} from './evidence-source.ts';
import { openHoursOf } from './open-hours.ts';
import { requireFree, writeWhole } from './write-file.ts';

const HOUR_MS = 3_600_000;
const BACK_MS = 30 * 24 * HOUR_MS;
const SPAN_MAX_MS = 366 * 24 * HOUR_MS;
const FAULTS_TOLD = 5;

/** The options of `millwatt export evidence` as they are written. */
export interface EvidenceOptions {
  config: string;
  machine?: string;
  line?: string;
  model?: string;
  part?: string;
  job?: string;
  from?: string;
  to?: string;
  issue: string;
  output?: string;
  force?: true;
  json?: true;
  /** False with --no-check. */
  check: boolean;
}

/**
 * `millwatt export evidence`: what a stranger needs to compute one machine's hours anew, as one file, verified before it has its
 * name. The collector may run meanwhile. Throws errors of class `refuse`.
 */
export async function runEvidenceExport(options: EvidenceOptions): Promise<void> {
  const machine = machineAsked(options);
  const { config, folder } = loadCollectorConfig(options.config);
  const clock = takeSiteClock(config);
  const query = { machine, ...rangeAsked(options, clock) };
  const path = resolve(options.output ?? `${machine}.evidence.zip`);
  requireFree(path, options.force === true);
  const signal = listenForStop();
  const progress = createStageProgress(options.json === true);
  try {
    const footprint = footprintMaker({ config, folder }, query, options.issue, progress.show, signal);
    const opened = await openEvidence({ config, folder }, query, footprint);
    try {
      const digest = createHash('sha256');
      const pieces = Readable.from(piecesOf(opened, digest, progress.show));
      const check = options.check
        ? (part: string) => requireSound(part, opened.source, progress.show, signal)
        : undefined;
      const bytes = await writeWhole(path, pieces, { signal, ...(check === undefined ? {} : { check }) });
      progress.end();
      say(opened, { path, bytes, sha256: digest.digest('hex') }, clock, options);
    } finally {
      opened.ledger.close();
      opened.days?.close();
    }
  } finally {
    progress.end();
  }
}

function machineAsked({ machine, line, model, part, job }: EvidenceOptions): string {
  const refuse = (message: string, cure: string): never => {
    throw new MillwattError('refuse', 'usage', message, { cure });
  };
  if ([line, model, part, job].some((one) => one !== undefined))
    return refuse(
      'An evidence package is of one machine, not of a line, model, part or job.',
      'Give --machine alone, and make a package of each machine. What of its hours was allocated to a part or job rests on marks of jobs, which no package holds.',
    );
  return machine ?? refuse('Of which machine?', 'Give --machine mill-1.');
}

/** Whole hours. Without --to, up to the last full one. */
function rangeAsked(options: EvidenceOptions, clock: SiteClock): { fromMs: number; toMs: number } {
  const asked = readSiteRange(options, clock, BACK_MS);
  const fromMs = Math.ceil(asked.fromMs / HOUR_MS) * HOUR_MS;
  const endMs = options.to === undefined ? Math.floor(asked.toMs / HOUR_MS) : Math.ceil(asked.toMs / HOUR_MS);
  const toMs = Math.max(fromMs + HOUR_MS, endMs * HOUR_MS);
  if (toMs - fromMs <= SPAN_MAX_MS) return { fromMs, toMs };
  throw new MillwattError('refuse', 'bad-time', '--from to --to is more than 366 days.', {
    cure: 'Export a package a month, or a year at most.',
  });
}

/** The record that `millwatt export json` writes of the machine and time. */
function footprintMaker(
  { config, folder }: { config: CollectorConfig; folder: string },
  { machine, fromMs, toMs }: EvidenceQuery,
  issue: string,
  show: ShowStage,
  signal: AbortSignal,
): MakeFootprint {
  return async (source, methodOf, { publicKey: key }) => {
    // Only where it is asked for: it brings all tables of factors.
    const { footprintPlanOf } = await import('../footprint-plan-of.ts');
    const { stepExport, readIssue } = await import('../../collector/exports/make-export.ts');
    const plan = footprintPlanOf(config, folder, { key, sitePlanHash: source.plan.hash });
    const from = { source, plan, calendar: openCalendar(source.plan.calendar), methodOf };
    const subject = { kind: 'machine' as const, id: machine };
    const hours = (toMs - fromMs) / HOUR_MS;
    let count = 0;
    try {
      for (const record of stepExport(from, { subject, fromMs, toMs, issue: readIssue(issue) }, Date.now())) {
        if (record !== null) return record;
        show('making the footprint record', Math.min(0.99, ++count / hours));
        await setImmediate();
        if (signal.aborted) throw new MillwattError('refuse', 'stopped', 'Stopped; nothing was written.');
      }
    } catch (error) {
      if (error instanceof MillwattError && error.code === 'no-energy') return undefined;
      throw error;
    }
    return undefined;
  };
}

/** The bytes of the package, with a turn for Ctrl-C and the bar between them. */
async function* piecesOf(
  { source, ledger }: EvidenceSource,
  digest: { update(bytes: Uint8Array): unknown },
  show: ShowStage,
): AsyncGenerator<Uint8Array> {
  for (const piece of writePackage(source))
    if (typeof piece === 'number') {
      show('writing the package', piece);
      await setImmediate();
    } else {
      digest.update(piece);
      yield piece;
    }
  requireUndamaged(ledger, source);
}

function requireUndamaged(ledger: LedgerView, { lastOrdinal }: PackageSource): void {
  const damaged = ledger.damaged().find(({ ordinal }) => ordinal <= lastOrdinal);
  if (damaged === undefined) return;
  const { seq, agent, epoch, file } = damaged;
  throw new MillwattError(
    'refuse',
    'damaged-record',
    `Record ${seq} of ${agent}, epoch ${epoch}, in ${file} is not as it was signed: a package without it would not verify.`,
    {
      cure: 'Run `millwatt ledger verify`, which names what is damaged and how it is mended, and export again.',
    },
  );
}

/** What its own collector could not verify is not handed out. */
async function requireSound(
  part: string,
  { key }: PackageSource,
  show: ShowStage,
  signal: AbortSignal,
): Promise<void> {
  const file = openPackage(part);
  try {
    const { result, lines } = await verifyPackage(file, { trusted: [key.publicKey], signal, show });
    if (result === 'verified' || signal.aborted) return;
    const faults = lines.filter((line) => line.result === 'fail').slice(0, FAULTS_TOLD);
    const isTrust = faults.length > 0 && faults.every(({ check }) => check === 'trust');
    throw new MillwattError(
      'refuse',
      'not-sound',
      [
        'The package would not verify; nothing was written:',
        ...faults.map(({ check, place, saying }) => `${check}, ${place}: ${saying}`),
      ].join('\n'),
      {
        cure: isTrust
          ? "Compare the fingerprint of the agent's key with what the agent prints when it starts, and confirm it; or write the package all the same with --no-check."
          : 'Run `millwatt ledger verify --derive`, which looks at the ledger itself. With --no-check the package is written all the same.',
      },
    );
  } finally {
    file.close();
  }
}

function say(
  { source, remarks }: EvidenceSource,
  { path, bytes, sha256 }: { path: string; bytes: number; sha256: string },
  clock: SiteClock,
  options: EvidenceOptions,
): void {
  const { machine, fromMs, toMs, hours, key, records } = source;
  const print = fingerprint(key.publicKey);
  const open = openHoursOf(hours);
  const supplyMwh = hours.reduce((sum, { energy }) => sum + (energy.supplyMwh ?? 0), 0);
  const [record] = records;
  if (options.json) {
    const told = {
      ok: true,
      format: 'evidence',
      file: path,
      bytes,
      sha256,
      checked: options.check,
      machine,
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      hours: hours.length,
      provisionalHours: open?.count ?? 0,
      ...(open === undefined || open.finalToMs === null
        ? {}
        : { finalTo: new Date(open.finalToMs).toISOString() }),
      energyMwh: supplyMwh,
      footprint: record === undefined ? null : { id: record.id, version: record.version },
      collectorFingerprint: print,
      remarks,
    };
    process.stdout.write(`${JSON.stringify(told, null, 2)}\n`);
    return;
  }
  const lines = [
    `${machine}, ${sayRange(fromMs, toMs, clock)}: ${hours.length} hours${open === undefined ? '' : `, ${open.count} not final yet`}, ${formatEnergy(supplyMwh)}`,
    ...(open === undefined ? [] : [style(open.saying, 'yellow')]),
    ...remarks.map((remark) => style(remark, 'yellow')),
    `wrote ${path} (evidence package, ${sayBytes(bytes)})`,
    `SHA-256 ${sha256}`,
    options.check
      ? `It was checked as a stranger does: millwatt verify ${path} --trust ${print}`
      : style('It was not checked: run millwatt verify before you hand it out.', 'yellow'),
    `Tell whoever verifies it the fingerprint of this collector by another way than the file: ${print}`,
  ];
  process.stdout.write(`${lines.flatMap((line) => wrapLines(line, widthOf())).join('\n')}\n`);
}

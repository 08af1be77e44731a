import { MillwattError } from '../../../protocols/errors.ts';
import type { JobSource } from '../job-source.ts';
import type { FootprintRecord } from '../../footprint/record/footprint-record.ts';
import { stepManufacturingRecord, type ManufacturingRecordQuery } from './manufacturing-record.ts';
import type { RecordSource } from './record-frame.ts';
import { stepUsePhaseRecord, type UsePhaseRecordQuery } from './use-phase-record.ts';

/** Of what a record is asked for, as a person says it. */
export interface AskedSubject {
  machine?: string | undefined;
  line?: string | undefined;
  model?: string | undefined;
  part?: string | undefined;
  job?: string | undefined;
}

/** One subject, of one view. */
export type RecordSubject = UsePhaseRecordQuery['subject'] | ManufacturingRecordQuery['subject'];

/**
 * The one subject that was asked for: a machine, a line or a model in its use phase, or a job or part that was made. Throws an
 * error of class `refuse`: `two-views` where both readings of the same energy are asked for at once, `usage` where it is none or
 * several of one view.
 */
export function subjectAsked({ machine, line, model, part, job }: AskedSubject): RecordSubject {
  const refuse = (code: string, message: string, cure: string): never => {
    throw new MillwattError('refuse', code, message, { cure });
  };
  const several = line === undefined ? 'model' : 'line';
  const isSeveral = line !== undefined || model !== undefined;
  if (isSeveral && (part !== undefined || job !== undefined))
    return refuse(
      'two-views',
      `The use phase of a ${several} and the making of a part are two readings of the same energy: one record never holds both.`,
      `Ask for two records: one with --${several}, one with --machine and --part or --job; never add the two.`,
    );
  if (line !== undefined && model !== undefined)
    return refuse('usage', '--line and --model are two subjects.', 'Give one of them.');
  if (isSeveral && machine !== undefined)
    return refuse('usage', `--${several} and --machine are two subjects.`, 'Give one of them.');
  if (part !== undefined && job !== undefined)
    return refuse('usage', '--part and --job are two subjects.', 'Give one of them.');
  if (line !== undefined) return { kind: 'line', id: line };
  if (model !== undefined) return { kind: 'model', id: model };
  // A part alone is made on the machines that the configuration names as its steps.
  if (part !== undefined) return { kind: 'part', id: part, machine: machine ?? null };
  if (machine === undefined)
    return refuse(
      'usage',
      job === undefined ? 'Of what?' : 'Made on which machine?',
      'Give --machine mill-1, with --part or --job for what it made; or --line or --model.',
    );
  if (job !== undefined) return { kind: 'job', id: job, machine };
  return { kind: 'machine', id: machine };
}

/** The record of a subject; a null wherever others may have their turn. Throws as the records of the two views. */
export function stepRecord(
  from: RecordSource<JobSource>,
  subject: RecordSubject,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Generator<FootprintRecord | null> {
  return 'machine' in subject
    ? stepManufacturingRecord(from, { subject, fromMs, toMs })
    : stepUsePhaseRecord(from, { subject, fromMs, toMs });
}

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
  part?: string | undefined;
  job?: string | undefined;
}

/** One subject, of one view. */
export type RecordSubject = UsePhaseRecordQuery['subject'] | ManufacturingRecordQuery['subject'];

/**
 * The one subject that was asked for: a machine or a line in its use phase, or a job or part that a machine made. Throws an
 * error of class `refuse`: `two-views` where both readings of the same energy are asked for at once, `usage` where it is none or
 * several of one view.
 */
export function subjectAsked({ machine, line, part, job }: AskedSubject): RecordSubject {
  const refuse = (code: string, message: string, cure: string): never => {
    throw new MillwattError('refuse', code, message, { cure });
  };
  if (line !== undefined && (part !== undefined || job !== undefined))
    return refuse(
      'two-views',
      'The use phase of a line and the making of a part are two readings of the same energy: one record never holds both.',
      'Ask for two records: one with --line, one with --machine and --part or --job; never add the two.',
    );
  if (line !== undefined && machine !== undefined)
    return refuse('usage', '--line and --machine are two subjects.', 'Give one of them.');
  if (part !== undefined && job !== undefined)
    return refuse('usage', '--part and --job are two subjects.', 'Give one of them.');
  if (line !== undefined) return { kind: 'line', id: line };
  if (machine === undefined)
    return refuse(
      'usage',
      part === undefined && job === undefined ? 'Of what?' : 'Made on which machine?',
      'Give --machine mill-1, with --part or --job for what it made; or --line.',
    );
  if (part !== undefined) return { kind: 'part', id: part, machine };
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

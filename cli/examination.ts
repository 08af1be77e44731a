import { describeError, MillwattError } from '../protocols/errors.ts';

/** One thing the doctor looked at. */
export interface Examination {
  subject: string;
  result: 'good' | 'warning' | 'failed';
  message: string;
  cure: string;
}

/** Runs a trial: good with the message it returns, failed with what it throws. */
export async function examine(subject: string, trial: () => Promise<string> | string): Promise<Examination> {
  try {
    return { subject, result: 'good', message: await trial(), cure: '' };
  } catch (error) {
    if (error instanceof MillwattError)
      return { subject, result: 'failed', message: error.message, cure: error.cure };
    return { subject, result: 'failed', message: describeError(error), cure: '' };
  }
}

import type { MachineHour } from '../energy/machine-hour.ts';

/**
 * An hour as it is to be written over what was written before: provisional until it was made final; after that, a
 * changed figure is the next revision, and what only rests on more records keeps its number.
 */
export function followUp(before: MachineHour | undefined, now: MachineHour): MachineHour {
  if (before === undefined || before.status === 'provisional') return now;
  const { finalBy, revision } = before;
  const same = { ...now, status: before.status, finalBy, revision };
  return JSON.stringify({ ...same, basis: null }) === JSON.stringify({ ...before, basis: null })
    ? same
    : { ...same, revision: revision + 1 };
}

/** The hour made final for the first time. */
export function makeFinal(hour: MachineHour, finalBy: 'watermark' | 'seven-days'): MachineHour {
  return { ...hour, status: 'final', finalBy, revision: 1 };
}

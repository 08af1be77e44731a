import { MillwattError } from '../../../protocols/errors.ts';
import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { groupDigits } from './say-kwh.ts';

/** A state that can be planned: nobody plans an unknown one. */
export type PlannedState = Exclude<OperatingState, 'unknown'>;

/** The states of a duty cycle, in the order in which they are shown. */
export const PLANNED_STATES: readonly PlannedState[] = OPERATING_STATES.filter(
  (state) => state !== 'unknown',
);

/**
 * How a machine is used in a year, declared by whoever makes the model: shares (0..1, summing to 1) of so many hours, or
 * hours in each state. A state that is left out has none. Hours of the year that are not declared are in no figure: write
 * them down as `off` if the machine is off.
 */
export type DutyCycle =
  | { kind: 'shares'; shares: Partial<Record<PlannedState, number>>; hoursPerYear: number }
  | { kind: 'hours'; hoursPerYear: Partial<Record<PlannedState, number>> };

/** A leap year, h. */
const YEAR_HOURS_MAX = 8784;
/** Shares may miss 1 by so much: thirds are written with finitely many digits. */
const SHARE_TOLERANCE = 1e-6;

/**
 * Hours a year in each state, h.
 *
 * @throws MillwattError (refuse) `duty-malformed` where shares do not sum to 1, hours exceed a year, a figure is none or a
 * state cannot be planned
 */
export function readDutyCycle(duty: DutyCycle): Record<PlannedState, number> {
  const declared = duty.kind === 'shares' ? duty.shares : duty.hoursPerYear;
  const strange = Object.keys(declared).find((state) => !PLANNED_STATES.some((known) => known === state));
  if (strange !== undefined)
    throw refuse(`${strange} is no state that can be planned.`, `Use ${PLANNED_STATES.join(', ')}.`);
  let sum = 0;
  for (const state of PLANNED_STATES) {
    const value = declared[state] ?? 0;
    if (!Number.isFinite(value) || value < 0)
      throw refuse(`The duty cycle has ${value} for ${state}.`, 'Write figures that are not negative.');
    sum += value;
  }
  if (duty.kind === 'shares' && Math.abs(sum - 1) > SHARE_TOLERANCE)
    throw refuse(
      `The shares of the duty cycle sum to ${groupDigits(sum, 6)} and not to 1.`,
      'Change them until they do; time in which the machine is off is a share, too.',
    );
  const yearHours = duty.kind === 'shares' ? duty.hoursPerYear : sum;
  if (!Number.isFinite(yearHours) || yearHours <= 0 || yearHours > YEAR_HOURS_MAX)
    throw refuse(
      `The duty cycle has ${groupDigits(yearHours, 2)} hours, and a year has up to ${YEAR_HOURS_MAX}.`,
      'Write hours a year that fit into it, and more than none.',
    );
  const hours = (state: PlannedState) =>
    duty.kind === 'shares' ? ((declared[state] ?? 0) / sum) * yearHours : (declared[state] ?? 0);
  return {
    off: hours('off'),
    standby: hours('standby'),
    extendedStandby: hours('extendedStandby'),
    warmUp: hours('warmUp'),
    ready: hours('ready'),
    processing: hours('processing'),
  };
}

function refuse(message: string, cure: string): MillwattError {
  return new MillwattError('refuse', 'duty-malformed', message, { cure });
}

import { MillwattError } from '../../../protocols/errors.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import { apportion } from '../apportion.ts';
import { STATE_COUNT } from '../hour-account.ts';
import type { BaseEnergy, BaseHour, ReasonMark } from './base-hour.ts';
import type { StateEnergy } from './period-sum.ts';
import type { MachineHour } from '../machine-hour.ts';

const UNKNOWN = OPERATING_STATES.indexOf('unknown');

/** What an hour's account knows by the minute, before closure. */
export type HourCells = Pick<BaseHour, 'timeMs' | 'measuredMs' | 'components' | 'exportMwh' | 'media'>;

/**
 * The base of an hour: its record says what holds for the hour, its cells when. The cells of the supply are closed as the
 * record was, so that they sum to it.
 *
 * @param marks reasons of which the minutes are known; the record's other reasons hold for the whole hour
 */
export function toBaseHour(hour: MachineHour, cells: HourCells, marks: readonly ReasonMark[] = []): BaseHour {
  const { supply } = cells.components;
  const known = new Set(marks.map(({ reason }) => reason));
  return {
    ...cells,
    hourMs: hour.hourMs,
    components:
      supply === undefined
        ? cells.components
        : { ...cells.components, supply: closeCells(supply, hour.energy.stateMwh, hour) },
    reasons: [
      ...marks,
      ...hour.reasons
        .filter((reason) => !known.has(reason))
        .map((reason) => ({ reason, fromMinute: 0, toMinute: 60 })),
    ],
    bridgedBy: hour.obtained.bridgedBy,
    closure: hour.closure,
    quality: hour.quality,
    status: hour.status,
    finalBy: hour.finalBy,
    revision: hour.revision,
  };
}

/**
 * The cells of the supply after closure (rule E15a): what an hour moved from a state to `unknown` is taken from the cells
 * of that state in proportion to what they hold, and stays in its minute and with its way of being obtained. So minutes
 * and ways keep their sums, and states get those of the hour's record.
 *
 * @param stateMwh the supply's energy by state after closure
 * Throws an error of class `crash` (code `unlike-cells`) where the cells are not those of that record.
 */
export function closeCells(
  energy: BaseEnergy,
  stateMwh: StateEnergy,
  hour?: Pick<MachineHour, 'machine' | 'hourMs'>,
): BaseEnergy {
  const closed = {
    counter: copy(energy.counter),
    integrated: copy(energy.integrated),
    bridged: copy(energy.bridged),
  };
  const grids = [closed.counter, closed.integrated, closed.bridged].filter((grid) => grid !== null);
  for (const [state, name] of OPERATING_STATES.entries()) {
    if (state === UNKNOWN) continue;
    const held = grids.flatMap((grid) =>
      grid.flatMap((mwh, cell) => (cell % STATE_COUNT === state && mwh > 0 ? [{ grid, cell, mwh }] : [])),
    );
    const movedMwh = held.reduce((sum, { mwh }) => sum + mwh, 0) - stateMwh[name];
    if (movedMwh === 0) continue;
    if (movedMwh < 0) throw unlike(hour);
    const shares = apportion(
      milliwattHours(movedMwh),
      held.map(({ mwh }) => mwh),
    );
    for (const [index, { grid, cell, mwh }] of held.entries()) {
      const share = shares[index] ?? 0;
      grid[cell] = mwh - share;
      const unknown = cell - state + UNKNOWN;
      grid[unknown] = (grid[unknown] ?? 0) + share;
    }
  }
  const unknownMwh = grids
    .flatMap((grid) => grid.filter((_, cell) => cell % STATE_COUNT === UNKNOWN))
    .reduce((sum, mwh) => sum + mwh, 0);
  if (unknownMwh !== stateMwh.unknown) throw unlike(hour);
  return closed;
}

function copy(cells: ArrayLike<number> | null): number[] | null {
  return cells === null ? null : Array.from(cells);
}

function unlike(hour?: Pick<MachineHour, 'machine' | 'hourMs'>): MillwattError {
  const name =
    hour === undefined ? 'an hour' : `the hour of ${hour.machine} at ${new Date(hour.hourMs).toISOString()}`;
  return new MillwattError('crash', 'unlike-cells', `The minutes kept of ${name} do not sum to its record.`, {
    cure: 'Stop the collector, delete views.db in its data folder and start it: all is computed again. `millwatt ledger verify --derive` names every hour that was changed.',
  });
}

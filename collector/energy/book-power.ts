import { WATT_MS_PER_MWH, milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { isSupply, type ComponentState, type FoldContext } from './component-state.ts';
import { learn } from './habit.ts';
import { accountAt, addBridged, addEnergy, addMedium, addReason, componentAccount } from './hour-account.ts';
import type { BridgeMethod } from './machine-hour.ts';
import type { PowerPiece } from './walk-states.ts';

/** Books a piece of power where there is no counter: as it was measured, or as a method tells of a gap; null for none. */
export function bookPower(
  c: ComponentState,
  context: FoldContext,
  piece: Omit<PowerPiece, 'slackMs'>,
  method: BridgeMethod | null,
): void {
  const { fromMs, ms, state, wattMs } = piece;
  const account = accountAt(context.accounts, fromMs);
  if (isSupply(c)) addReason(account, 'no-counter', fromMs, fromMs + ms);
  if (isSupply(c) && method !== null) addReason(account, 'gap', fromMs, fromMs + ms);
  const mwh = roundOff(c, account.hourMs, wattMs);
  if (method === null) learn(c.habit, fromMs, ms, state, mwh);
  if (c.direction === 'medium') {
    addMedium(account, c.component, fromMs, mwh);
    return;
  }
  const component = componentAccount(account, c.component);
  if (method === null) addEnergy(account, component, fromMs, state, 'integrated', mwh);
  else addBridged(account, component, fromMs, state, method, mwh);
}

/** Whole mWh of a piece of integrated power: the running total of its hour is rounded, never the piece. */
function roundOff(c: ComponentState, hourMs: number, wattMs: number): MilliwattHours {
  if (c.integral.hourMs !== hourMs) c.integral = { hourMs, mwh: 0, bookedMwh: 0 };
  const { integral } = c;
  integral.mwh += wattMs / WATT_MS_PER_MWH;
  const mwh = milliwattHours(Math.round(integral.mwh) - integral.bookedMwh);
  integral.bookedMwh += mwh;
  return mwh;
}

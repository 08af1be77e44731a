import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { isSupply, type ComponentState, type FoldContext } from './component-state.ts';
import { accountAt, addBridged, addEnergy, addReason, componentAccount } from './hour-account.ts';
import { WATT_MS_PER_MWH } from './slices.ts';
import type { PowerPiece } from './walk-states.ts';

/** Books a piece of integrated power, where there is no counter. */
export function bookPower(
  c: ComponentState,
  context: FoldContext,
  piece: PowerPiece,
  obtained: 'integrated' | 'bridged',
): void {
  const account = accountAt(context.accounts, piece.fromMs);
  if (isSupply(c)) addReason(account, 'no-counter');
  if (isSupply(c) && obtained === 'bridged') addReason(account, 'gap');
  const mwh = roundOff(c, account.hourMs, piece.wattMs);
  const component = componentAccount(account, c.component);
  if (obtained === 'bridged') addBridged(account, component, piece.fromMs, piece.state, 'linear', mwh);
  else addEnergy(account, component, piece.fromMs, piece.state, obtained, mwh);
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

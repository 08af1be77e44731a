import { OPERATING_STATES } from '../../protocols/telemetry/operating-state.ts';
import { bookPower } from './book-power.ts';
import { loseTime, type ComponentState, type FoldContext } from './component-state.ts';
import { meanPowerOf } from './habit.ts';
import { walkPower, walkStates, type PowerLine } from './walk-states.ts';

/** Without a counter, gaps up to this long get the mean power of their states ... */
export const BRIDGE_BY_STATE_MS = 7_200_000;
/** ... and where the state is not known, power is drawn straight across gaps up to this long. */
const BRIDGE_BY_LINE_MS = 300_000;
const UNKNOWN = OPERATING_STATES.indexOf('unknown');

/**
 * Books a gap of a component without a counter, of at most 2 h between two readings of power (rule E10): by mean power of
 * the state where one is known and was measured before, else straight between the readings up to 5 min; what is left stays
 * missing.
 */
export function bridgeWithoutCounter(
  c: ComponentState,
  context: FoldContext,
  fromMs: number,
  toMs: number,
  line: PowerLine,
): void {
  const { timeline, accounts } = context;
  const isShort = line.endMs - line.startMs <= BRIDGE_BY_LINE_MS;
  walkStates(timeline, fromMs, toMs, (from, to, state) => {
    const meanW = state === UNKNOWN ? null : meanPowerOf(c.habit, state);
    if (meanW !== null)
      walkPower(timeline, from, to, { ...line, startW: meanW, endW: meanW }, (piece) =>
        bookPower(c, context, piece, 'stateMean'),
      );
    else if (isShort) walkPower(timeline, from, to, line, (piece) => bookPower(c, context, piece, 'linear'));
    else loseTime(c, accounts, from, to);
  });
}

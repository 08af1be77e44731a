import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';

/** A record with a value for each operating state; `index` is the state's place among them. */
export function byState<T>(of: (state: OperatingState, index: number) => T): Record<OperatingState, T> {
  return Object.fromEntries(OPERATING_STATES.map((state, index) => [state, of(state, index)])) as Record<
    OperatingState,
    T
  >;
}

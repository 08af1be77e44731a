import type { MilliwattHours } from '../../protocols/telemetry/unit.ts';
import type { ComponentState, FoldContext } from './component-state.ts';
import { noteDecision, type CounterDecision, type DecisionKind } from './counter-decision.ts';
import type { Evidence } from './counter-evidence.ts';
import { ENERGY_UNITS, MEDIUM_UNITS, sayVerdict, type CounterUnits } from './counter-saying.ts';
import type { CounterVerdict } from './counter-verdict.ts';
import { markReason, type HourAccount } from './hour-account.ts';
import type { Reason } from './machine-hour.ts';

/** What a decision says, beside when and of which counter. */
export type Told = Omit<CounterDecision, 'atMs' | 'component' | 'direction'>;

/** A reading that something is decided about. */
export interface Reading {
  atMs: number;
  /** The account of the hour that the reading closes. */
  account: () => HourAccount;
}

/** Notes what a verdict says, with what was booked for it. */
export function tell(
  c: ComponentState,
  reading: Reading,
  kind: DecisionKind,
  verdict: Extract<CounterVerdict, { evidence: Evidence | null }>,
  bookedMwh: MilliwattHours | 0,
  amendment: string | null = null,
): void {
  const { evidence } = verdict;
  note(c, reading, {
    kind,
    beforeMwh: evidence?.before?.mwh ?? null,
    nowMwh: evidence?.now.mwh ?? null,
    boundMwh: evidence?.bound?.mwh ?? null,
    bookedMwh,
    amendment,
    saying: sayVerdict(verdict, unitsOf(c), bookedMwh),
  });
}

/** Notes a decision in the hour of its reading. */
export function note(c: ComponentState, { atMs, account }: Reading, told: Told): void {
  const { component, direction } = c;
  noteDecision(account().decisions, { atMs, component, direction, ...told });
}

/** Marks minutes as far back as time is still open. */
export function mark(
  c: ComponentState,
  context: FoldContext,
  reason: Reason,
  fromMs: number,
  toMs: number,
): void {
  const openMs = c.slices[0]?.fromMs ?? toMs - 1;
  markReason(context.accounts, reason, Math.max(fromMs, openMs), toMs);
}

/** What the counter counts. */
export function unitsOf(c: ComponentState): CounterUnits {
  return c.direction === 'medium' ? MEDIUM_UNITS : ENERGY_UNITS;
}

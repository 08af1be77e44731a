import { amendJump } from './amendments/amend-jump.ts';
import { bookSlices, loseSlices } from './book-difference.ts';
import { loseTime, type ComponentState, type FoldContext } from './component-state.ts';
import type { Confirmed } from './counter-evidence.ts';
import { mark, note, unitsOf, type Reading, type Told } from './counter-note.ts';
import { sayBookedSince, sayVerdict } from './counter-saying.ts';
import type { CounterVerdict } from './counter-verdict.ts';
import { accountAt, HOUR_MS, type HourAccount } from './hour-account.ts';
import type { Reason } from './machine-hour.ts';

const REASON_OF = {
  identity: 'identity-change',
  reset: 'counter-reset',
  step: 'counter-step',
  'step-back': 'counter-step-back',
} as const satisfies Record<string, Reason>;

/** Another meter, a fall or a jump that stays: nothing is taken across it, unless a person said what it was. */
export function followJump(
  c: ComponentState,
  context: FoldContext,
  reading: Reading,
  verdict: Extract<CounterVerdict, { evidence: Confirmed }>,
): void {
  const { atMs } = reading;
  const { kind, evidence, mwh } = verdict;
  const { before, first } = evidence;
  const count = kind === 'identity' ? c.rivalFrom : c.heldFrom;
  const { amendments } = context.model;
  const amended =
    kind === 'step-back' || c.direction !== 'import' || amendments.length === 0 || count <= 0
      ? null
      : amendJump(kind, evidence, c.component, amendments, unitsOf(c));
  const isExplained = amended !== null && amended.mwh !== null;
  if (!isExplained) mark(c, context, REASON_OF[kind], before.atMs, atMs);
  else if (amended.isReplaced) mark(c, context, 'identity-change', before.atMs, atMs);
  const saying = sayVerdict(verdict, unitsOf(c), mwh);
  const told = {
    beforeMwh: before.mwh,
    nowMwh: first.mwh,
    boundMwh: evidence.bound?.mwh ?? null,
    amendment: amended?.amendment ?? null,
  };
  if (amended !== null && amended.mwh !== null) {
    const fromMs = c.slices[0]?.fromMs ?? before.atMs;
    bookSlices(c, context, amended.mwh, count, first.atMs, true);
    noteAmended(c, context, fromMs, first.atMs, reading, {
      ...told,
      kind: 'amended',
      bookedMwh: amended.mwh + mwh,
      saying: `${amended.saying}; ${sayBookedSince(evidence, unitsOf(c), mwh)}`,
    });
  } else {
    if (kind === 'reset') {
      loseTime(c, context.accounts, atMs - 1, atMs);
      bookSlices(c, context, verdict.fromZeroMwh, count, first.atMs, true);
    } else loseSlices(c, context, count);
    const bookedMwh = kind === 'reset' ? verdict.fromZeroMwh + mwh : mwh;
    note(c, reading, { ...told, amendment: null, kind, bookedMwh, saying });
    if (amended !== null)
      note(c, reading, { ...told, kind: 'amended', bookedMwh: 0, saying: amended.saying });
  }
  bookSlices(c, context, mwh, c.slices.length, atMs, false);
}

/** A decision of a person is told in every hour that it gave energy to; the energy itself is told once. */
function noteAmended(
  c: ComponentState,
  context: FoldContext,
  fromMs: number,
  toMs: number,
  reading: Reading,
  told: Told,
): void {
  mark(c, context, 'amended', fromMs, toMs);
  const own = reading.account();
  const hours = new Set<HourAccount>();
  for (let at = fromMs; at < toMs; at = (Math.floor(at / HOUR_MS) + 1) * HOUR_MS)
    hours.add(accountAt(context.accounts, at));
  hours.delete(own);
  const { atMs } = reading;
  for (const account of hours)
    note(c, { atMs, account: () => account }, { ...told, bookedMwh: 0, saying: `${told.saying}, in all` });
  note(c, reading, told);
}

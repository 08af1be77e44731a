import type { MilliwattHours } from '../../protocols/telemetry/unit.ts';
import type { Confirmed, Evidence } from './counter-evidence.ts';
import type { CounterState } from './counter-state.ts';

/**
 * What a reading means. Only `rise`, `saturated`, `reset`, `step`, `step-back` and `identity` carry energy, always a
 * difference of two cumulative values:
 * - `anchor`: the first reading of all; nothing before it is known.
 * - `same` / `rise`: on the track, `mwh` more than before; `glitch` when held readings proved false, `rollover` when it wrapped,
 *   `stepped` when the clock was set meanwhile, and time of the boot allows what it counted;
 *   `moved` when it is read in another place, where nobody wrote down a serial number, but fits the track; `rescaled` where
 *   an amendment of its scale begins or ends: both readings are taken by the scale of the later one.
 * - `foreign`: a reading of another counter. Only when several of them come in a row is it believed that it took over, so
 *   that two meters on one channel do not undo each other. `restart` when this is the first of them.
 * - `identity`: the other counter has taken over: `mwh` since its first reading, nothing across.
 * - `held`: off the track; nothing is booked until readings agree. `restart` when this is the first of them.
 * - `reset`: it began again at 0 after the last believed reading: `fromZeroMwh` up to the first held reading (estimated:
 *   what it counted before the reset is lost), `mwh` since then.
 * - `step`: it stays off the track and nobody knows why: the jump is never booked; `mwh` since the first held reading.
 * - `step-back`: a power loss took a little of what it had counted: it goes on from there, `mwh` since the first held reading.
 * - `saturated`: it stands at its largest value, `mwh` more than before; `begins` when it has just come there.
 * - `silent`: an amendment turned its direction, and nothing counts the other way; `begins` at the first such reading.
 * - `resumed`: it was saturated or silent and counts again; what was drawn meanwhile, up to this reading, it never counted.
 * - `repeated`: the clock was set back and tells a time twice: what it showed then was counted already.
 * - `earlier`: the clock was set back, and what was counted so far was counted after this: it is counted from here on, too.
 * - `missing`: no value that a counter could show.
 *
 * `evidence` is there wherever something other than "it counted on" was decided.
 */
export type CounterVerdict =
  | { kind: 'missing' | 'repeated' }
  | { kind: 'anchor' | 'resumed' | 'earlier'; evidence: Evidence }
  | {
      kind: 'same' | 'rise';
      mwh: MilliwattHours;
      glitch: boolean;
      rollover: boolean;
      moved: boolean;
      rescaled: boolean;
      /** The clock was set between this reading and the one before. */
      stepped: boolean;
      evidence: Evidence | null;
    }
  | { kind: 'foreign' | 'held'; restart: boolean }
  | { kind: 'silent'; begins: boolean; evidence: Evidence }
  | { kind: 'saturated'; mwh: MilliwattHours; begins: boolean; evidence: Evidence }
  | { kind: 'identity' | 'step' | 'step-back'; mwh: MilliwattHours; evidence: Confirmed }
  | { kind: 'reset'; fromZeroMwh: MilliwattHours; mwh: MilliwattHours; evidence: Confirmed };

/** A verdict, and the state that it leaves. */
export interface Judgement {
  state: CounterState;
  verdict: CounterVerdict;
}

/**
 * What every amendment says. It holds for readings in [fromMs, toMs), wall ms; null for ever. The scale of a counter is
 * the one that held just before its reading: what a counter tells is of the time that the reading ends.
 */
interface AmendmentTerms {
  /** Of the entry in the journal that made it. */
  id: string;
  machine: string;
  component: string;
  fromMs: number;
  toMs: number | null;
}

/**
 * A decision of a person about what readings mean, applied when energy is derived; readings themselves never change.
 * - `scale`: powers and counters were read with a wrong CT or VT ratio: what is true is what was read x num / den.
 * - `direction`: the current transformers are turned round: power changes its sign, import and export change places.
 * - `component`: the readings are of another component.
 * - `exclude`: the readings are worth nothing; they are left out.
 * - `same-meter`: readings of the meter known as `meter` are those of the one known as `is` (a gateway or an address changed).
 * - `meter-replaced`: at `fromMs`, with what the old meter showed last and the new one first: what was drawn between is known.
 * - `step`: an unexplained step of a counter in [fromMs, toMs) was `real` energy.
 */
export type Amendment = AmendmentTerms &
  (
    | { kind: 'scale'; num: string; den: string }
    | { kind: 'direction' }
    | { kind: 'component'; becomes: string }
    | { kind: 'exclude' }
    | { kind: 'same-meter'; meter: string; is: string }
    | { kind: 'meter-replaced'; oldLastMwh: number; newFirstMwh: number }
    | { kind: 'step'; is: 'real' }
  );

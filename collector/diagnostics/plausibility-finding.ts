/** What can be implausible about readings, and how bad it is for a figure of energy. */
export const PLAUSIBILITY = {
  'source-frozen': 'error',
  'counter-still': 'error',
  'power-factor-impossible': 'error',
  'power-over-apparent': 'error',
  'power-against-volt-ampere': 'error',
  'voltage-lost': 'error',
  'phase-without-current': 'warning',
  'voltage-outside': 'warning',
  'voltage-unbalanced': 'info',
  'transformer-turned': 'error',
  'pairs-interchanged': 'error',
  'phases-not-total': 'error',
  'counter-against-integral': 'error',
  'children-over-supply': 'warning',
  'power-over-rated': 'warning',
  'first-export': 'warning',
  'energy-while-off': 'warning',
  'still-while-processing': 'warning',
  'commission-again': 'warning',
} as const;
/** A short stable word for one kind of implausibility. */
export type PlausibilityCode = keyof typeof PLAUSIBILITY;
/** `error`: figures of energy are probably wrong; `warning`: someone should look; `info`: good to know. */
export type Severity = (typeof PLAUSIBILITY)[PlausibilityCode];

/**
 * A stretch of time in which readings are implausible. It says so and no more: no reading, energy or state is ever
 * changed because of it; that is for a person and an amendment.
 */
export interface PlausibilityFinding {
  code: PlausibilityCode;
  severity: Severity;
  machine: string;
  /** The component it concerns, or the id of a source for `source-frozen`. */
  component: string;
  /** Wall ms; whole minutes, or hours where an hour's record told. */
  fromMs: number;
  toMs: number;
  /** How many of these minutes (or hours) were implausible: a stretch goes on over short breaks. */
  count: number;
  /** A sentence with the figures of the worst minute. */
  saying: string;
  /** What a person can do about it. */
  cure: string;
}

/** What a person can do about each. */
export const CURES: Readonly<Record<PlausibilityCode, string>> = {
  'source-frozen':
    'Restart the gateway or the meter and look whether its values move; until then none of its readings is measured.',
  'counter-still':
    'Look at the counter on the display of the meter. If it runs there, the register is the wrong one; if it stands, change the meter.',
  'power-factor-impossible':
    'Compare with the display: the register may be scaled, signed or encoded differently than the profile says.',
  'power-over-apparent':
    'Compare both with the display: one of the registers, or its scale, is the wrong one.',
  'power-against-volt-ampere':
    'Compare volts, amperes and watts of this phase with the display: a ratio is entered twice or not at all, or U and I of different phases are paired.',
  'voltage-lost':
    'Measure at the terminals of the meter: a fuse of its voltage path is blown, or a phase of the supply is gone.',
  'phase-without-current':
    'Look for an open or shorted transformer and for a fuse: if the machine really draws nothing on this phase, nothing is wrong.',
  'voltage-outside': 'Ask the operator of the network, or look at the voltage ratio of the meter.',
  'voltage-unbalanced': 'Large single-phase loads, or a bad contact; motors suffer from it.',
  'transformer-turned':
    'Switch off, short-circuit the transformer, exchange S1 and S2 of this phase (or turn it round); amend the time before.',
  'pairs-interchanged':
    'Put each current transformer to the voltage of its own phase; amend the time before.',
  'phases-not-total':
    'Compare with the display: a phase is read from the wrong register, or the meter adds magnitudes.',
  'counter-against-integral':
    'One of the two is wrong: compare the scale of the counter and of the power with the display. Ratios are the usual reason.',
  'children-over-supply':
    'A component is measured with a wrong ratio, or it is not behind this supply; look at `tree`.',
  'power-over-rated': 'Look at the transformer ratio, or enter the right `ratedPower`.',
  'first-export':
    'If the machine feeds back when it brakes, nothing is wrong. If it cannot, a transformer is turned.',
  'energy-while-off':
    'Look what is still supplied while the control is off, or whether the control says it rightly; set `offBelow`.',
  'still-while-processing':
    'Does the control belong to this meter? Power that does not move while it works is not its own.',
  'commission-again':
    'The metering is another one than was commissioned: run `millwatt commission` once more.',
};

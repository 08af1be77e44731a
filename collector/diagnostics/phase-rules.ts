import { LINES, type ComponentMinute, type Line } from './machine-minute.ts';
import { floorOf, haveTwoElements } from './power-rules.ts';
import { say, sayPercent } from './say-figure.ts';
import type { Verdict } from './stretch.ts';

type Three = readonly [number, number, number];
const PAIRS = ['l12', 'l23', 'l31'] as const;

/** What the active powers of three phases say of how U and I are paired. */
export interface PhasePattern {
  kind: 'right' | 'turned' | 'interchanged' | 'small' | 'two';
  /** The phases with a negative power; of interchanged ones the two that are wrong. */
  lines: Line[];
  saying: string;
}

/**
 * Reads the wiring from three active powers. Let a load draw the same on each phase at an angle phi. A transformer turned
 * round gives -P on its phase: the sum is a third of what it should be. U and I of two phases interchanged give
 * U I cos(phi - 120 deg) and U I cos(phi + 120 deg) there, and with the third, U I cos(phi), these sum to nothing at any
 * phi: so a sum near 0 beside large parts, at equal currents, tells the second from the first. All three moved on by one
 * cannot be told from a load that really has such an angle; commissioning looks at the power factor instead.
 *
 * A load between two phases that is mostly reactive makes one of them slightly negative: below a quarter of the mean of
 * the others nothing is said. Where one phase has no power at all, there are two wattmeters (Aron), or a load between two
 * phases: U I cos(phi + 30 deg) and U I cos(phi - 30 deg), of which the first is negative beyond 60 degrees, and nothing can
 * be said (`two`).
 */
export function readPattern(powersW: Three, currentsA: Three | undefined, floorW: number): PhasePattern {
  const wholeW = powersW.reduce((sum, value) => sum + Math.abs(value), 0);
  if (wholeW < 3 * floorW) return { kind: 'small', lines: [], saying: `${say(wholeW, 'W')} in all` };
  const sumW = powersW[0] + powersW[1] + powersW[2];
  const negative = LINES.filter((_, index) => (powersW[index] ?? 0) < 0);
  const positive = powersW.filter((value) => value > 0).length;
  const figures = powersW.map((value, index) => `${LINES[index]} ${say(value, 'W')}`).join(', ');
  const right: PhasePattern = { kind: 'right', lines: [], saying: figures };
  if (negative.length === 0 || positive === 0) return right;
  if (haveTwoElements(powersW)) return { ...right, kind: 'two' };
  if (Math.abs(sumW) <= 0.1 * wholeW && currentsA !== undefined && areAlike(currentsA, 0.2)) {
    // The third one has the sign of the total that should be, and the largest or the only positive value.
    const best = powersW.indexOf(Math.max(...powersW));
    const lines = LINES.filter((_, index) => index !== best);
    return {
      kind: 'interchanged',
      lines,
      saying: `${figures} sum to ${say(sumW, 'W')} at currents that are alike`,
    };
  }
  const others = powersW.filter((value) => value > 0);
  const meanW = others.reduce((sum, value) => sum + value, 0) / others.length;
  const lines = negative.filter((line) => -(powersW[LINES.indexOf(line)] ?? 0) >= 0.25 * meanW);
  return lines.length === 0
    ? right
    : { kind: 'turned', lines, saying: `${figures}: the others draw while this feeds back` };
}

/** A phase that feeds back while the others draw, and nothing was exported. */
export function judgeDirection(
  minute: ComponentMinute,
  ratedW: number | null,
  wanted: 'turned' | 'interchanged',
): Verdict {
  const powers = minute.means('activePower');
  if (powers === undefined) return 'unknown';
  const exported = minute.read('activeEnergyExport');
  if (exported !== undefined && exported.max > exported.min) return 'unknown';
  const pattern = readPattern(powers, minute.means('current'), floorOf(ratedW));
  if (pattern.kind === 'small' || pattern.kind === 'two') return 'unknown';
  if (pattern.kind !== wanted) return 'fine';
  const which =
    wanted === 'turned'
      ? `The current transformer of ${pattern.lines.join(' and ')} seems turned round`
      : `Voltage and current of ${pattern.lines.join(' and ')} seem interchanged`;
  return {
    weight: powers.reduce((sum, value) => sum + Math.abs(value), 0),
    say: () => `${which}: ${pattern.saying}.`,
  };
}

/** So many minutes under load without one in which it drew make a meter one that is turned round. */
const BACKWARDS_MINUTES = 60;

/** Power that is never anything but fed back: a machine may brake into the mains, but it draws at other times. */
export class BackwardsRule {
  readonly #ratedW: number | null;
  #sinceMs: number | null = null;
  #back = 0;
  #hasDrawn = false;

  constructor(ratedW: number | null) {
    this.#ratedW = ratedW;
  }

  judge(minute: ComponentMinute): Verdict {
    const phases = minute.means('activePower');
    const powerW =
      minute.mean('activePower') ?? (phases === undefined ? undefined : phases[0] + phases[1] + phases[2]);
    if (powerW === undefined || Math.abs(powerW) < 3 * floorOf(this.#ratedW)) return 'unknown';
    if (powerW > 0) this.#hasDrawn = true;
    if (this.#hasDrawn) return 'fine';
    const sinceMs = (this.#sinceMs ??= minute.minuteMs);
    if (++this.#back < BACKWARDS_MINUTES) return 'unknown';
    const minutes = this.#back;
    return {
      weight: minutes,
      sinceMs,
      say: () =>
        `All transformers seem turned round: in ${minutes} minutes under load the machine never drew anything, in the last of them ${say(powerW, 'W')}.`,
    };
  }
}

/** So many minutes with voltage make a phase one that is wired. */
const WIRED_MINUTES = 10;

/**
 * A phase whose voltage is less than half of the others', of those that had one before or that carry current now: of a
 * machine on one phase, the others have neither.
 */
export class LostVoltageRule {
  readonly #seen: [number, number, number] = [0, 0, 0];

  judge(minute: ComponentMinute): Verdict {
    const voltages = minute.means('voltage');
    if (voltages === undefined) return 'unknown';
    const highest = Math.max(...voltages);
    // All of them gone is a machine whose main switch is off.
    if (highest < 50) return 'unknown';
    for (const [index, voltage] of voltages.entries())
      if (voltage >= 0.5 * highest) this.#seen[index] = (this.#seen[index] ?? 0) + 1;
    const currents = minute.means('current') ?? [0, 0, 0];
    const largestA = Math.max(1, ...currents);
    const lost = LINES.flatMap((line, index) => {
      const voltageV = voltages[index] ?? 0;
      const isWired = (this.#seen[index] ?? 0) >= WIRED_MINUTES || (currents[index] ?? 0) > 0.1 * largestA;
      return isWired && voltageV < 0.5 * highest ? [{ line, voltageV }] : [];
    });
    const [first] = lost;
    if (first === undefined) return 'fine';
    const rest = voltages.filter((voltageV) => voltageV >= 0.5 * highest);
    const othersV = rest.reduce((sum, voltageV) => sum + voltageV, 0) / rest.length;
    const names = lost.map(({ line }) => line).join(' and ');
    return {
      weight: othersV - first.voltageV,
      say: () =>
        `${names} had ${say(first.voltageV, 'V')} while the others had ${say(othersV, 'V')} in the mean.`,
    };
  }
}

/** The high leg of a delta stands at the root of 3 of the others against neutral. */
const HIGH_LEG = Math.sqrt(3);

/** Voltages of three phases that are not alike: between the lines where those are read, for motors see nothing else. */
export function judgeUnbalance(minute: ComponentMinute): Verdict {
  const pairs = PAIRS.flatMap((pair) => minute.mean('voltage', pair) ?? []);
  const voltages = pairs.length === PAIRS.length ? pairs : minute.means('voltage');
  if (voltages === undefined) return 'unknown';
  const mean = voltages.reduce((sum, value) => sum + value, 0) / 3;
  if (mean < 50) return 'unknown';
  const share = Math.max(...voltages.map((value) => Math.abs(value - mean))) / mean;
  // A lost phase is another finding.
  if (share <= 0.03 || Math.min(...voltages) < 0.5 * mean) return 'fine';
  const [low = 0, middle = 0, high = 0] = voltages.toSorted((a, b) => a - b);
  if (middle / low <= 1.03 && Math.abs(high / ((low + middle) / 2) / HIGH_LEG - 1) <= 0.04) return 'fine';
  return {
    weight: share,
    say: () =>
      `${voltages.map((value) => say(value, 'V')).join(', ')}: ${sayPercent(share)} from their mean of ${say(mean, 'V')}.`,
  };
}

/** So many minutes of three-phase load before a phase without current means anything. */
const THREE_PHASE_MINUTES = 30;

/** A phase without current while the others carry load, of a machine that is known to load all three. */
export class LostCurrentRule {
  readonly #ratedW: number | null;
  #loaded = 0;

  constructor(ratedW: number | null) {
    this.#ratedW = ratedW;
  }

  judge(minute: ComponentMinute): Verdict {
    const currents = minute.means('current');
    const voltages = minute.means('voltage');
    if (currents === undefined || this.#ratedW === null) return 'unknown';
    const lineV = voltages === undefined ? 230 : Math.max(...voltages);
    const ratedA = this.#ratedW / (3 * lineV);
    const lowest = Math.min(...currents);
    const othersA = (currents[0] + currents[1] + currents[2] - lowest) / 2;
    if (othersA < 0.1 * ratedA) return 'unknown';
    if (areAlike(currents, 0.5)) this.#loaded++;
    if (this.#loaded < THREE_PHASE_MINUTES) return 'unknown';
    if (lowest > 0.01 * othersA) return 'fine';
    // A motor that lost a phase draws alike on the other two; a heater may be on one alone.
    const [, middle = 0, highest = 0] = currents.toSorted((a, b) => a - b);
    if (middle < 0.5 * highest) return 'fine';
    return {
      weight: othersA,
      say: () =>
        `${LINES[currents.indexOf(lowest)]} carried ${say(lowest, 'A')} while the others carried ${say(othersA, 'A')} (rated about ${say(ratedA, 'A')}); the machine is known to load all three.`,
    };
  }
}

function areAlike(values: Three, share: number): boolean {
  const largest = Math.max(...values.map(Math.abs));
  return largest > 0 && Math.min(...values.map(Math.abs)) >= (1 - share) * largest;
}

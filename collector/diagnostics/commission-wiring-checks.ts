import type { AveragedComponent } from './averaged-component.ts';
import type { CommissionCheck } from './commission-result.ts';
import { LINES } from './machine-minute.ts';
import { readPattern } from './phase-rules.ts';
import { CURES } from './plausibility-finding.ts';
import { floorOf } from './power-rules.ts';
import { say, sayPercent } from './say-figure.ts';

/** What one check of a component says. */
export type Judged = Pick<CommissionCheck, 'result' | 'saying' | 'cure'>;

const TOLERANCE = 0.05;

/** Something that could not be checked, and what it needs. */
export function notCheckable(saying: string, cure: string): Judged {
  return { result: 'not-checkable', saying, cure };
}

/** Something that is right. */
export function pass(saying: string): Judged {
  return { result: 'pass', saying, cure: '' };
}

/** The direction of the current transformers: each phase must draw. */
export function checkDirection(own: AveragedComponent, ratedW: number | null): Judged {
  const totalW = own.mean('activePower');
  const phases = own.means('activePower');
  const floorW = floorOf(ratedW);
  const turned = CURES['transformer-turned'];
  if (phases === undefined) {
    if (totalW === undefined)
      return notCheckable('No active power was read.', 'Let the agent read active power.');
    if (totalW < -floorW)
      return { result: 'fail', saying: `${say(totalW, 'W')}: the machine seems to feed back.`, cure: turned };
    return notCheckable(
      `The total was ${say(totalW, 'W')}; a single turned transformer shows only in the phases.`,
      'Let the agent read the active power of each phase.',
    );
  }
  const pattern = readPattern(phases, own.means('current'), floorW);
  if (pattern.kind === 'small')
    return notCheckable(
      `Too little load: ${pattern.saying}; ${say(3 * floorW, 'W')} are needed.`,
      'Run the machine, spindle on, and commission again.',
    );
  if (pattern.kind === 'two')
    return notCheckable(
      `${pattern.saying}: of two wattmeters one may run backwards, below a power factor of 0.5.`,
      'Commission again while the machine runs under load.',
    );
  const allBack = phases.every((power) => power <= 0);
  if (pattern.kind === 'turned' || allBack)
    return { result: 'fail', saying: `${pattern.saying}.`, cure: turned };
  return pattern.kind === 'interchanged'
    ? notCheckable(
        `${pattern.saying}: the pairing is wrong first.`,
        'Cure the pairing, then commission again.',
      )
    : pass(`${pattern.saying}: each draws.`);
}

/** Whether U and I of each phase belong together; `readPattern` says how that is told. */
export function checkPairing(own: AveragedComponent, ratedW: number | null): Judged {
  const phases = own.means('activePower');
  const currents = own.means('current');
  const voltages = own.means('voltage');
  if (phases === undefined || currents === undefined || voltages === undefined)
    return notCheckable(
      'It needs volts, amperes and watts of all three phases.',
      'Let the agent read voltage, current and active power of each phase.',
    );
  const floorW = floorOf(ratedW);
  const pattern = readPattern(phases, currents, floorW);
  if (pattern.kind === 'small')
    return notCheckable(`Too little load: ${pattern.saying}.`, 'Run the machine and commission again.');
  if (pattern.kind === 'interchanged')
    return { result: 'fail', saying: `${pattern.saying}.`, cure: CURES['pairs-interchanged'] };
  const apparentVa = voltages.reduce((sum, voltage, index) => sum + voltage * (currents[index] ?? 0), 0);
  const sumW = phases[0] + phases[1] + phases[2];
  const factor = sumW / apparentVa;
  const figures = LINES.map(
    (line, index) =>
      `${line} ${say((phases[index] ?? 0) / ((voltages[index] ?? 0) * (currents[index] ?? 0)))}`,
  ).join(', ');
  const isLoaded = ratedW !== null && sumW > 0.1 * ratedW;
  // Moved on by one phase, a motor of factor 0.8 (37 degrees) shows cos(37 - 120) = 0.12 or cos(37 + 120) = -0.92.
  if (isLoaded && factor < 0.25)
    return {
      result: 'warning',
      saying: `Power factors of the phases: ${figures}; together ${say(factor)}, very low under load.`,
      cure: 'If the display shows the same, look whether all three transformers sit one phase further than their voltages.',
    };
  return pass(`Power factors of the phases: ${figures}.`);
}

/** Sum of the phases against the total. */
export function checkSum(own: AveragedComponent, ratedW: number | null): Judged {
  const phases = own.means('activePower');
  const totalW = own.mean('activePower');
  if (phases === undefined || totalW === undefined)
    return notCheckable('It needs the active power of each phase and in total.', 'Let the agent read both.');
  const sumW = phases[0] + phases[1] + phases[2];
  const offW = Math.abs(sumW - totalW);
  const saying = `${phases.map((power) => say(power)).join(' + ')} = ${say(sumW, 'W')}, total ${say(totalW, 'W')}.`;
  const wholeW = phases.reduce((sum, power) => sum + Math.abs(power), 0);
  return offW <= TOLERANCE * Math.max(wholeW, Math.abs(totalW)) + floorOf(ratedW) / 2
    ? pass(saying)
    : { result: 'fail', saying, cure: CURES['phases-not-total'] };
}

/** Apparent power against active and reactive power. */
export function checkTriangle(own: AveragedComponent): Judged {
  const activeW = own.mean('activePower');
  const reactiveVar = own.mean('reactivePower');
  const apparentVa = own.mean('apparentPower');
  if (activeW === undefined || reactiveVar === undefined || apparentVa === undefined)
    return notCheckable(
      'It needs active, reactive and apparent power.',
      'Let the agent read all three, if the meter has them.',
    );
  if (apparentVa <= 0)
    return notCheckable('No apparent power was drawn.', 'Run the machine and commission again.');
  const hypotenuseVa = Math.hypot(activeW, reactiveVar);
  const saying = `root of ${say(activeW)}^2 + ${say(reactiveVar)}^2 = ${say(hypotenuseVa, 'VA')}, read ${say(apparentVa, 'VA')}`;
  const share = hypotenuseVa / apparentVa;
  if (share > 1 + TOLERANCE || share < 0.5)
    return { result: 'fail', saying: `${saying}.`, cure: CURES['power-over-apparent'] };
  // Converters draw distorted current, which is in the apparent power and in neither of the others.
  return share < 0.9
    ? {
        result: 'warning',
        saying: `${saying}: ${sayPercent(1 - share)} less.`,
        cure: 'Drives draw distorted current, which explains up to about a third; compare with the display.',
      }
    : pass(`${saying}.`);
}

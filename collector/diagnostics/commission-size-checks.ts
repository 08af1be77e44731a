import type { ToldMetering } from '../energy/uncertainty/metering-of-source.ts';
import { limitCurrentTransformer } from '../energy/uncertainty/transformer-limit.ts';
import { isLacking } from '../energy/uncertainty/limit.ts';
import type { Phase } from '../../protocols/telemetry/quantity.ts';
import type { SourceDescription } from '../../protocols/telemetry/snapshot.ts';
import { milliwattHours } from '../../protocols/telemetry/unit.ts';
import type { AveragedComponent } from './averaged-component.ts';
import { notCheckable, pass, type Judged } from './commission-wiring-checks.ts';
import { LINES } from './machine-minute.ts';
import { CURES } from './plausibility-finding.ts';
import { say, sayPercent } from './say-figure.ts';
import { isWithinBand, nominalOf } from './voltage-level.ts';

const TOLERANCE = 0.05;
/** So many steps of the counter must lie in the rise before a difference means anything. */
const STEPS_MIN = 20;

/** The largest power against the rating: a ratio that is wrong by 10 shows. */
export function checkRatio(own: AveragedComponent, ratedW: number | null): Judged {
  const peakW = own.peak('activePower');
  if (peakW === undefined)
    return notCheckable('No active power was read.', 'Let the agent read active power.');
  if (ratedW === null)
    return notCheckable(
      'The rated power is not known.',
      'Enter `ratedPower` of the machine, or `componentRatedPower` of a component.',
    );
  const saying = `At most ${say(peakW, 'W')} of ${say(ratedW, 'W')} rated: ${sayPercent(peakW / ratedW)}`;
  if (peakW > 1.2 * ratedW)
    return { result: 'fail', saying: `${saying}; 120 % are the most.`, cure: CURES['power-over-rated'] };
  return peakW < 0.02 * ratedW
    ? {
        result: 'warning',
        saying: `${saying}; a machine that runs draws more than 2 %.`,
        cure: 'Run the machine and commission again. If it did run, look at the transformer ratio.',
      }
    : pass(`${saying}.`);
}

/** The current against the primary of the transformers: far below it, or above, a class promises little. */
export function checkCurrentRange(
  own: AveragedComponent,
  source: SourceDescription | undefined,
  told: ToldMetering | undefined,
): Judged {
  const currents = LINES.flatMap((phase) => own.mean('current', phase) ?? []);
  const peaks = LINES.flatMap((phase) => own.peak('current', phase) ?? []);
  const isDirect = told?.isDirect === true || (source?.ct?.primary === 1 && source.ct.secondary === 1);
  if (isDirect && told?.ct === undefined) return pass('The meter is connected directly.');
  const primaryA = source?.ct !== undefined && !isDirect ? source.ct.primary : told?.ct?.primaryA;
  if (currents.length === 0)
    return notCheckable('No current was read.', 'Let the agent read the phase currents.');
  if (primaryA === undefined || primaryA === null)
    return notCheckable(
      'The ratio of the current transformers is not known.',
      'Enter `ct` at the source, or `ct.primary` under `metering` where the meter has the ratio.',
    );
  const meanA = currents.reduce((sum, current) => sum + Math.abs(current), 0) / currents.length;
  const peakA = Math.max(...peaks);
  const saying = `${say(meanA, 'A')} in the mean, ${say(peakA, 'A')} at most, of ${say(primaryA, 'A')}: ${sayPercent(meanA / primaryA)} and ${sayPercent(peakA / primaryA)}`;
  if (peakA > 1.2 * primaryA)
    return {
      result: 'warning',
      saying: `${saying}; above 120 % its class does not hold${costOf(peakA, primaryA, told)}.`,
      cure: 'Take transformers of a larger primary current, or compare the ratio with their nameplate.',
    };
  return meanA < 0.05 * primaryA
    ? {
        result: 'warning',
        saying: `${saying}; below 5 %${costOf(meanA, primaryA, told)}.`,
        cure: 'Commission under load; if the machine never draws more, take transformers of a smaller primary current or class 0.5S.',
      }
    : pass(`${saying}.`);
}

function costOf(currentA: number, primaryA: number, told: ToldMetering | undefined): string {
  const word = told?.ct?.class;
  if (word === undefined || word === null) return '; what that costs is not known without their class';
  const { ratio } = limitCurrentTransformer(
    { secondaryA: null, ...told?.ct, class: word, primaryA },
    { currentA, powerFactor: null, state: 'processing', energyMwh: milliwattHours(1), meanPowerW: null },
  );
  return isLacking(ratio) ? '' : `; class ${word} may be wrong by ${sayPercent(ratio.percent / 100)} there`;
}

/** The rise of the counter against integrated power. */
export function checkCounter(own: AveragedComponent, stepWh: number | null): Judged {
  if (stepWh === null)
    return notCheckable('There is no counter of imported energy.', 'Let the agent read the energy counter.');
  const balance = own.balance();
  if (balance === undefined)
    return notCheckable(
      'Counter and power were not read in each of the minutes.',
      'Commission again when both are read without gaps.',
    );
  const { countedWh, integralWh, hours } = balance;
  const saying = `The counter rose by ${say(countedWh, 'Wh')}; the power gives ${say(integralWh / hours, 'W')} x ${say(hours, 'h')} = ${say(integralWh, 'Wh')}`;
  const offWh = Math.abs(countedWh - integralWh);
  const allowedWh = TOLERANCE * Math.abs(integralWh) + 2 * stepWh;
  if (offWh > allowedWh)
    return {
      result: 'fail',
      saying: `${saying}: ${say(offWh, 'Wh')} apart, ${say(allowedWh, 'Wh')} (5 % and two steps of ${say(stepWh, 'Wh')}) are allowed.`,
      cure: CURES['counter-against-integral'],
    };
  const minutes = (60 * STEPS_MIN * stepWh * hours) / Math.max(integralWh, 1e-9);
  return integralWh < STEPS_MIN * stepWh
    ? notCheckable(
        `${saying}; with steps of ${say(stepWh, 'Wh')} that says too little.`,
        minutes > 100_000
          ? 'Run the machine and commission again.'
          : `Commission again with --minutes ${Math.ceil(minutes / 15) * 15} at this load.`,
      )
    : pass(`${saying}: ${sayPercent(offWh / integralWh)} apart.`);
}

/** The level of the voltage. */
export function checkVoltage(own: AveragedComponent, vt: SourceDescription['vt']): Judged {
  const read = ([...LINES, 'l12', 'l23', 'l31', 'total'] as const).flatMap((phase) => {
    const voltageV = own.mean('voltage', phase);
    return voltageV === undefined ? [] : [{ phase, voltageV, nominalV: nominalOf(voltageV, vt) }];
  });
  const highestV = Math.max(0, ...read.map(({ voltageV }) => voltageV));
  const unwired = read.filter(
    ({ phase, voltageV }) => voltageV < 0.1 * highestV && carriesNothing(own, phase),
  );
  if (unwired.length > 0) {
    const wired = read.filter((one) => !unwired.includes(one));
    const names = unwired.map(({ phase }) => phase).join(' and ');
    const isSound = wired.every(({ voltageV, nominalV }) => isWithinBand(voltageV, nominalV));
    return {
      result: isSound ? 'warning' : 'fail',
      saying: `${wired.map(sayLevel).join(', ')}; ${names} with neither voltage nor current.`,
      cure: 'Right for a machine on fewer than three phases; otherwise look for a fuse, or a wire that is not connected.',
    };
  }
  if (read.length === 0) return notCheckable('No voltage was read.', 'Let the agent read the voltages.');
  const figures = read.map(sayLevel).join(', ');
  return read.every(({ voltageV, nominalV }) => isWithinBand(voltageV, nominalV))
    ? pass(`${figures}.`)
    : {
        result: 'fail',
        saying: `${figures}: more than 10 % from any usual voltage.`,
        cure: 'Measure at the terminals; a fuse of the voltage path, or a voltage ratio that is wrong.',
      };
}

function sayLevel({
  phase,
  voltageV,
  nominalV,
}: {
  phase: string;
  voltageV: number;
  nominalV: number;
}): string {
  return `${phase} ${say(voltageV, 'V')} of ${say(nominalV, 'V')}`;
}

/** True for a phase that carries next to nothing beside the others. */
function carriesNothing(own: AveragedComponent, phase: Phase): boolean {
  const largestA = Math.max(...LINES.map((line) => own.peak('current', line) ?? 0));
  return (own.peak('current', phase) ?? 0) <= 0.01 * largestA;
}

/** The frequency of the mains. */
export function checkFrequency(own: AveragedComponent): Judged {
  const frequencyHz = own.mean('frequency');
  if (frequencyHz === undefined)
    return notCheckable('No frequency was read.', 'Let the agent read it, if the meter has it.');
  const isUsual = [50, 60].some((nominal) => Math.abs(frequencyHz - nominal) <= 1);
  return isUsual
    ? pass(`${say(frequencyHz, 'Hz')}.`)
    : {
        result: 'fail',
        saying: `${say(frequencyHz, 'Hz')}; mains have 50 or 60 Hz.`,
        cure: 'The register or its scale is another one: compare with the display.',
      };
}

/** A component takes no more than the supply. */
export function checkBelowSupply(own: AveragedComponent, supply: AveragedComponent): Judged {
  const powerW = own.mean('activePower');
  const supplyW = supply.mean('activePower');
  if (powerW === undefined || supplyW === undefined)
    return notCheckable('It needs the power of the component and of the supply.', 'Let the agent read both.');
  const saying = `${say(powerW, 'W')} of ${say(supplyW, 'W')} of the supply`;
  return powerW <= supplyW * (1 + TOLERANCE) + 5
    ? pass(`${saying}.`)
    : { result: 'fail', saying: `${saying}.`, cure: CURES['children-over-supply'] };
}

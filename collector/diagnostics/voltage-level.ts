import type { SourceDescription } from '../../protocols/telemetry/snapshot.ts';
import { LINES, type ComponentMinute } from './machine-minute.ts';
import { say, sayPercent } from './say-figure.ts';
import type { Verdict } from './stretch.ts';

/**
 * Nominal voltages of low-voltage networks, V: between a phase and neutral, and between phases, after IEC 60038 and usual
 * in Japan and North America. 220, 240 and 415 lie within the bands of 230 and 400.
 */
const NOMINALS_V = [100, 120, 127, 200, 230, 277, 347, 400, 480, 600, 690];
const BAND = 0.1;
/** Minutes that tell the level of a network. */
const LEARNT_MINUTES = 60;
/** Fewer tell nothing yet. */
const LEAST_MINUTES = 10;
/** A mains moves less than this share of itself in an hour. */
const MAINS_RANGE = 0.25;
const PAIRS = ['l12', 'l23', 'l31'] as const;
const PHASES = [...LINES, ...PAIRS, 'total'] as const;

/** The nominal voltage that a measured one belongs to, V; of a voltage transformer its primary one or that over the root of 3. */
export function nominalOf(voltageV: number, vt: SourceDescription['vt']): number {
  const known =
    vt === undefined || vt.primary === vt.secondary ? NOMINALS_V : [vt.primary, vt.primary / Math.sqrt(3)];
  const distance = (nominal: number) => Math.abs(Math.log(voltageV / nominal));
  return known.reduce((best, nominal) => (distance(nominal) < distance(best) ? nominal : best));
}

/** True where a voltage is within 10 % of nominal (EN 50160). */
export function isWithinBand(voltageV: number, nominalV: number): boolean {
  return Math.abs(voltageV / nominalV - 1) <= BAND;
}

/** What the first hour showed of one phase, V. */
interface Learnt {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/**
 * Voltage more than 10 % away from the nominal voltage that the first hour of readings shows. What moves by a quarter in
 * that hour is no mains: the output of a drive follows the speed.
 */
export class VoltageRule {
  readonly #vt: SourceDescription['vt'];
  readonly #learnt = new Map<string, Learnt>();

  constructor(vt: SourceDescription['vt']) {
    this.#vt = vt;
  }

  judge(minute: ComponentMinute): Verdict {
    let worst: Verdict = 'unknown';
    // Between lines a level is one; against earth each phase of an isolated network stands elsewhere.
    const hasPairs = PAIRS.every((pair) => (minute.mean('voltage', pair) ?? 0) > 0);
    for (const phase of hasPairs ? PAIRS : PHASES) {
      const voltageV = minute.mean('voltage', phase);
      if (voltageV === undefined || !(voltageV > 0)) continue;
      const learnt = this.#learn(phase, voltageV);
      const meanV = learnt.sum / learnt.count;
      if (learnt.count < LEAST_MINUTES || learnt.max - learnt.min > MAINS_RANGE * meanV) continue;
      const nominalV = nominalOf(meanV, this.#vt);
      const off = voltageV / nominalV - 1;
      // Less than half of what it was is a switch or a lost phase, not a level.
      if (voltageV < 0.5 * meanV) continue;
      if (worst === 'unknown') worst = 'fine';
      if (isWithinBand(voltageV, nominalV)) continue;
      if (worst === 'fine' || Math.abs(off) > worst.weight)
        worst = {
          weight: Math.abs(off),
          say: () =>
            `${phase}: ${say(voltageV, 'V')}, ${sayPercent(Math.abs(off))} ${off < 0 ? 'below' : 'above'} ${say(nominalV, 'V')}; 10 % are allowed.`,
        };
    }
    return worst;
  }

  #learn(phase: string, voltageV: number): Learnt {
    let learnt = this.#learnt.get(phase);
    if (learnt === undefined)
      this.#learnt.set(phase, (learnt = { count: 0, sum: 0, min: Infinity, max: -Infinity }));
    const isSwitchedOff = learnt.count > 0 && voltageV < 0.5 * (learnt.sum / learnt.count);
    if (learnt.count < LEARNT_MINUTES && !isSwitchedOff) {
      learnt.count++;
      learnt.sum += voltageV;
      learnt.min = Math.min(learnt.min, voltageV);
      learnt.max = Math.max(learnt.max, voltageV);
    }
    return learnt;
  }
}

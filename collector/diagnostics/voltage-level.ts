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
const PHASES = [...LINES, 'l12', 'l23', 'l31', 'total'] as const;

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

/** Voltage more than 10 % away from the nominal voltage that the first hour of readings shows. */
export class VoltageRule {
  readonly #vt: SourceDescription['vt'];
  readonly #learnt = new Map<string, { count: number; sum: number }>();

  constructor(vt: SourceDescription['vt']) {
    this.#vt = vt;
  }

  judge(minute: ComponentMinute): Verdict {
    let worst: Verdict = 'unknown';
    for (const phase of PHASES) {
      const voltageV = minute.mean('voltage', phase);
      if (voltageV === undefined || !(voltageV > 0)) continue;
      const learnt = this.#learnt.get(phase) ?? { count: 0, sum: 0 };
      this.#learnt.set(phase, learnt);
      if (learnt.count < LEARNT_MINUTES) {
        learnt.count++;
        learnt.sum += voltageV;
      }
      const nominalV = nominalOf(learnt.sum / learnt.count, this.#vt);
      const off = voltageV / nominalV - 1;
      // Less than half is a switch or a lost phase, not a level.
      if (off < -0.5 && learnt.count >= LEARNT_MINUTES) continue;
      if (worst === 'unknown') worst = 'fine';
      if (isWithinBand(voltageV, nominalV)) continue;
      if (worst === 'fine' || (typeof worst === 'object' && Math.abs(off) > worst.weight))
        worst = {
          weight: Math.abs(off),
          say: () =>
            `${phase}: ${say(voltageV, 'V')}, ${sayPercent(Math.abs(off))} ${off < 0 ? 'below' : 'above'} ${say(nominalV, 'V')}; 10 % are allowed.`,
        };
    }
    return worst;
  }
}

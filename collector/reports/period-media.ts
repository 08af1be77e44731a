import { milliwattHours, type MilliwattHours } from '../../protocols/telemetry/unit.ts';
import { groupDigits, sayKwh } from '../energy/use-phase/say-kwh.ts';
import type { MachinePlan } from './site-plan.ts';

/** What a machine took in of a medium, and the energy that a person declared to stand behind it: never part of its own. */
export interface MediumReport {
  /** Whole norm litres, 1/1000 Nm3. */
  normLitres: number;
  /** Whole mWh; null where nobody declared what a norm cubic metre takes. */
  declaredMwh: MilliwattHours | null;
  /** Where that figure comes from; empty where there is none. */
  source: string;
  saying: string;
}

/** kWh over norm cubic metres is mWh over norm litres times 1000. */
const MWH_PER_LITRE = 1000;

/** The media of a period with what was declared of them. */
export function reportMedia(
  media: Readonly<Record<string, number>>,
  declared: MachinePlan['media'],
): Record<string, MediumReport> {
  return Object.fromEntries(
    Object.entries(media).map(([component, normLitres]) => {
      const amount = `${groupDigits(normLitres / 1000, 3)} Nm3`;
      const told = Object.hasOwn(declared, component) ? declared[component] : undefined;
      if (told === undefined) {
        const saying = `${component}: ${amount}; nobody declared the energy behind it (media of the machine in collector.yaml)`;
        return [component, { normLitres, declaredMwh: null, source: '', saying }];
      }
      const declaredMwh = milliwattHours(Math.round(normLitres * told.kwhPerNm3 * MWH_PER_LITRE));
      const saying = `${component}: ${amount} x ${told.kwhPerNm3} kWh/Nm3 = ${sayKwh(declaredMwh)}, apart from what the machine drew (${told.source})`;
      return [component, { normLitres, declaredMwh, source: told.source, saying }];
    }),
  );
}

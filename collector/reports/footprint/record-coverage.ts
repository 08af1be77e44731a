import type { Coverage } from '../../footprint/record/footprint-record.ts';
import { sayHours } from '../../energy/use-phase/say-kwh.ts';
import { kwhText, percentText } from './footprint-texts.ts';
import type { MachineFacts } from './gather-machine.ts';

/** Share of energy and of time, %, below which a record is incomplete. */
const ENOUGH_PERCENT = 95;

/** How much of a period was watched and measured, of all machines together, and what lacks. */
export function recordCoverage(all: readonly MachineFacts[], periodMs: number): Coverage {
  const sum = (of: (facts: MachineFacts) => number) => all.reduce((total, facts) => total + of(facts), 0);
  const wantedMs = periodMs * all.length;
  const watchedMs = sum(({ span }) => span.spanMs);
  const measuredMs = sum(({ span }) => span.measuredMs);
  const counter = sum(({ span }) => span.obtained.counterMwh);
  const integrated = sum(({ span }) => span.obtained.integratedMwh);
  const bridged = sum(({ span }) => span.obtained.bridgedMwh);
  const energy = counter + integrated + bridged;
  const unknownMs = sum((facts) => facts.unknownMs);
  const isLess = (part: number, of: number) => BigInt(part) * 100n < BigInt(of) * BigInt(ENOUGH_PERCENT);
  const watchedPercent = percentText(watchedMs, wantedMs);
  const measuredEnergyPercent = energy === 0 ? null : percentText(counter + integrated, energy);
  const lacks = [
    ...(isLess(watchedMs, wantedMs)
      ? [
          `watched for ${watchedPercent} % of the period, ${sayHours(wantedMs - watchedMs)} of ${sayHours(wantedMs)} lack: ${ENOUGH_PERCENT} % are asked for`,
        ]
      : []),
    ...(measuredEnergyPercent !== null && isLess(counter + integrated, energy)
      ? [
          `${measuredEnergyPercent} % of the energy was measured, ${kwhText(bridged)} kWh of ${kwhText(energy)} kWh were bridged over gaps: ${ENOUGH_PERCENT} % are asked for`,
        ]
      : []),
    // Energy that nobody measured is in no sum, so no share of energy can show that it lacks.
    ...(unknownMs * 100 > wantedMs * (100 - ENOUGH_PERCENT)
      ? [`for ${sayHours(unknownMs)} nobody measured the supply: that energy is in no figure`]
      : []),
  ];
  return {
    watchedPercent,
    measuredTimePercent: watchedMs === 0 ? percentText(0, 1) : percentText(measuredMs, watchedMs),
    measuredEnergyPercent,
    obtained: {
      counterKwh: kwhText(counter),
      integratedKwh: kwhText(integrated),
      bridgedKwh: kwhText(bridged),
      bridgedByKwh: {
        stateMean: kwhText(sum(({ span }) => span.obtained.bridgedBy.stateMean)),
        linear: kwhText(sum(({ span }) => span.obtained.bridgedBy.linear)),
        profile: kwhText(sum(({ span }) => span.obtained.bridgedBy.profile)),
      },
    },
    isComplete: lacks.length === 0,
    lacks,
  };
}

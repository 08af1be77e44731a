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
          `watched for ${watchedPercent} % of the period, ${ENOUGH_PERCENT} % are asked for; ${sayUnread(all, periodMs).join('; ')}`,
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

/** Of each machine that was not read in all of the period: how long it was, from the first to the last reading, and what lies before and after. */
export function sayUnread(all: readonly MachineFacts[], periodMs: number): string[] {
  return all.flatMap(({ machine, unread }) => {
    if (unread === null) return [`coverage of ${machine}, ${sayHours(periodMs)}: nothing was read`];
    const { beforeMs, afterMs, firstMs, lastMs } = unread;
    if (beforeMs + afterMs === 0) return [];
    return [
      [
        `coverage of ${machine}, ${sayHours(periodMs)}: ${sayHours(periodMs - beforeMs - afterMs)} read`,
        ...(beforeMs === 0
          ? []
          : [`${sayHours(beforeMs)} before the first reading on ${sayMinute(firstMs)}`]),
        ...(afterMs === 0 ? [] : [`${sayHours(afterMs)} after the last on ${sayMinute(lastMs)}`]),
      ].join(', '),
    ];
  });
}

const sayMinute = (atMs: number) => `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

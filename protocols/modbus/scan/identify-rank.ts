import type { Suspect } from './identify-suspects.ts';
import type { Plausibility, SeenValue } from './identify-values.ts';
import type { DeviceProfile, IdentityCheck } from '../profile/profile.ts';

/**
 * `certain`: the device says what it is, and only this profile fits. `likely`: nothing else fits as well. `possible`: it
 * fits, and so may others.
 */
export type Certainty = 'certain' | 'likely' | 'possible';

/** A profile that a device may be. */
export interface Candidate {
  profile: DeviceProfile;
  /** Ids of variants that look the same from outside. */
  alike: readonly string[];
  certainty: Certainty;
  /** 1 is best; equal ranks cannot be told apart. */
  rank: number;
  /** In words. */
  reasons: string[];
}

/** What speaks for and against one suspect. */
export interface Evidence {
  suspect: Suspect;
  /** Identity checks that hold. */
  held: IdentityCheck[];
  /** Title of the check that does not hold: it is another device. */
  mismatch: string | undefined;
  /** Titles of the checks that the device did not answer. */
  refused: string[];
  /** Why the device is this model by its own words. */
  named: string | undefined;
  /** The model that the device says it is, where this profile reads the model and that is none of its own. */
  otherModel?: string;
  /** What function 43 says where it is this profile's vendor. */
  vendor: string | undefined;
  plausibility?: Plausibility;
  /** Active power and energy, where they were read to tell candidates apart. */
  power?: SeenValue[];
}

/** The suspects that something speaks for, best first. Pure. */
export function rankCandidates(evidence: readonly Evidence[]): Candidate[] {
  const fitting = evidence.filter(
    (one) => one.mismatch === undefined && (isIdentified(one) || one.plausibility?.isPlausible === true),
  );
  const scored = fitting
    .map((one) => ({ one, score: scoreOf(one) }))
    .sort((a, b) => compareScores(b.score, a.score) || tieBreak(a.one, b.one));
  const ranks = scored.map(
    ({ score }) => 1 + scored.filter((other) => compareScores(other.score, score) > 0).length,
  );
  const bestCount = ranks.filter((rank) => rank === 1).length;
  return scored.map(({ one }, i) => {
    const rank = ranks[i] ?? 1;
    const isAlone = rank === 1 && bestCount === 1;
    return {
      profile: one.suspect.profile,
      alike: one.suspect.alike,
      certainty: isAlone ? certaintyOf(one) : 'possible',
      rank,
      reasons: [
        ...reasonsOf(one),
        ...(rank === 1 && bestCount > 1 ? [`${bestCount} profiles fit equally well`] : []),
      ],
    };
  });
}

function isIdentified({ held, named, suspect }: Evidence): boolean {
  return named !== undefined || (held.length > 0 && held.length === suspect.profile.identity.length);
}

function certaintyOf(one: Evidence): Certainty {
  const { held, named, otherModel, plausibility, vendor } = one;
  if (named !== undefined) return 'certain';
  if (otherModel !== undefined) return 'possible';
  const isText = held.length > 1 || held.some(({ type }) => type === 'ascii');
  if (isIdentified(one)) return isText || plausibility?.isPlausible === true ? 'certain' : 'likely';
  return plausibility?.frequency === 'plausible' || vendor !== undefined ? 'likely' : 'possible';
}

/** From the weightiest to the lightest. */
function scoreOf(one: Evidence): number[] {
  const { held, named, otherModel, vendor, refused, plausibility, power = [] } = one;
  return [
    named === undefined ? 0 : 1,
    otherModel === undefined ? 0 : -1,
    isIdentified(one) ? held.length : 0,
    vendor === undefined ? 0 : 1,
    -power.filter(({ isRefused }) => isRefused).length,
    plausibility?.isPlausible === true ? 1 : 0,
    (plausibility?.voltages ?? 0) -
      (plausibility?.oddVoltages ?? 0) +
      (plausibility?.frequency === 'plausible' ? 1 : 0),
    -refused.length,
  ];
}

function compareScores(a: readonly number[], b: readonly number[]): number {
  for (const [i, value] of a.entries()) {
    const difference = value - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Says nothing about which is right; the better known profile stands first. */
function tieBreak(a: Evidence, b: Evidence): number {
  const [first, second] = [a.suspect.profile, b.suspect.profile];
  if (first.confidence !== second.confidence) return first.confidence === 'high' ? -1 : 1;
  return first.id < second.id ? -1 : 1;
}

function reasonsOf(one: Evidence): string[] {
  const { held, named, otherModel, vendor, refused, plausibility, power = [] } = one;
  const missing = power.filter(({ isRefused }) => isRefused).map(({ point }) => point.quantity);
  return [
    ...(named === undefined ? [] : [named]),
    ...held.map(({ title }) => `${title} fits`),
    ...(otherModel === undefined ? [] : [`but its model name ${otherModel} is none of this profile`]),
    ...(vendor === undefined || named !== undefined ? [] : [`its vendor is ${vendor} (function 43)`]),
    ...(plausibility === undefined ? [] : [describeValues(plausibility)]),
    ...refused.map((title) => `it does not tell its ${title}`),
    ...missing.map((quantity) => `it refuses ${quantity} of this profile`),
  ];
}

function describeValues({ seen, isPlausible }: Plausibility): string {
  const texts = seen.map(({ point, value }) => {
    const unit = point.quantity === 'frequency' ? 'Hz' : 'V';
    return value === null ? `no ${unit}` : `${Number(value.toPrecision(4))} ${unit}`;
  });
  if (texts.length === 0) return 'it has no voltages to look at';
  return `${texts.join(', ')} at its registers${isPlausible ? '' : ': not what a mains has'}`;
}

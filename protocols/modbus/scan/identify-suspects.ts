import { identityRequest } from '../profile/identity-reader.ts';
import { describeRead } from '../plan/read-plan.ts';
import { frequencyPoint, requestsOf, valueTraits, voltagePoints } from './identify-values.ts';
import type { DeviceProfile } from '../profile/profile.ts';

/** A profile that a device may turn out to fit, and those that nothing we read could tell from it. */
export interface Suspect {
  profile: DeviceProfile;
  /** Ids of variants that look the same from outside. */
  alike: string[];
}

/** What devices are compared with. */
export interface Suspects {
  list: readonly Suspect[];
  /** Ids of profiles that offer nothing to recognise them by: no identity, and too few values that a mains has. */
  unrecognisable: readonly string[];
  /** The most requests that one device is asked, its presence included. */
  requestsMax: number;
}

/** After so many requests for details and powers no further candidate is looked into. */
export const NARROWING_ENOUGH = 10;
/** The most requests that takes: the candidate begun before, and the power of the best. */
const NARROWING_MAX = 20;

/** Sorts profiles into those that can be recognised and those that cannot. A variant counts where it looks different. */
export function listSuspects(profiles: readonly DeviceProfile[]): Suspects {
  const suspects = new Map<string, Suspect>();
  const unrecognisable: string[] = [];
  for (const profile of profiles) {
    if (!isRecognisable(profile)) {
      unrecognisable.push(profile.id);
      continue;
    }
    const [base = ''] = profile.id.split(':');
    const look = `${base} ${JSON.stringify(profile.identity)} ${valueTraits(profile)}`;
    const known = suspects.get(look);
    if (known === undefined) suspects.set(look, { profile, alike: [] });
    else known.alike.push(profile.id);
  }
  const list = [...suspects.values()];
  const requests = new Set(
    list.flatMap(({ profile }) => [
      ...profile.identity.map((check) => describeRead(identityRequest(check))),
      ...[voltagePoints(profile), [frequencyPoint(profile)].filter((point) => point !== undefined)].flatMap(
        (points) => requestsOf(profile, points).map(describeRead),
      ),
    ]),
  );
  // One more for its presence and one for Read Device Identification.
  return { list, unrecognisable, requestsMax: requests.size + 2 + NARROWING_MAX };
}

function isRecognisable(profile: DeviceProfile): boolean {
  const voltages = voltagePoints(profile).length;
  return (
    profile.identity.length > 0 ||
    profile.deviceIdentification ||
    (frequencyPoint(profile) !== undefined && voltages > 0) ||
    voltages >= 3
  );
}

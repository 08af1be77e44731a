import { listProfiles, loadProfile } from '../../../../config/library/profile-library.ts';
import { rawReadingOf } from '../../../../protocols/modbus/profile/encode.ts';
import type {
  DeviceDetail,
  DeviceProfile,
  ProfilePoint,
} from '../../../../protocols/modbus/profile/profile.ts';
import type { RegisterBank } from '../../../../protocols/simulator/modbus-answer.ts';
import { createProfileBank } from '../../../../protocols/simulator/modbus-bank.ts';

/** Every profile of the library and every variant of one. */
export const libraryProfiles: readonly DeviceProfile[] = listProfiles().flatMap(({ id }) => {
  const { profile } = loadProfile(id);
  return [profile, ...profile.variants.map((name) => loadProfile(`${id}:${name}`).profile)];
});

/** One profile of the library. */
export function profileOf(id: string): DeviceProfile {
  return loadProfile(id).profile;
}

const NTH: Readonly<Record<string, number>> = { l2: 1, l23: 1, l3: 2, l31: 2 };

/** A device of a profile on a mains of 230/400 V and 50 Hz. */
export function mainsBank(
  profile: DeviceProfile,
  told: { details?: Partial<Record<DeviceDetail['is'], string>>; energyWh?: number; isOff?: boolean } = {},
): RegisterBank {
  const valueOf = ({ quantity, phase, counter }: ProfilePoint): number => {
    const nth = NTH[phase] ?? 0;
    if (quantity === 'voltage') return told.isOff ? 0 : phase.length === 3 ? 399.2 + nth : 230.4 + nth;
    if (quantity === 'frequency') return told.isOff ? 0 : 50.02;
    if (quantity === 'powerFactor') return 0.9;
    if (counter !== undefined) return told.energyWh ?? 120_000;
    return quantity.endsWith('Power') ? 1000 + nth * 10 : 100 + nth;
  };
  const { details = {} } = told;
  return createProfileBank(profile, (point) => rawReadingOf(point, valueOf(point)), { details });
}

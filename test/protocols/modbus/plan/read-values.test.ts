import { describe, expect, it } from 'vitest';
import { loadProfile } from '../../../../config/library/profile-library.ts';
import type { DeviceProfile } from '../../../../protocols/modbus/profile/profile.ts';
import { listDeviceValues } from '../../../../protocols/modbus/plan/read-values.ts';

describe('the values of a device', () => {
  it('are its points, sums, factors, words and details, where the operator counts them', () => {
    const { profile } = loadProfile('siemens/pac3200');
    const small: DeviceProfile = {
      ...profile,
      functionCode: 4,
      points: [
        {
          quantity: 'activeEnergyImport',
          phase: 'total',
          address: 801,
          type: 'f64',
          scale: '1',
          unit: 'Wh',
          plus: [805],
          factors: [{ address: 10, functionCode: 3, type: 'u16', as: 'decimals', scale: '1' }],
        },
      ],
      statuses: [{ status: 'program', address: 20, type: 'ascii', length: 8, vocabulary: 'x/y/z' }],
      details: [{ is: 'serial', functionCode: 3, address: 40, type: 'u32' }],
    };
    expect(listDeviceValues(small, -1)).toEqual([
      { functionCode: 4, address: 800, count: 4 },
      { functionCode: 4, address: 804, count: 4 },
      { functionCode: 3, address: 9, count: 1 },
      { functionCode: 4, address: 19, count: 8 },
      { functionCode: 3, address: 39, count: 2 },
    ]);
  });
});

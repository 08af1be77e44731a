import { describe, expect, it } from 'vitest';
import { channelOf, statusChannelOf } from '../../../protocols/modbus/device/device-channel.ts';
import { pointName } from '../../../protocols/modbus/profile/profile.ts';
import type { ModbusSource } from '../../../protocols/modbus/source.ts';
import { choosePoints, chooseStatuses } from '../../../protocols/modbus/profile/wanted-points.ts';
import { pointWith, profileWith } from './register-device.ts';

const source: ModbusSource = {
  id: 'mill-supply',
  machine: 'mill',
  component: 'supply',
  endpoint: { transport: 'tcp', host: '192.0.2.1', port: 502 },
  unit: 1,
  addressOffset: 0,
  timeout: 1000,
  every: 1000,
};
const scaleOf = (
  point: Parameters<typeof channelOf>[1],
  changes: Partial<ModbusSource> = {},
  profile = profileWith({}),
) => channelOf(profile, point, { ...source, ...changes }).scale;

describe('the points of a source', () => {
  const meter = profileWith({
    points: [
      pointWith({}),
      pointWith({ quantity: 'voltage', phase: 'l1', unit: 'V', address: 1 }),
      pointWith({ quantity: 'temperature', unit: 'degC', address: 2 }),
    ],
    statuses: [{ status: 'execution', address: 9, type: 'u16', vocabulary: 'acme/state' }],
  });

  it('are those that are named, each once and in that order, with status words beside them', () => {
    const names = ['temperature', 'execution', 'activePower.total', 'activePower'];
    expect(choosePoints(meter, names, 'a').map(pointName)).toEqual(['temperature', 'activePower']);
    expect(chooseStatuses(meter, names).map(({ status }) => status)).toEqual(['execution']);
    expect(() => choosePoints(meter, ['torque'], 'a')).toThrow(
      expect.objectContaining({ code: 'unknown-point', cure: expect.stringContaining('execution') }),
    );
  });

  it('are the usual ones where none is named, and never a status word', () => {
    expect(choosePoints(meter, undefined, 'a').map(pointName)).toEqual(['activePower', 'voltage.l1']);
    expect(chooseStatuses(meter, undefined)).toEqual([]);
  });

  it('are the three phases where a meter has no power of all of them', () => {
    const phases = (['l1', 'l2', 'l3'] as const).map((phase, address) => pointWith({ phase, address }));
    const energy = pointWith({ quantity: 'activeEnergySum', unit: 'Wh', address: 9 });
    const names = choosePoints(profileWith({ points: [...phases, energy] }), undefined, 'a').map(pointName);
    expect(names).toEqual(['activePower.l1', 'activePower.l2', 'activePower.l3', 'activeEnergySum']);
  });

  it('are, of a drive, what tells how it is loaded', () => {
    const drive = profileWith({
      kind: 'drive',
      points: (
        [
          'voltage',
          'torque',
          'rotationalSpeed',
          'frequency',
          'current',
          'activeEnergyImport',
          'activePower',
        ] as const
      ).map((quantity) => pointWith({ quantity })),
    });
    expect(choosePoints(drive, undefined, 'a').map(pointName)).toEqual([
      'activePower',
      'activeEnergyImport',
      'current',
      'frequency',
      'rotationalSpeed',
      'torque',
    ]);
  });

  it('leave out by default what has no scale, but never a power in silence', () => {
    const drive = profileWith({
      kind: 'drive',
      points: [
        pointWith({ scaleFrom: 'rated-power' }),
        pointWith({ quantity: 'current', unit: 'A', scaleFrom: 'operator' }),
        pointWith({ quantity: 'frequency', unit: 'Hz' }),
      ],
    });
    expect(choosePoints(drive, undefined, 'a').map(pointName)).toEqual(['activePower', 'frequency']);
    expect(choosePoints(drive, undefined, 'a', { scales: { current: '0.1' } }).map(pointName)).toEqual([
      'activePower',
      'current',
      'frequency',
    ]);
  });

  it('count a sum of import and export as import only where the operator says that nothing is exported', () => {
    const counter = { behaviour: 'monotone' } as const;
    const sum = pointWith({ quantity: 'activeEnergySum', unit: 'Wh', counter });
    const both = profileWith({ points: [sum] });
    expect(choosePoints(both, undefined, 'a').map(pointName)).toEqual(['activeEnergySum']);
    expect(choosePoints(both, undefined, 'a', { importOnly: true }).map(pointName)).toEqual([
      'activeEnergyImport',
    ]);
    for (const name of ['activeEnergyImport', 'activeEnergySum'])
      expect(choosePoints(both, [name], 'a', { importOnly: true }).map(pointName)).toEqual([
        'activeEnergyImport',
      ]);
    expect(() => choosePoints(both, ['activeEnergyImport'], 'a')).toThrow(/activeEnergyImport/);
    const real = profileWith({
      points: [sum, pointWith({ quantity: 'activeEnergyImport', unit: 'Wh', address: 8, counter })],
    });
    const chosen = choosePoints(real, undefined, 'a', { importOnly: true });
    expect(chosen.map(({ quantity, address }) => [quantity, address])).toEqual([['activeEnergyImport', 8]]);
  });
});

describe('the scale of a channel', () => {
  it("is the profile's in the canonical unit, or what the operator found", () => {
    expect(scaleOf(pointWith({ unit: 'kW', scale: '0.1' }))).toEqual(['100', '1']);
    const unknown = pointWith({ quantity: 'current', phase: 'l1', unit: 'mA', scaleFrom: 'operator' });
    expect(scaleOf(unknown, { scales: { 'current.l1': '0.5' } })).toEqual(['1', '2000']);
    expect(() => scaleOf(unknown)).toThrow(
      expect.objectContaining({
        remedy: 'refuse',
        code: 'scale-missing',
        cure: expect.stringContaining("scales: { 'current.l1': '0.1' }"),
      }),
    );
  });

  it('is a hundredth of the rated power for what is given in percent', () => {
    const percent = pointWith({ scale: '0.1', scaleFrom: 'rated-power' });
    expect(scaleOf(percent, { ratedPowerW: 7500 })).toEqual(['15', '2']);
    expect(() => scaleOf(percent)).toThrow(
      expect.objectContaining({ remedy: 'refuse', code: 'rated-power-missing' }),
    );
  });

  it.each([
    { changes: { ct: { primary: 250, secondary: 5 } }, power: '50', current: '50', voltage: '1' },
    { changes: { vt: { primary: 400, secondary: 100 } }, power: '4', current: '1', voltage: '4' },
  ])('grows with the ratios that the operator gives', ({ changes, power, current, voltage }) => {
    expect(scaleOf(pointWith({}), changes)).toEqual([power, '1']);
    expect(scaleOf(pointWith({ quantity: 'current', unit: 'A' }), changes)).toEqual([current, '1']);
    expect(scaleOf(pointWith({ quantity: 'voltage', unit: 'V' }), changes)).toEqual([voltage, '1']);
    expect(scaleOf(pointWith({ quantity: 'frequency', unit: 'Hz' }), changes)).toEqual(['1', '1']);
  });

  it('is refused where a ratio would be applied twice', () => {
    const ct = { primary: 250, secondary: 5 };
    const applied = profileWith({ conventions: { transformers: 'applied' } });
    const twice = expect.objectContaining({ remedy: 'refuse', code: 'ratio-applied-twice' });
    expect(() => scaleOf(pointWith({}), { ct }, applied)).toThrow(twice);
    expect(scaleOf(pointWith({}), {}, applied)).toEqual(['1', '1']);
    expect(
      scaleOf(pointWith({}), { ct }, profileWith({ conventions: { transformers: 'not-applied' } })),
    ).toEqual(['50', '1']);
    const factor = { address: 6, type: 'u16', as: 'factor', scale: '1' } as const;
    expect(() => scaleOf(pointWith({ factors: [factor] }), { ct })).toThrow(twice);
    expect(scaleOf(pointWith({ factors: [{ ...factor, as: 'decimals' }] }), { ct })).toEqual(['50', '1']);
  });
});

describe('the point of a channel', () => {
  const nameOf = (changes: Parameters<typeof pointWith>[0], of: Partial<ModbusSource> = {}) =>
    channelOf(profileWith({}), pointWith(changes), { ...source, ...of }).point;
  const ratio = { address: 6, type: 'u16', as: 'factor', scale: '1' } as const;

  it('names every register that takes part, as it goes over the wire', () => {
    expect(nameOf({ address: 65, type: 'f32' })).toBe('fc3 65 f32');
    expect(nameOf({ address: 65, type: 'f32', functionCode: 4 }, { addressOffset: -1 })).toBe('fc4 64 f32');
    expect(nameOf({ address: 4126, type: 'f32', factors: [ratio] })).toBe('fc3 4126 f32 x fc3 6 u16');
    expect(nameOf({ address: 801, type: 'f64', plus: [805] })).toBe('fc3 801 f64 + fc3 805 f64');
    expect(nameOf({ address: 10, type: 'u32', plus: [12], factors: [ratio, { ...ratio, address: 7 }] })).toBe(
      '(fc3 10 u32 + fc3 12 u32) x fc3 6 u16 x fc3 7 u16',
    );
    expect(nameOf({ address: 0, type: 'f32' }, { wordOrder: 'little' })).toBe('fc3 0 f32, little words');
  });

  it('names the bit or the length of a status word', () => {
    const of = (status: Partial<Parameters<typeof statusChannelOf>[1]>) =>
      statusChannelOf(
        profileWith({}),
        { status: 'execution', address: 109, type: 'u16', vocabulary: 'acme/state', ...status },
        { ...source, addressOffset: 1 },
      );
    expect(of({ type: 'bit', bit: 3 })).toMatchObject({
      kind: 'status',
      id: 'mill.supply.execution',
      vocabulary: 'acme/state',
      point: 'fc3 110 bit 3',
    });
    expect(of({ type: 'ascii', length: 8 }).point).toBe('fc3 110 ascii 8');
    expect(of({ functionCode: 4 }).point).toBe('fc4 110 u16');
  });
});

import { describe, expect, it } from 'vitest';
import { derivePerPart } from '../../../../collector/energy/allocation/per-part.ts';
import { splitPower } from '../../../../collector/energy/allocation/split-power.ts';
import { milliwattHours, watts } from '../../../../protocols/telemetry/unit.ts';

const NOTHING = { goodParts: null, scrapParts: null, massKg: null, volumeCm3: null };

describe('energy per part', () => {
  it('is carried by the good parts', () => {
    // 1,200 Wh, 8 good, 2 scrap: 150 Wh a good part; 120 Wh a part made; 240 Wh in scrap. 1,200 / 2.4 kg = 500; / 300 cm3 = 4.
    const energy = derivePerPart('job A', milliwattHours(1_200_000), {
      goodParts: 8,
      scrapParts: 2,
      massKg: 2.4,
      volumeCm3: 300,
    });
    expect(energy.perGoodPartWh).toEqual({ value: 150, saying: 'job A: 1,200 Wh / 8 good parts = 150 Wh' });
    expect(energy.perMadePartWh.value).toBe(120);
    expect(energy.scrapWh).toEqual({ value: 240, saying: 'job A: 2 scrap x 1,200 Wh / 10 made = 240 Wh' });
    expect(energy.perKgWh.saying).toBe('job A: 1,200 Wh / 2.4 kg = 500 Wh');
    expect(energy.perCm3Wh.value).toBe(4);
  });

  it('is none where there is only scrap', () => {
    const energy = derivePerPart('job A', milliwattHours(900_000), {
      ...NOTHING,
      goodParts: 0,
      scrapParts: 3,
    });
    expect(energy.perGoodPartWh).toEqual({
      value: null,
      saying: 'job A: none, 900 Wh and 0 good parts: there is nothing to carry it',
    });
    expect([energy.perMadePartWh.value, energy.scrapWh.value]).toEqual([300, 900]);
  });

  it('is none where nobody told parts, or the energy is not known', () => {
    const energy = derivePerPart('job A', milliwattHours(900_000), NOTHING);
    expect(energy.perGoodPartWh).toEqual({ value: null, saying: 'job A: none, nobody told good parts' });
    expect([energy.scrapWh.value, energy.perKgWh.value, energy.perCm3Wh.value]).toEqual([null, null, null]);
    expect(derivePerPart('job A', null, { ...NOTHING, goodParts: 4 }).perGoodPartWh.saying).toBe(
      'job A: none, its energy as a whole is not known',
    );
    expect(
      derivePerPart('job A', milliwattHours(1), { ...NOTHING, massKg: Number.NaN }).perKgWh.value,
    ).toBeNull();
  });
});

describe('the power split', () => {
  // Ready 500 Wh in 15 min = 2,000 W. Processing 4,500 Wh in 45 min = 6,000 W: tip 4,000 W = 3,000 Wh, basic 1,500 Wh.
  const states = {
    readyMs: 900_000,
    readyMwh: milliwattHours(500_000),
    processingMs: 2_700_000,
    processingMwh: milliwattHours(4_500_000),
  };

  it('is basic = ready and tip = processing - ready', () => {
    expect(splitPower(states, null)).toEqual({
      basicW: 2000,
      idleW: null,
      tipW: 4000,
      basicMwh: 1_500_000,
      idleMwh: null,
      tipMwh: 3_000_000,
      sayings: [
        'basic: 500 Wh ready / 15 min = 2,000 W',
        'idle: none, nobody gave the power of an air cut; it is within tip',
        'tip: 4,500 Wh / 45 min = 6,000 W processing - 2,000 W = 4,000 W',
      ],
    });
  });

  it('has idle where an air cut was measured: 3,500 - 2,000 = 1,500 W = 1,125 Wh', () => {
    expect(splitPower(states, watts(3500))).toMatchObject({
      idleW: 1500,
      tipW: 2500,
      basicMwh: 1_500_000,
      idleMwh: 1_125_000,
      tipMwh: 1_875_000,
    });
  });

  it('is none without ready or processing, and says when tip is negative', () => {
    expect(splitPower({ ...states, readyMs: 0, readyMwh: milliwattHours(0) }, null)).toMatchObject({
      basicW: null,
      tipW: null,
      tipMwh: null,
      sayings: ['basic: none, the machine was never ready in this time'],
    });
    expect(splitPower({ ...states, processingMs: 0, processingMwh: milliwattHours(0) }, null)).toMatchObject({
      basicW: 2000,
      tipW: null,
    });
    const low = splitPower({ ...states, processingMwh: milliwattHours(1_200_000) }, null);
    // 1,600 - 2,000 W
    expect([low.tipW, low.tipMwh]).toEqual([-400, -300_000]);
    expect(low.sayings.at(-1)).toMatch(/^tip is negative/);
  });
});

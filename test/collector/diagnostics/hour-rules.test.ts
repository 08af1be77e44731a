import { describe, expect, it } from 'vitest';
import { judgeClosure } from '../../../collector/diagnostics/hour-rules.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import { START_MS } from './plant-minutes.ts';
import { measuredHour } from './plant-views.ts';

/** An hour whose counter rose by so many Wh, against so many of the power, with so many fed back. */
function hourWith(counterWh: number, integralWh: number, exportWh = 0) {
  const hour = measuredHour(START_MS, 1000 * counterWh, { closure: counterWh / integralWh });
  return { ...hour, energy: { ...hour.energy, exportMwh: milliwattHours(1000 * exportWh) } };
}

describe('counter against integral of an hour', () => {
  it('allows 5 % and two steps', () => {
    // 5 % of 6000 Wh is 300 Wh, two steps of 10 Wh are 20 Wh.
    expect(judgeClosure(hourWith(6320, 6000), 10)).toBe('fine');
    expect(judgeClosure(hourWith(6321, 6000), 10)).toMatchObject({ weight: Math.log(6321 / 6000) });
    expect(judgeClosure(hourWith(5679, 6000), 10)).toMatchObject({ weight: expect.any(Number) });
  });

  it('allows a machine that brakes within a second to count more than its power shows, by what it fed back', () => {
    // A press: 7000 Wh drawn and 1000 Wh fed back; of both, power once a second shows 6050 Wh and 50 Wh.
    expect(judgeClosure(hourWith(7000, 6050, 1000), 10)).toBe('fine');
    expect(judgeClosure(hourWith(7000, 6050, 500), 10)).not.toBe('fine');
    // Fewer than the power shows is no braking.
    expect(judgeClosure(hourWith(5000, 6050, 1000), 10)).not.toBe('fine');
  });
});

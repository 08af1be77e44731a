import { expect, it } from 'vitest';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { LoadProfile } from '../../protocols/simulator/load-profile.ts';
import type { LoadComponent } from '../../protocols/simulator/load-shares.ts';
import { runSimulatedPlant } from './simulated-plant.ts';

const HOUR_MS = 3_600_000;
/** From before the shift until after the midday pause: every state that the simulated machines know. */
const FROM_MS = Date.UTC(2026, 2, 2, 5, 30);
const TO_MS = Date.UTC(2026, 2, 2, 12, 30);
const EVERY_MS = 10_000;

/** One step of the counter of each meter, mWh: PAC3200 f64 Wh, SDM630 f32 kWh, Shelly and iEM3000 Wh, EM340 0.1 kWh. */
const STEPS: Record<string, Record<string, number>> = {
  // The mill's spindle has used about 26 MWh by then: an f32 of kWh moves in steps of 2^-9 kWh, shown to the Wh.
  'mill-1': { supply: 1, spindle: 2953, cabinet: 1000 },
  'lathe-1': { supply: 1000, spindle: 100_000 },
};

it('gives the hours that the simulated machines really had, through five makes of meters', async () => {
  const { hours, loads } = await runSimulatedPlant({ fromMs: FROM_MS, toMs: TO_MS, everyMs: EVERY_MS });
  const seen = new Set<OperatingState>();
  for (const [machine, steps] of Object.entries(STEPS)) {
    const load = loads.get(machine)!;
    const own = hours.get(machine) ?? [];
    expect(own).toHaveLength(8);
    for (const hour of own) {
      const truth = truthOf(load, Math.max(FROM_MS, hour.hourMs), Math.min(TO_MS, hour.hourMs + HOUR_MS));
      const where = `${machine} ${new Date(hour.hourMs).toISOString()}`;
      expectEnergies(hour, truth, steps, where);
      expectStates(hour, truth, (steps['supply'] ?? 0) + 2, where);
      for (const state of OPERATING_STATES) if (hour.timeMs[state] > 0) seen.add(state);
    }
    expectTotals(own, load, steps);
  }
  expect([...seen].sort()).toEqual(['extendedStandby', 'off', 'processing', 'ready', 'standby', 'warmUp']);
}, 120_000);

/** What a machine really did in a time, by its own law. */
interface Truth {
  energyMwh: (component: LoadComponent) => number;
  timeMs: Record<OperatingState, number>;
  stateMwh: Record<OperatingState, number>;
  /** How often each state began or ended. */
  changes: Record<OperatingState, number>;
  /** Highest power of the supply, W. */
  peakW: number;
}

/** By steps of 0.1 s. */
function truthOf(load: LoadProfile, fromMs: number, toMs: number): Truth {
  const zeros = () => Object.fromEntries(OPERATING_STATES.map((state) => [state, 0])) as Truth['timeMs'];
  const truth: Truth = {
    energyMwh: (component) => 1000 * (load.energyWh(component, toMs) - load.energyWh(component, fromMs)),
    timeMs: zeros(),
    stateMwh: zeros(),
    changes: zeros(),
    peakW: 0,
  };
  let before: OperatingState | undefined;
  for (let at = fromMs; at < toMs; at += 100) {
    const { state } = load.momentAt(at);
    truth.timeMs[state] += 100;
    truth.stateMwh[state] += 1000 * (load.energyWh('supply', at + 100) - load.energyWh('supply', at));
    truth.peakW = Math.max(truth.peakW, load.powerW('supply', at));
    if (state !== before && before !== undefined) {
      truth.changes[state]++;
      truth.changes[before]++;
    }
    before = state;
  }
  return truth;
}

/** Readings lie on the hour, so a counter that moves with each of them is right to its step, at either end. */
function expectEnergies(hour: MachineHour, truth: Truth, steps: Record<string, number>, where: string): void {
  for (const [component, stepMwh] of Object.entries(steps)) {
    const derivedMwh = hour.energy.componentMwh[component] ?? 0;
    const missed = Math.abs(derivedMwh - truth.energyMwh(component as LoadComponent));
    expect(missed, `${component} of ${where}`).toBeLessThanOrEqual(stepMwh + 1);
  }
  expect(hour.energy.supplyMwh).toBe(hour.energy.componentMwh['supply']);
  expect(hour.quality, where).toBe('measured');
  expect(hour.reasons, where).toEqual([]);
}

/**
 * A reading speaks for half an interval on either side of it, so a change of state is misplaced by half an interval at
 * most, and the energy with it by as much at the highest power there was. Misplaced time has the power of the state it
 * was given to, so mean powers hold far better than that.
 */
function expectStates(hour: MachineHour, truth: Truth, slackMwh: number, where: string): void {
  for (const state of OPERATING_STATES) {
    const slackMs = truth.changes[state] * (EVERY_MS / 2);
    const what = `${state} of ${where}`;
    expect(Math.abs(hour.timeMs[state] - truth.timeMs[state]), what).toBeLessThanOrEqual(slackMs);
    const missedMwh = Math.abs(hour.energy.stateMwh[state] - truth.stateMwh[state]);
    expect(missedMwh, what).toBeLessThanOrEqual((slackMs * truth.peakW) / 3600 + slackMwh);
    const trueW = (3600 * truth.stateMwh[state]) / truth.timeMs[state];
    // Long enough for one misplaced change to be a small share of it, and for a step of the counter, too.
    if (truth.timeMs[state] >= 300_000 && truth.stateMwh[state] >= 50 * slackMwh)
      expect(Math.abs((hour.meanPowerW[state] ?? 0) / trueW - 1), `power of ${what}`).toBeLessThanOrEqual(
        0.05,
      );
  }
  expect(hour.timeMs.unknown, where).toBe(0);
}

/** Over all hours the counters telescope: one step, not one an hour. */
function expectTotals(own: MachineHour[], load: LoadProfile, steps: Record<string, number>): void {
  for (const [component, stepMwh] of Object.entries(steps)) {
    const sumMwh = own.reduce((sum, hour) => sum + (hour.energy.componentMwh[component] ?? 0), 0);
    const of = component as LoadComponent;
    const trueMwh = 1000 * (load.energyWh(of, TO_MS) - load.energyWh(of, FROM_MS));
    expect(Math.abs(sumMwh - trueMwh), `all of ${component}`).toBeLessThanOrEqual(stepMwh + 1);
  }
}

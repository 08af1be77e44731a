import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeCells, toBaseHour, type HourCells } from '../../../../collector/energy/calendar/close-cells.ts';
import { sumPeriods } from '../../../../collector/energy/calendar/sum-periods.ts';
import { closeHour } from '../../../../collector/energy/close-hour.ts';
import { unconfiguredMachine } from '../../../../collector/energy/machine-model.ts';
import {
  accountAt,
  componentAccount,
  STATE_COUNT,
  type HourAccount,
} from '../../../../collector/energy/hour-account.ts';
import { OPERATING_STATES } from '../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../../protocols/telemetry/unit.ts';
import { everyMinute, grid, HOUR_MS, NO_ENERGY } from './base-hours.ts';
import { LONG_MS, RUNS } from './calendars.ts';

const HOUR_START_MS = Date.UTC(2026, 0, 5, 7);
const NONE = Object.fromEntries(OPERATING_STATES.map((state) => [state, milliwattHours(0)])) as Record<
  (typeof OPERATING_STATES)[number],
  ReturnType<typeof milliwattHours>
>;

describe('closed cells', () => {
  it('give `unknown` what closure moved, minute by minute', () => {
    // Ready holds 30 mWh in minute 0 and 10 in minute 1, and the hour's record says 36 ready, 4 unknown:
    // 4 x 30/40 = 3 of minute 0, 4 x 10/40 = 1 of minute 1.
    const counter = grid('ready', 30, 0, 1).map((mwh, cell) => mwh + (grid('ready', 10, 1, 2)[cell] ?? 0));
    const closed = closeCells(
      { ...NO_ENERGY, counter },
      { ...NONE, ready: milliwattHours(36), unknown: milliwattHours(4) },
    );
    const [ready, unknown] = [OPERATING_STATES.indexOf('ready'), OPERATING_STATES.indexOf('unknown')];
    expect([0, 1].map((minute) => closed.counter?.[minute * STATE_COUNT + ready])).toEqual([27, 9]);
    expect([0, 1].map((minute) => closed.counter?.[minute * STATE_COUNT + unknown])).toEqual([3, 1]);
    const asBefore = { ...NONE, ready: milliwattHours(40) };
    expect(closeCells({ ...NO_ENERGY, counter }, asBefore).counter).toEqual(counter);
    for (const other of [
      { ...NONE, ready: milliwattHours(41) },
      { ...NONE, ready: milliwattHours(36) },
    ])
      expect(() => closeCells({ ...NO_ENERGY, counter }, other)).toThrow(
        expect.objectContaining({ code: 'unlike-cells' }),
      );
  });

  it(
    'sum to the record of their hour, whatever closure moved',
    () => {
      fc.assert(
        fc.property(fc.array(fc.nat({ max: 50_000 }), { minLength: 40, maxLength: 40 }), (numbers) => {
          const account = accountOf(numbers);
          const hour = closeHour('plant', unconfiguredMachine('mill-1'), account);
          const cells: HourCells = {
            timeMs: grid('ready', 60_000),
            measuredMs: everyMinute(60_000),
            components: account.components,
            exportMwh: null,
            media: {},
          };
          const base = toBaseHour(hour, cells);
          const [sum] = sumPeriods([base], [hour.hourMs, hour.hourMs + HOUR_MS], {
            fromMs: -Infinity,
            toMs: null,
          });
          expect(sum?.energy.stateMwh).toEqual(hour.energy.stateMwh);
          expect(sum?.energy.componentMwh).toEqual(hour.energy.componentMwh);
          expect(sum?.energy.residualMwh).toBe(hour.energy.residualMwh);
          // By what gaps were spread is in no cell; this account was made up without it.
          const { bridgedBy: _, ...obtained } = hour.obtained;
          expect(sum?.obtained).toMatchObject(obtained);
          expect(sum?.reasons).toEqual(hour.reasons);
          for (const way of ['counter', 'integrated', 'bridged'] as const) {
            const [open, closed] = [
              account.components['supply']?.[way] ?? [],
              base.components['supply']?.[way] ?? [],
            ];
            expect(byMinute(closed)).toEqual(byMinute(open));
            expect(Array.from(closed).every((mwh) => mwh >= 0 && Number.isInteger(mwh))).toBe(true);
          }
        }),
        { numRuns: RUNS },
      );
    },
    LONG_MS,
  );
});

/** An account with energy here and there, of which power explains less than the counter says, or more. */
function accountOf(numbers: readonly number[]): HourAccount {
  const account = accountAt([], HOUR_START_MS);
  account.timeMs[OPERATING_STATES.indexOf('ready')] = HOUR_MS;
  account.measuredMs = Array.from({ length: 60 }, () => 60_000);
  const supply = componentAccount(account, 'supply');
  const ways = ['counter', 'integrated', 'bridged'] as const;
  for (const [index, mwh] of numbers.entries()) {
    const cells = (supply[ways[index % 3] ?? 'counter'] ??= grid('off', 0));
    const cell = (mwh * 31 + index) % cells.length;
    cells[cell] = (cells[cell] ?? 0) + mwh;
  }
  supply.counter?.forEach((mwh, cell) => {
    const state = cell % STATE_COUNT;
    supply.closedMwh[state] = (supply.closedMwh[state] ?? 0) + mwh;
    supply.integralMwh[state] =
      (supply.integralMwh[state] ?? 0) + mwh * (0.5 + ((numbers[state] ?? 0) % 100) / 160);
  });
  componentAccount(account, 'spindle').counter = grid('ready', numbers[0] ?? 0, 3, 5);
  return account;
}

function byMinute(cells: ArrayLike<number>): number[] {
  return Array.from({ length: 60 }, (_, minute) =>
    Array.from({ length: STATE_COUNT }, (__, state) => cells[minute * STATE_COUNT + state] ?? 0).reduce(
      (a, b) => a + b,
      0,
    ),
  );
}

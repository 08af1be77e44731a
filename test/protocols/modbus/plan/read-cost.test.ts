import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { costOfEndpoint, costOfReads, refineCost } from '../../../../protocols/modbus/plan/read-cost.ts';

const serial = (baudRate: number, parity: 'none' | 'even' | 'odd' = 'even', stopBits: 1 | 2 = 1) =>
  costOfEndpoint({ transport: 'rtu', path: '/dev/ttyUSB0', baudRate, parity, stopBits }, 0);

describe('what a read costs', () => {
  it('counts the bits of a character on a serial line', () => {
    expect(serial(9600).registerMs).toBeCloseTo(2.292, 3);
    expect(serial(9600, 'none').registerMs).toBeCloseTo(2.083, 3);
    expect(serial(9600, 'none', 2).registerMs).toBeCloseTo(2.292, 3);
    // 13 characters around the registers, two silences of 3.5, and the device's 20 ms.
    expect(serial(9600).requestMs).toBeCloseTo((20 * 11) / 9.6 + 20, 3);
  });

  it('keeps 1.75 ms of silence on fast lines', () => {
    expect(serial(115_200).requestMs).toBeCloseTo((13 * 11) / 115.2 + 3.5 + 20, 3);
  });

  it('takes a register for next to nothing on TCP, and a device server for a slow line', () => {
    const tcp = costOfEndpoint({ transport: 'tcp', host: 'meter', port: 502 }, 0);
    expect(tcp.registerMs * 125).toBeLessThan(tcp.requestMs);
    const server = costOfEndpoint({ transport: 'rtu-over-tcp', host: 'server', port: 4001 }, 0);
    expect(server.registerMs).toBe(serial(9600).registerMs);
    expect(server.requestMs).toBe(serial(9600).requestMs + tcp.requestMs);
  });

  it('adds the guard time of the device', () => {
    for (const transport of ['tcp', 'rtu-over-tcp'] as const) {
      const endpoint = { transport, host: 'meter', port: 502 };
      expect(costOfEndpoint(endpoint, 5).requestMs).toBe(costOfEndpoint(endpoint, 0).requestMs + 5);
    }
  });

  it('learns the overhead from round trips, whatever up to half of them met', () => {
    const cost = serial(9600);
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 500, noNaN: true }),
        fc.array(fc.integer({ min: 1, max: 125 }), { minLength: 9, maxLength: 40 }),
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { maxLength: 4 }),
        (overheadMs, counts, oddMs) => {
          const good = counts.map((registers) => ({
            registers,
            roundTripMs: overheadMs + registers * cost.registerMs,
          }));
          const odd = oddMs.map((roundTripMs) => ({ registers: 1, roundTripMs }));
          const refined = refineCost(cost, [...good, ...odd]);
          expect(refined.requestMs).toBeCloseTo(overheadMs, 6);
          expect(refined.registerMs).toBe(cost.registerMs);
        },
      ),
    );
  });

  it('looks at the last round trips only', () => {
    const cost = { requestMs: 5, registerMs: 0 };
    const times = (roundTripMs: number) => Array.from({ length: 32 }, () => ({ registers: 10, roundTripMs }));
    expect(refineCost(cost, [...times(100), ...times(3)]).requestMs).toBe(3);
  });

  it('stays as it is without observations, and never says that requests are free', () => {
    const cost = { requestMs: 5, registerMs: 1 };
    expect(refineCost(cost, [])).toEqual(cost);
    expect(refineCost(cost, [{ registers: 100, roundTripMs: 3 }]).requestMs).toBeGreaterThan(0);
  });

  it('sums up', () => {
    expect(costOfReads([{ count: 10 }, { count: 20 }], { requestMs: 5, registerMs: 0.5 })).toBe(25);
  });
});

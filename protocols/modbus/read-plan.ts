import { MillwattError } from '../errors.ts';
import type { ReadLimits, RegisterFunction } from './profile.ts';

/** A value that must be read, wholly within one request. */
export interface WantedRegisters {
  functionCode: RegisterFunction;
  address: number;
  count: number;
}

/** One request, and which of the wanted values its reply holds. */
export interface PlannedRead<T extends WantedRegisters> {
  functionCode: RegisterFunction;
  address: number;
  count: number;
  wanted: T[];
}

/**
 * The fewest legal requests that read every wanted value, and among equally few those that read the fewest registers.
 * A value is never split; registers nobody wants are read only up to `maxGap` in a row and never where forbidden.
 * Throws an error of class `refuse` (code `unreadable-point`) for a value that no legal request can hold.
 */
export function planReads<T extends WantedRegisters>(
  wanted: readonly T[],
  limits: ReadLimits,
): PlannedRead<T>[] {
  const codes = [...new Set(wanted.map((value) => value.functionCode))].sort((a, b) => a - b);
  return codes.flatMap((code) =>
    planOfFunction(
      wanted.filter((value) => value.functionCode === code),
      limits,
    ),
  );
}

/** True when a device with these limits must accept the request. */
export function isLegalRead(address: number, count: number, limits: ReadLimits): boolean {
  const last = address + count - 1;
  return (
    count >= 1 &&
    count <= Math.min(limits.maxRegisters, 125) &&
    address >= 0 &&
    last <= 65_535 &&
    (!limits.even || (address % 2 === 0 && count % 2 === 0)) &&
    !limits.forbidden.some((range) => range.first <= last && range.last >= address)
  );
}

/** Shortest path over the values in order of address: `best[i]` covers the first i of them. */
function planOfFunction<T extends WantedRegisters>(
  wanted: readonly T[],
  limits: ReadLimits,
): PlannedRead<T>[] {
  const values = wanted.toSorted((a, b) => a.address - b.address || a.count - b.count);
  interface Step {
    requests: number;
    registers: number;
    read: PlannedRead<T> | null;
    from: number;
  }
  const best: (Step | undefined)[] = [{ requests: 0, registers: 0, read: null, from: 0 }];
  for (let start = 0; start < values.length; start++) {
    const before = best[start];
    const first = values[start];
    if (before === undefined || first === undefined) continue;
    let end = first.address + first.count;
    for (let i = start; i < values.length; i++) {
      const value = values[i];
      if (value === undefined || value.address - end > limits.maxGap) break;
      end = Math.max(end, value.address + value.count);
      const address = limits.even ? first.address - (first.address % 2) : first.address;
      const count = limits.even ? end - address + ((end - address) % 2) : end - address;
      if (count > limits.maxRegisters) break;
      if (!isLegalRead(address, count, limits)) continue;
      const requests = before.requests + 1;
      const registers = before.registers + count;
      const known = best[i + 1];
      if (
        known === undefined ||
        requests < known.requests ||
        (requests === known.requests && registers < known.registers)
      ) {
        const read = { functionCode: first.functionCode, address, count, wanted: values.slice(start, i + 1) };
        best[i + 1] = { requests, registers, read, from: start };
      }
    }
  }
  const plan: PlannedRead<T>[] = [];
  for (let at = values.length; at > 0;) {
    const step = best[at];
    if (step === undefined || step.read === null) throw unreadable(values, limits);
    plan.push(step.read);
    at = step.from;
  }
  return plan.reverse();
}

function unreadable(values: readonly WantedRegisters[], limits: ReadLimits): MillwattError {
  const alone = values.find((value) => {
    const address = limits.even ? value.address - (value.address % 2) : value.address;
    const count = value.address + value.count - address;
    return !isLegalRead(address, limits.even ? count + (count % 2) : count, limits);
  });
  return new MillwattError(
    'refuse',
    'unreadable-point',
    `No request that the device allows can hold the registers from ${alone?.address ?? 'some value'} on.`,
    { cure: 'Correct the limits of the device profile, or leave the value out.' },
  );
}

import type { ReadLimits } from '../protocols/modbus/profile/profile.ts';
import {
  judgeOfFunction,
  type KnownRegisters,
  type PlannedRead,
  type WantedRegisters,
} from '../protocols/modbus/plan/read-plan.ts';

/** The reference of bench/read-plan.ts: each value joins the request before it whenever the device allows that. */
export function planGreedily<T extends WantedRegisters>(
  wanted: readonly T[],
  limits: ReadLimits,
  known: KnownRegisters,
): PlannedRead<T>[] {
  const plan: PlannedRead<T>[] = [];
  for (const functionCode of new Set(wanted.map((value) => value.functionCode))) {
    const judge = judgeOfFunction(functionCode, wanted, limits, known);
    const values = wanted
      .filter((value) => value.functionCode === functionCode)
      .toSorted((a, b) => a.address - b.address || a.count - b.count);
    let last: PlannedRead<T> | undefined;
    let reach = -1;
    let end = 0;
    for (const value of values) {
      const valueEnd = judge.endFor(value.address + value.count);
      if (last !== undefined && value.address - end <= limits.maxGap && valueEnd <= reach) {
        last.wanted.push(value);
        last.count = Math.max(last.count, valueEnd - last.address);
      } else {
        const address = judge.startFor(value.address);
        reach = judge.reach(address);
        if (valueEnd > reach) throw new RangeError(`registers from ${value.address} on cannot be read`);
        last = { functionCode, address, count: valueEnd - address, wanted: [value] };
        plan.push(last);
        end = 0;
      }
      end = Math.max(end, value.address + value.count);
    }
  }
  return plan;
}

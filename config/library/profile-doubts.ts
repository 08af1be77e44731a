import { QUANTITIES, QUANTITY_NAMES } from '../../protocols/telemetry/quantity.ts';
import type { Remark } from '../finding.ts';
import { ownList, ownValue } from '../salvage.ts';

/** Printed numbers of registers begin at these, by the function that reads them. */
const PRINTED_FROM: Readonly<Record<number, number>> = { 3: 40_001, 4: 30_001 };
const PRINTED_COUNT = 9999;

/** What is allowed in a profile and yet seldom meant; from the plain data, so that it is said beside what is wrong. */
export function findProfileDoubts(raw: unknown): Remark[] {
  return [
    ...ownList(raw, 'points').flatMap((line, i) => [
      ...doubtAddress(raw, line, ['points', i]),
      ...doubtCounter(line, ['points', i]),
    ]),
    ...(['statuses', 'identity', 'details'] as const).flatMap((key) =>
      ownList(raw, key).flatMap((line, i) => doubtAddress(raw, line, [key, i])),
    ),
  ];
}

function doubtAddress(raw: unknown, line: unknown, path: (string | number)[]): Remark[] {
  const address = ownValue(line, 'address');
  const from = PRINTED_FROM[Number(ownValue(line, 'functionCode') ?? ownValue(raw, 'functionCode'))];
  if (typeof address !== 'number' || from === undefined) return [];
  if (address < from || address >= from + PRINTED_COUNT) return [];
  return [
    {
      severity: 'warning',
      path: [...path, 'address'],
      message: `${address} looks like the printed number of a register, which begin at ${from}.`,
      cure: `Write ${address - from}, unless the manual says that its addresses count from 0.`,
    },
  ];
}

/** Floats lose digits and do not wrap; of whole numbers somebody must say what happens at the end of their bits. */
function doubtCounter(line: unknown, path: (string | number)[]): Remark[] {
  const quantity = QUANTITY_NAMES.find((name) => name === ownValue(line, 'quantity'));
  const [, bits] = /^u(16|32)$/.exec(String(ownValue(line, 'type'))) ?? [];
  if (quantity === undefined || bits === undefined || !QUANTITIES[quantity].cumulative) return [];
  if (ownValue(line, 'counter') !== undefined) return [];
  const modulus = 2 ** Number(bits);
  return [
    {
      severity: 'warning',
      path,
      message: `nothing says what ${quantity} does when its ${bits} bits are full; a fall of it is taken for a new counter, and the energy around it is lost.`,
      cure: `Where it starts again at 0, add counter: { behaviour: monotone, modulus: ${modulus} }, or the number at which the manual says that it does; where nobody says, counter: { behaviour: monotone }.`,
    },
  ];
}

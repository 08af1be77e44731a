import { printableText } from '../printable-text.ts';
import type { Found } from './found.ts';

const REMARK_MAX = 1000;

/**
 * What was found, with names and texts of the server such that they may stand on terminals, in logs and in the evidence;
 * words that states are told by, and what is asked for, stay as they are.
 */
export function makePrintable({ device, measured, statuses, remarks }: Found): Found {
  const named = <T extends { point: string }>(one: T): T => ({ ...one, point: printable(one.point) });
  return {
    ...(device === undefined
      ? {}
      : {
          device: Object.fromEntries(
            Object.entries(device).map(([field, text]) => [field, printableText(text)]),
          ) as typeof device,
        }),
    measured: measured.map((one) => ({
      ...named(one),
      ...(one.accuracy === undefined
        ? {}
        : {
            accuracy: {
              class: printableText(one.accuracy.class),
              ...(one.accuracy.domain === undefined ? {} : { domain: printableText(one.accuracy.domain) }),
            },
          }),
    })),
    statuses: statuses.map(named),
    remarks: remarks.map((remark) => printable(remark).slice(0, REMARK_MAX)),
  };
}

/** Points are never cut: two long ones could become one. */
function printable(text: string): string {
  return printableText(text, Infinity);
}

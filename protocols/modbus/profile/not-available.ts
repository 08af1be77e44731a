import type { RegisterType } from './profile.ts';

/** The bits that a pattern pins down, and what they must be. */
export interface BitPattern {
  mask: bigint;
  bits: bigint;
}

/** The patterns of a device for one type and those of one point, without doubles. */
export function patternsOf(
  device: Readonly<Partial<Record<RegisterType, readonly string[]>>>,
  value: { type: RegisterType; notAvailable?: readonly string[] | undefined },
): string[] {
  return [...new Set([...(value.notAvailable ?? []), ...(device[value.type] ?? [])])];
}

/** Splits `0x7FFFXXXX` into the digits that count and those that may be anything. */
export function parsePattern(text: string): BitPattern {
  const digits = text.slice(2);
  return {
    mask: BigInt(`0x${digits.replaceAll(/[^X]/g, 'F').replaceAll('X', '0')}`),
    bits: BigInt(`0x${digits.replaceAll('X', '0')}`),
  };
}

/** Tests 16 or 32 bits; undefined when there is nothing to test. */
export function makeNarrowTest(patterns: readonly string[]): ((bits: number) => boolean) | undefined {
  if (patterns.length === 0) return undefined;
  const parsed = patterns.map((text) => {
    const { mask, bits } = parsePattern(text);
    return { mask: Number(mask), bits: Number(bits) };
  });
  // `>>> 0` because the bit operators of the language count 32 bits with a sign.
  return (bits) => parsed.some((one) => (bits & one.mask) >>> 0 === one.bits);
}

/** Tests 64 bits; undefined when there is nothing to test. */
export function makeWideTest(patterns: readonly string[]): ((bits: bigint) => boolean) | undefined {
  if (patterns.length === 0) return undefined;
  const parsed = patterns.map(parsePattern);
  return (bits) => parsed.some((one) => (bits & one.mask) === one.bits);
}

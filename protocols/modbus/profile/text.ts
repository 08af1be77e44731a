import type { TextLayout } from './profile.ts';

/**
 * The text in `count` registers from `offset`, without what follows the first NUL and without blanks at either end.
 * Null where it is empty or holds anything but printable ASCII characters: then it is no text (empty flash reads 0xFF).
 */
export function decodeText(
  registers: Uint16Array,
  offset: number,
  count: number,
  layout: TextLayout,
): string | null {
  if (offset < 0 || offset + count > registers.length)
    throw new RangeError(`${count} registers at ${offset} lie outside a reply of ${registers.length}`);
  let text = '';
  for (const register of registers.subarray(offset, offset + count)) {
    const high = register >> 8;
    const low = register & 0xff;
    if (layout === 'swapped') text += String.fromCharCode(low, high);
    else if (layout === 'plain') text += String.fromCharCode(high, low);
    // Devices that give a character a register of its own put it into either half.
    else if (high !== 0 && low !== 0) return null;
    else text += String.fromCharCode(high === 0 ? low : high);
  }
  const end = text.indexOf('\0');
  const trimmed = (end < 0 ? text : text.slice(0, end)).trim();
  return trimmed !== '' && /^[\x20-\x7e]+$/.test(trimmed) ? trimmed : null;
}

/** Writes a text into `count` registers from `offset`, filled up with NUL: what `decodeText` reads. */
export function encodeText(
  text: string,
  registers: Uint16Array,
  offset: number,
  count: number,
  layout: TextLayout,
): void {
  const characters = layout === 'one-per-register' ? count : count * 2;
  if (text.length > characters)
    throw new RangeError(`${JSON.stringify(text)} is longer than the ${characters} characters it may have`);
  for (let i = 0; i < count; i++) {
    const code = (at: number) => (at < text.length ? text.charCodeAt(at) & 0xff : 0);
    if (layout === 'one-per-register') registers[offset + i] = code(i);
    else {
      const [first, second] = [code(i * 2), code(i * 2 + 1)];
      registers[offset + i] = layout === 'plain' ? (first << 8) | second : (second << 8) | first;
    }
  }
}

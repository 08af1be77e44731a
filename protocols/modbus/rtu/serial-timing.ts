import type { SerialFormat } from '../endpoint.ts';

/** Time of one character on the line, ms: start bit, 8 data bits, parity, stop bits. */
export function characterMs({ baudRate, parity, stopBits }: SerialFormat): number {
  return ((1 + 8 + (parity === 'none' ? 0 : 1) + stopBits) * 1000) / baudRate;
}

/** The silence that separates two frames, ms: 3.5 characters, and 1.75 ms above 19200 baud as the standard says. */
export function frameSilenceMs(format: SerialFormat): number {
  return format.baudRate > 19_200 ? 1.75 : 3.5 * characterMs(format);
}

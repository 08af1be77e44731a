/** One step of CRC-16/MODBUS (polynomial 0x8005, reflected) for every byte. */
const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  return crc;
});

/**
 * The checksum of RTU over bytes `start` .. `end` (exclusive), 0 .. 65535; the line carries its low byte first. It sees
 * every error of up to three bits in a frame, and lets one of 65,536 random frames through.
 */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0xffff;
  for (let i = start; i < end; i++)
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (bytes[i] as number)) & 0xff] as number);
  return crc;
}

const HEADER_BYTES = 32;
const FRAME_BYTES = 4096 + 24;

/**
 * How much of a write-ahead log SQLite reads, bytes: up to the end of the last commit whose checksums hold from the
 * beginning on (https://www.sqlite.org/fileformat2.html#walformat). Little-endian sums, as ours are.
 */
export function committedBytes(log: Buffer): number {
  if (log.length < HEADER_BYTES) return 0;
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  let [one, two] = [0, 0];
  const add = (from: number, length: number) => {
    for (let at = from; at < from + length; at += 8) {
      one = (one + view.getUint32(at, true) + two) | 0;
      two = (two + view.getUint32(at + 4, true) + one) | 0;
    }
  };
  const holds = (at: number) => view.getInt32(at) === one && view.getInt32(at + 4) === two;
  add(0, 24);
  if (view.getUint32(0) !== 0x37_7f_06_82 || !holds(24)) return 0;
  let committed = 0;
  for (let at = HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES) {
    add(at, 8);
    add(at + 24, 4096);
    const isOurs =
      view.getUint32(at + 8) === view.getUint32(16) && view.getUint32(at + 12) === view.getUint32(20);
    if (!isOurs || !holds(at + 16)) break;
    if (view.getUint32(at + 4) !== 0) committed = at + FRAME_BYTES;
  }
  return committed;
}

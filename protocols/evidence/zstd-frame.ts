const MAGIC = 0xfd2fb528;
/** Bytes of the content size field, by the frame header's two-bit flag; 0 means 1 in a single-segment frame. */
const SIZE_BYTES = [0, 2, 4, 8];
const DICTIONARY_BYTES = [0, 1, 2, 4];
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

/**
 * The length that a zstd frame (RFC 8878) announces to unfold to, when the bytes are exactly one frame that announces it,
 * without a dictionary; otherwise undefined. Nothing is unfolded: it walks the block headers. zlib's reader ignores what
 * follows a frame and unfolds as much as it is told, so both are settled here.
 */
export function announcedTextBytes(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 6 || view.getUint32(0, true) !== MAGIC) return undefined;
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0b0010_0000) !== 0;
  const checksumBytes = (descriptor & 0b0000_0100) === 0 ? 0 : 4;
  const reserved = (descriptor & 0b0000_1000) !== 0;
  const dictionaryBytes = DICTIONARY_BYTES[descriptor & 0b11] ?? 0;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : (SIZE_BYTES[sizeFlag] ?? 0);
  if (reserved || dictionaryBytes > 0 || sizeBytes === 0) return undefined;
  const sizeAt = 5 + (singleSegment ? 0 : 1);
  let offset = sizeAt + sizeBytes;
  if (offset > bytes.length) return undefined;
  const size = readSize(view, sizeAt, sizeBytes);
  for (let last = false; !last;) {
    if (offset + 3 > bytes.length) return undefined;
    const header = view.getUint16(offset, true) | (view.getUint8(offset + 2) << 16);
    last = (header & 1) === 1;
    const type = (header >> 1) & 0b11;
    if (type === RESERVED_BLOCK) return undefined;
    offset += 3 + (type === RLE_BLOCK ? 1 : header >> 3);
  }
  return offset + checksumBytes === bytes.length ? size : undefined;
}

function readSize(view: DataView, offset: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(offset);
  // The two-byte form counts from 256.
  if (bytes === 2) return view.getUint16(offset, true) + 256;
  return bytes === 4 ? view.getUint32(offset, true) : Number(view.getBigUint64(offset, true));
}

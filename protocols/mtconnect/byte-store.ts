const FIRST_LENGTH = 16 * 1024;

/** Bytes that came and were not used yet, in one piece: however small the chunks, each byte is copied a few times at most. */
export class ByteStore {
  #bytes = Buffer.alloc(0);
  #from = 0;
  #to = 0;

  /** Puts a chunk behind what is held; it may be used for something else afterwards. */
  add(chunk: Uint8Array): void {
    if (this.#to + chunk.byteLength > this.#bytes.length) this.#makeRoom(chunk.byteLength);
    this.#bytes.set(chunk, this.#to);
    this.#to += chunk.byteLength;
  }

  /** All that is held; good until the next `add`. */
  held(): Buffer {
    return this.#bytes.subarray(this.#from, this.#to);
  }

  /** Forgets the first bytes. */
  drop(length: number): void {
    this.#from += length;
    if (this.#from < this.#to) return;
    // Empty: what one long part needed is not kept for ever.
    if (this.#bytes.length > FIRST_LENGTH) this.#bytes = Buffer.alloc(0);
    this.#from = 0;
    this.#to = 0;
  }

  #makeRoom(length: number): void {
    const held = this.held();
    const isRoomy = held.length + length <= this.#bytes.length / 2;
    const bytes = isRoomy
      ? this.#bytes
      : Buffer.allocUnsafeSlow(Math.max(FIRST_LENGTH, 2 * (held.length + length)));
    // Moves right also within one buffer.
    bytes.set(held, 0);
    this.#bytes = bytes;
    this.#from = 0;
    this.#to = held.length;
  }
}

/** The MQTT control packet type of CONNECT (3.1.1, table 2.1). */
const CONNECT = 1;

/**
 * Watches the fixed headers of an MQTT byte stream and says when a peer announces a packet that is too large, before
 * anything of it is kept. A parser that trusts the announced length can be filled by anyone who can reach the port.
 */
export class FrameGuard {
  #packetBytesMax: number;
  #first = true;
  #state: 'type' | 'length' | 'body' = 'type';
  #length = 0;
  #lengthBytes = 0;
  #bodyLeft = 0;

  /** @param packetBytesMax largest announced length, bytes */
  constructor(packetBytesMax: number) {
    this.#packetBytesMax = packetBytesMax;
  }

  /** From now on packets may be this large, bytes. */
  allow(packetBytesMax: number): void {
    this.#packetBytesMax = packetBytesMax;
  }

  /** Why the stream must be cut, or undefined while it is in order. */
  inspect(bytes: Uint8Array): string | undefined {
    let offset = 0;
    while (offset < bytes.length) {
      if (this.#state === 'body') {
        const skipped = Math.min(this.#bodyLeft, bytes.length - offset);
        offset += skipped;
        this.#bodyLeft -= skipped;
        if (this.#bodyLeft === 0) this.#state = 'type';
        continue;
      }
      const byte = bytes[offset] ?? 0;
      offset += 1;
      const complaint = this.#state === 'type' ? this.#takeType(byte) : this.#takeLength(byte);
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  }

  #takeType(byte: number): string | undefined {
    if (this.#first && byte >> 4 !== CONNECT) return 'does not begin with CONNECT';
    this.#first = false;
    this.#state = 'length';
    this.#length = 0;
    this.#lengthBytes = 0;
    return undefined;
  }

  #takeLength(byte: number): string | undefined {
    this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes;
    this.#lengthBytes += 1;
    if (this.#length > this.#packetBytesMax)
      return `announces a packet of ${this.#length} bytes or more, ${this.#packetBytesMax} are allowed`;
    if (byte >= 0x80) return this.#lengthBytes === 4 ? 'announces an impossible length' : undefined;
    this.#bodyLeft = this.#length;
    this.#state = this.#length === 0 ? 'type' : 'body';
    return undefined;
  }
}

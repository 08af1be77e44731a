/** What happened, as one number, and as lines for people when they ask. */
export class Trace {
  readonly lines: string[] = [];
  readonly #tells: boolean;
  #low = 2_166_136_261;
  #high = 0x9e37_79b9;

  constructor(tells: boolean) {
    this.#tells = tells;
  }

  note(atMs: number, kind: string, detail: string): void {
    this.#text(`${atMs} ${kind} ${detail}`);
    if (this.#tells) this.lines.push(`${(atMs / 1000).toFixed(3).padStart(9)} ${kind} ${detail}`);
  }

  message(atMs: number, host: string, topic: string, payload: Uint8Array): void {
    this.#text(`${atMs} ${host} ${topic}`);
    const leaf = topic.split('/')[4] ?? '';
    // What goes to no record tells of the computer, too: its memory, its event loop.
    if (leaf === 'batch' || leaf === 'receipt') for (const byte of payload) this.#byte(byte);
    if (this.#tells && (leaf === 'batch' || leaf === 'receipt'))
      this.lines.push(
        `${(atMs / 1000).toFixed(3).padStart(9)} ${host} -> ${leaf} ${Buffer.from(payload.subarray(8, 900))
          .toString('latin1')
          .replace(/[^ -~].*/s, '')
          .slice(0, 700)}`,
      );
  }

  hash(): string {
    return (this.#high >>> 0).toString(16).padStart(8, '0') + (this.#low >>> 0).toString(16).padStart(8, '0');
  }

  #text(text: string): void {
    for (let index = 0; index < text.length; index++) this.#byte(text.charCodeAt(index));
  }

  #byte(byte: number): void {
    this.#low = Math.imul(this.#low ^ byte, 16_777_619);
    this.#high = Math.imul((this.#high << 5) ^ (this.#high >>> 27) ^ byte, 0x85eb_ca6b);
  }
}

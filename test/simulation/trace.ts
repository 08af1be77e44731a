import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { parseReceipt } from '../../protocols/telemetry/receipt.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';

/** What happened, as one number, and as lines for people when they ask. */
export class Trace {
  readonly lines: string[] = [];
  readonly #tells: boolean;
  #low = 2_166_136_261;
  #high = 0x9e37_79b9;

  /** @param tells whether lines are kept */
  constructor(tells: boolean) {
    this.#tells = tells;
  }

  note(atMs: number, kind: string, detail: string): void {
    this.#text(`${atMs} ${kind} ${detail}`);
    if (this.#tells) this.lines.push(`${(atMs / 1000).toFixed(3).padStart(9)} ${kind} ${detail}`);
  }

  message(atMs: number, host: string, topic: string, payload: Uint8Array): void {
    this.#text(`${atMs} ${host} ${topic}`);
    const leaf = topic.split('/')[4];
    // What is no record and no receipt tells of this computer, too: its memory, its event loop.
    if (leaf !== 'batch' && leaf !== 'receipt') return;
    for (const byte of payload) this.#byte(byte);
    if (this.#tells)
      this.note(atMs, `${host} ->`, leaf === 'batch' ? describeRecord(payload) : describeReceipt(payload));
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

function describeRecord(bytes: Uint8Array): string {
  const { header, parts } = parseRecord(bytes);
  const { epoch, seq, kind, boot, first, last, sealedTo, samples, clock, thinnedFrom, thinnedTo } = header;
  const thinned = thinnedFrom === undefined ? '' : `, thinned from ${thinnedFrom}..${thinnedTo}`;
  const log = kind === 'log' && parts[0] !== undefined ? ` ${unfoldPart(parts[0])}` : '';
  return `${kind} ${epoch}/${seq}, boot ${boot} ${first}..${last} sealed to ${sealedTo}, ${samples} samples, ${clock.state}${thinned}${log}`;
}

function describeReceipt(bytes: Uint8Array): string {
  const { agent, epoch, accepted, rejected, requested } = parseReceipt(bytes).receipt;
  const rangesOf = (ranges: readonly { from: number; to: number }[]) =>
    ranges.map(({ from, to }) => (from === to ? from : `${from}..${to}`)).join(' ');
  const said = [
    accepted.length > 0 ? `has ${rangesOf(accepted)}` : '',
    rejected.length > 0 ? `rejects ${rejected.map(({ seq, reason }) => `${seq} (${reason})`).join(' ')}` : '',
    requested.length > 0 ? `asks for ${rangesOf(requested)}` : '',
  ];
  return `receipt for ${agent}/${epoch}: ${said.filter((one) => one !== '').join(', ')}`;
}

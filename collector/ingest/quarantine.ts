import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../../protocols/errors.ts';
import { sha256 } from '../../protocols/evidence/keys.ts';
import type { Log } from '../../protocols/log.ts';
import { QuietLog } from './quiet-log.ts';

const SIZE_BYTES_MAX = 64 * 1024 * 1024;
const FILES_MAX = 10_000;

/** What was set aside. */
export interface QuarantineStats {
  /** Messages set aside since the start, by reason. */
  messages: Record<string, number>;
  /** Files in the folder, and their bytes. */
  files: number;
  bytes: number;
  /** Messages since the start that were not kept because the folder was full or could not be written. */
  discarded: number;
}

/** Where messages go that can never be taken: one file each, named by its hash and reason, for someone to look at. */
export class Quarantine {
  readonly #folder: string;
  readonly #log: Log;
  readonly #quiet: QuietLog;
  readonly #bytesMax: number;
  readonly #names = new Set<string>();
  readonly #messages = new Map<string, number>();
  readonly #writing = new Set<Promise<void>>();
  #bytes = 0;
  #discarded = 0;

  constructor(options: { folder: string; log: Log; realMs: () => number; bytesMax?: number }) {
    this.#folder = options.folder;
    this.#log = options.log;
    this.#quiet = new QuietLog(options.realMs);
    this.#bytesMax = options.bytesMax ?? SIZE_BYTES_MAX;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#folder)) {
      this.#names.add(name);
      this.#bytes += statSync(join(this.#folder, name)).size;
    }
  }

  /** Counts the message, says so (once a minute for each reason and agent) and keeps it in the background. */
  keep(bytes: Uint8Array, why: { reason: string; message: string; agent: string }): void {
    const { reason, agent, message } = why;
    this.#messages.set(reason, (this.#messages.get(reason) ?? 0) + 1);
    const name = `${sha256(bytes)}.${reason}`;
    this.#quiet.say(`${reason}/${agent}`, (swallowed) =>
      this.#log.warn({ agent, reason, file: name, swallowed }, `A message was set aside. ${message}`),
    );
    if (this.#names.has(name)) return;
    if (this.#names.size >= FILES_MAX || this.#bytes + bytes.length > this.#bytesMax) {
      this.#discarded++;
      return;
    }
    this.#names.add(name);
    this.#bytes += bytes.length;
    const writing = this.#write(name, new Uint8Array(bytes)).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  stats(): QuarantineStats {
    return {
      messages: Object.fromEntries(this.#messages),
      files: this.#names.size,
      bytes: this.#bytes,
      discarded: this.#discarded,
    };
  }

  /** Resolves when everything that is kept is written. */
  async settle(): Promise<void> {
    await Promise.all(this.#writing);
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    const path = join(this.#folder, name);
    try {
      await writeFile(`${path}.new`, bytes, { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      this.#names.delete(name);
      this.#bytes -= bytes.length;
      this.#discarded++;
      this.#quiet.say('unwritable', () =>
        this.#log.warn({ error: describeError(error) }, 'The quarantine folder cannot be written.'),
      );
    }
  }
}

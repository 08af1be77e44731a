import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { SPOOL_FILE } from './spool-database.ts';
import { SpoolMeta } from './spool-meta.ts';
import type { BootAnchor } from './spool-open-rows.ts';

/** It is full no more when nothing that was thinned waits, and what waits takes less than this share of it. */
const RELIEVED_SHARE = 0.5;
const LOOK_EVERY_MS = 60_000;
const META_NAME = 'full';

/** When the spool was too small for what waited, the last time; and what became of its samples. */
export interface Fullness {
  /** Wall ms; null where the clock was not trusted. */
  sinceMs: number | null;
  /** Wall ms; null while it lasts, and where the clock was not trusted. */
  untilMs: number | null;
  isOver: boolean;
  thinned: number;
  dropped: number;
}

/** Remembers when the spool was full, over restarts: whoever looks at it later has to know of which time readings are few. */
export class SpoolFullness {
  readonly #meta: SpoolMeta;
  readonly #sizes: StatementSync;
  readonly #thinned: StatementSync;
  readonly #usedBytes: () => number;
  readonly #relievedBytes: number;
  #wallMs: number | null = null;
  #lookedMs = -Infinity;

  /** @param usedBytes what the spool takes in its file now */
  constructor(database: DatabaseSync, meta: SpoolMeta, maxBytes: number, usedBytes: () => number) {
    this.#meta = meta;
    this.#usedBytes = usedBytes;
    this.#relievedBytes = maxBytes * RELIEVED_SHARE;
    this.#sizes = database.prepare(
      `SELECT COALESCE(SUM(size), 0) AS "all", COALESCE(SUM(size) FILTER (WHERE state = 'sealed'), 0) AS waiting
       FROM records`,
    );
    this.#thinned = database.prepare(
      `SELECT 1 FROM headers h JOIN records r ON r.id = h.id
       WHERE h.thinned_from IS NOT NULL AND r.state = 'sealed' LIMIT 1`,
    );
  }

  /** Undefined where it never was. */
  read(): Fullness | undefined {
    const text = this.#meta.get(META_NAME);
    return text === null ? undefined : (JSON.parse(text) as Fullness);
  }

  /** Samples were thinned or dropped for want of room. Inside the transaction that does it. */
  note(thinned: number, dropped: number): void {
    if (thinned === 0 && dropped === 0) return;
    const known = this.read();
    const before =
      known === undefined || known.isOver
        ? { sinceMs: this.#wallMs, untilMs: null, isOver: false, thinned: 0, dropped: 0 }
        : known;
    this.#write({ ...before, thinned: before.thinned + thinned, dropped: before.dropped + dropped });
  }

  /** Takes the clock in, and looks now and then whether it is over. Inside a transaction. */
  tick({ mono, wall, state }: BootAnchor): void {
    this.#wallMs = state === 'unsynced' ? null : wall;
    if (Math.abs(mono - this.#lookedMs) < LOOK_EVERY_MS) return;
    this.#lookedMs = mono;
    const known = this.read();
    if (known === undefined || known.isOver) return;
    if (this.#thinned.get() !== undefined) return;
    const row = this.#sizes.get();
    const waitingShare = Number(row?.['waiting'] ?? 0) / Math.max(1, Number(row?.['all'] ?? 0));
    if (this.#usedBytes() * waitingShare >= this.#relievedBytes) return;
    this.#write({ ...known, untilMs: this.#wallMs, isOver: true });
  }

  #write(fullness: Fullness): void {
    this.#meta.set(META_NAME, JSON.stringify(fullness));
  }
}

/** Asks the spool in a folder, whose agent may be running; null where there is none. Throws what SQLite throws. */
export function readFullness(folder: string): Fullness | undefined | null {
  const path = join(folder, SPOOL_FILE);
  if (!existsSync(path)) return null;
  const database = new DatabaseSync(path, { readOnly: true, timeout: 1000 });
  try {
    const text = new SpoolMeta(database).get(META_NAME);
    return text === null ? undefined : (JSON.parse(text) as Fullness);
  } finally {
    database.close();
  }
}

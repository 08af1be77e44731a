import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryToAppend } from '../../../collector/journal/journal.ts';
import { generateSigningKey, readSigningKey, type SigningKey } from '../../../protocols/evidence/keys.ts';

/** A Monday in 2026, wall ms. */
export const MONDAY_MS = Date.UTC(2026, 2, 2);
export const HOUR_MS = 3_600_000;

/** A folder of its own. */
export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), 'millwatt-journal-'));
}

/** The same key in another object, as another process reads it. */
export function again(key: SigningKey): SigningKey {
  return readSigningKey(key.exportPem());
}

export const key = generateSigningKey();

/** An amendment of `mill` that can be entered. */
export function amendment(
  body: Readonly<Record<string, unknown>> = {},
  other: Partial<EntryToAppend> = {},
): EntryToAppend {
  return {
    atMs: MONDAY_MS + 9 * HOUR_MS,
    kind: 'amendment',
    machine: 'mill',
    by: 'Anna',
    body: {
      kind: 'direction',
      component: 'supply',
      fromMs: MONDAY_MS,
      toMs: MONDAY_MS + HOUR_MS,
      reason: 'k and l were exchanged at commissioning',
      ...body,
    },
    ...other,
  };
}

/** A revocation of an entry. */
export function revocation(hash: string): EntryToAppend {
  return {
    atMs: MONDAY_MS + 10 * HOUR_MS,
    kind: 'revocation',
    machine: 'mill',
    by: 'Bela',
    body: { amendment: hash, reason: 'the transformers were right after all' },
  };
}

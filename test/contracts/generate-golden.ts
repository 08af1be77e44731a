/**
 * Writes the golden files. Run only when the format changes on purpose, which after a release means a new format version
 * and new files beside these: node test/contracts/generate-golden.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { sealGolden } from './golden-content.ts';

const folder = new URL('./golden/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, bytes] of sealGolden()) writeFileSync(new URL(name, folder), bytes);

import { writeFileSync } from 'node:fs';
import { publishedFiles } from './published-files.ts';

/** Writes the published schema and context anew: `node test/collector/footprint/record/schema-writer.ts`. */
for (const { file, text } of publishedFiles()) writeFileSync(file, text);

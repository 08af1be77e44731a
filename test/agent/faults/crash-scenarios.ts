import { readFileSync } from 'node:fs';
import { makeImage } from './spool-image.ts';

/** A life of a spool: where it begins, and the process runs that follow each other. */
export interface Scenario {
  /** The files that are there before, by their names. */
  before?: () => Record<string, Buffer>;
  starts: readonly { maxBytes: number; durability: 'group' | 'os'; rounds: number }[];
}

const GOLDEN = new URL('../../contracts/golden/spool-1/spool.sqlite', import.meta.url);
/** Its log is carried over every few rounds. */
const ROOMY = 3_000_000;

/** By name. */
export const SCENARIOS: Record<string, Scenario> = {
  'a new spool': {
    starts: [
      { maxBytes: ROOMY, durability: 'group', rounds: 5 },
      { maxBytes: ROOMY, durability: 'group', rounds: 1 },
    ],
  },
  // Its log is carried over every few commits, receipted records go, then the oldest.
  'a full spool': { starts: [{ maxBytes: 110_000, durability: 'group', rounds: 14 }] },
  'an upgrade from format 1': {
    before: () => ({ 'spool.sqlite': readFileSync(GOLDEN) }),
    starts: [{ maxBytes: ROOMY, durability: 'group', rounds: 1 }],
  },
  'a salvage': {
    before: () => {
      const { db, page1 } = makeImage(9, { crashed: false }).files;
      return { 'spool.sqlite': spoilLeaf(db), 'spool.sqlite.page1': page1 ?? Buffer.alloc(0) };
    },
    starts: [{ maxBytes: ROOMY, durability: 'group', rounds: 1 }],
  },
  'durability os': { starts: [{ maxBytes: ROOMY, durability: 'os', rounds: 3 }] },
};

/** The head of the last page that holds records. */
function spoilLeaf(file: Buffer): Buffer {
  for (let page = file.length / 4096 - 1; page > 1; page--)
    if (file[page * 4096] === 0x0d && file.subarray(page * 4096, (page + 1) * 4096).includes('MWB1')) {
      file.writeUInt8(0x0f, page * 4096);
      return file;
    }
  throw new Error('no page of records');
}

import { createHash } from 'node:crypto';

/**
 * The root of a Merkle tree as RFC 6962, section 2.1, builds it: SHA-256, leaves with 0x00 before them, nodes with 0x01. Of no
 * leaves, the hash of nothing. 32 bytes.
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  let level: Buffer[] = leaves.map((leaf) => createHash('sha256').update(LEAF).update(leaf).digest());
  while (level.length > 1) {
    const above: Buffer[] = [];
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = [level[at], level[at + 1]];
      // One that has no neighbour goes up as it is: the same tree as one that is cut at the largest power of two.
      if (left !== undefined)
        above.push(
          right === undefined ? left : createHash('sha256').update(NODE).update(left).update(right).digest(),
        );
    }
    level = above;
  }
  return level[0] ?? Buffer.alloc(0);
}

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

import { createHash } from 'node:crypto';

/*
 * Merkle trees as RFC 6962, section 2.1, builds them: SHA-256, leaves with 0x00 before them, nodes with 0x01. The tree of n > 1
 * leaves is that of the first k and that of the rest, where k is the largest power of two below n.
 */

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** A tree of which only the root is asked: leaves are added one by one, and memory grows with the logarithm of their number. */
export class MerkleRoot {
  /** Roots of complete trees, each of fewer leaves than the one before it; one for each bit of the count. */
  readonly #complete: Buffer[] = [];
  #count = 0;

  /** How many leaves were added. */
  get count(): number {
    return this.#count;
  }

  add(leaf: Uint8Array): void {
    let root = leafHash(leaf);
    for (let count = this.#count; count % 2 === 1; count = (count - 1) / 2)
      root = nodeHash(this.#complete.pop() ?? root, root);
    this.#complete.push(root);
    this.#count++;
  }

  /** 32 bytes; of no leaves, the hash of nothing. */
  root(): Buffer {
    return this.#complete.length === 0
      ? createHash('sha256').digest()
      : this.#complete.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** The root over these leaves, 32 bytes. */
export function merkleRoot(leaves: Iterable<Uint8Array>): Buffer {
  const tree = new MerkleRoot();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}

/** What leads from the leaf at an index to the root: the hashes beside its way, from the leaf up (RFC 6962, 2.1.1). */
export function auditPath(leaves: readonly Uint8Array[], index: number): Buffer[] {
  if (leaves.length <= 1) return [];
  const split = largestPowerOfTwoBelow(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...auditPath(left, index), merkleRoot(right)]
    : [...auditPath(right, index - split), merkleRoot(left)];
}

/**
 * The root to which a path leads from a leaf; undefined where the path has another length than a tree of so many leaves has there.
 *
 * @param index from 0, below `count`
 */
export function rootOfPath(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
): Buffer | undefined {
  if (index >= count) return undefined;
  let hash = leafHash(leaf);
  let [at, last] = [index, count - 1];
  for (const beside of path) {
    if (last === 0) return undefined;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(beside, hash);
      // One that has no neighbour goes up as it is.
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else hash = nodeHash(hash, beside);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? hash : undefined;
}

function leafHash(leaf: Uint8Array): Buffer {
  return createHash('sha256').update(LEAF).update(leaf).digest();
}

function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

function largestPowerOfTwoBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

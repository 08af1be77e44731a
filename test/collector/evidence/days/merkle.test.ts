import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { auditPath, merkleRoot, MerkleRoot, rootOfPath } from '../../../../collector/evidence/days/merkle.ts';

/** Leaves and roots of the reference implementation of RFC 6962 (certificate-transparency, merkle_tree_test.cc). */
const LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'));
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

it('comes to the roots of RFC 6962, leaf by leaf', () => {
  const tree = new MerkleRoot();
  expect(tree.root().toString('hex')).toBe(ROOTS[0]);
  for (const [index, leaf] of LEAVES.entries()) {
    tree.add(leaf);
    expect(tree.root().toString('hex')).toBe(ROOTS[index + 1]);
    expect(merkleRoot(LEAVES.slice(0, index + 1)).equals(tree.root())).toBe(true);
  }
});

it('leads from every leaf of every tree of up to 40 to its root, and to no other from anything else', () => {
  const leaves = Array.from({ length: 40 }, (_, index) => createHash('sha256').update(`${index}`).digest());
  for (let count = 1; count <= leaves.length; count++) {
    const own = leaves.slice(0, count);
    const root = merkleRoot(own);
    for (let index = 0; index < count; index++) {
      const path = auditPath(own, index);
      const leaf = own[index]!;
      expect(rootOfPath(leaf, index, count, path)).toEqual(root);
      expect(rootOfPath(leaf, index, count, [...path, root])).toBeUndefined();
      if (path.length > 0) expect(rootOfPath(leaf, index, count, path.slice(1))).not.toEqual(root);
      expect(rootOfPath(leaf, index, count, path.toReversed())).toSatisfy(
        (other: Buffer | undefined) => path.length < 2 || other === undefined || !other.equals(root),
      );
      expect(rootOfPath(root, index, count, path)).not.toEqual(root);
      if (count > 1) expect(rootOfPath(leaf, (index + 1) % count, count, path)).not.toEqual(root);
      expect(rootOfPath(leaf, count, count, path)).toBeUndefined();
    }
  }
});

import { describe, expect, it } from 'vitest';
import { rotatedFrom, signRotation } from '../../../protocols/evidence/key-rotation.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { ChainFeed } from '../../collector/ledger/chain-feed.ts';

const old = generateSigningKey();
const feed = () => new ChainFeed({ key: generateSigningKey() });

function sealed(): ReturnType<typeof parseRecord> {
  const own = feed();
  const by = signRotation(old, { site: 'plant', agent: 'gw-1', to: own.key.publicKey });
  return parseRecord(own.next({ kind: 'config', rotated: { from: old.publicKey, by } }).bytes);
}

describe('a record that says whose place its key took', () => {
  it('has the statement inside what is hashed and signed, behind what earlier readers know', () => {
    const { header, signedBytes } = sealed();
    expect(rotatedFrom(header)).toBe(old.publicKey);
    const text = Buffer.from(signedBytes.subarray(8)).toString('utf8');
    // Earlier readers take plain values behind `prev` and pass over them.
    const { rotatedFrom: from, rotatedBy: by, ...known } = header;
    expect(text).toBe(`${JSON.stringify(known).slice(0, -1)},"rotatedFrom":"${from}","rotatedBy":"${by}"}`);
  });

  it('says nothing where any word of the statement is another', () => {
    const { header } = sealed();
    for (const change of [
      { site: 'other' },
      { agent: 'gw-2' },
      { key: generateSigningKey().publicKey },
      { rotatedFrom: generateSigningKey().publicKey },
    ])
      expect(rotatedFrom({ ...header, ...change })).toBeUndefined();
    expect(rotatedFrom({ ...header, rotatedBy: undefined } as never)).toBeUndefined();
  });

  it.each([
    ['half a statement', (from: string) => ({ from, by: undefined as never })],
    ['a signature of another length', (from: string, by: string) => ({ from, by: by.slice(0, -1) })],
    [
      'a signature with a second spelling',
      (from: string, by: string) => ({ from, by: `${by.slice(0, -1)}B` }),
    ],
    ['no key', (_: string, by: string) => ({ from: 'somebody', by })],
  ])('cannot be sealed with %s', (_, change) => {
    const own = feed();
    const by = signRotation(old, { site: 'plant', agent: 'gw-1', to: own.key.publicKey });
    expect(() => own.next({ kind: 'config', rotated: change(old.publicKey, by) })).toThrow(
      /impossible fields/,
    );
  });

  it('is the first of its chain, and its key is another than the one before', () => {
    const own = feed();
    const by = signRotation(old, { site: 'plant', agent: 'gw-1', to: own.key.publicKey });
    const rotated = { from: old.publicKey, by };
    expect(() => own.next({ rotated })).toThrow(/impossible fields/);
    expect(() => own.next({ kind: 'config', rotated })).toThrow(/impossible fields/);
    expect(() => feed().next({ kind: 'config', rotated: { from: old.publicKey, by } })).not.toThrow();
    const same = new ChainFeed({ key: old });
    expect(() => same.next({ kind: 'config', rotated })).toThrow(/impossible fields/);
  });
});

import { describe, expect, it } from 'vitest';
import { checkAgentKeys } from '../../../collector/evidence/check-agent-keys.ts';
import { CheckLines } from '../../../collector/evidence/check-line.ts';
import type { PackedChain } from '../../../collector/evidence/manifest.ts';
import { signRotation } from '../../../protocols/evidence/key-rotation.ts';
import { fingerprint, generateSigningKey, type SigningKey } from '../../../protocols/evidence/keys.ts';
import { sealRecord, type SealedRecord } from '../../../protocols/evidence/seal.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { makeSource, packed, verify } from './made-package.ts';

/** A chain sealed anew under a key that took another's place, with the beginning of a chain of that one before it; of one key, two epochs of it. */
function rotate(records: SealedRecord[], old: SigningKey, key: SigningKey): SealedRecord[] {
  let prev: string | null = null;
  const seal = (record: SealedRecord, change: object, signer: SigningKey) => {
    const { header, parts } = parseRecord(record.bytes);
    const folded = header.parts.map(({ machine }, at) => ({ machine, bytes: parts[at]! }));
    return sealRecord({ ...header, prev, ...change }, folded, signer);
  };
  const first = seal(records[0]!, { epoch: 'oooooooooooo' }, old);
  const own = records.map((record, index) => {
    const told =
      index === 0 && old !== key
        ? {
            rotatedFrom: old.publicKey,
            rotatedBy: signRotation(old, { site: 'plant', agent: 'gw-1', to: key.publicKey }),
          }
        : {};
    const again = seal(record, told, key);
    prev = again.hash;
    return again;
  });
  return [first, ...own];
}

const trustOf = ({ lines }: { lines: readonly { check: string; result: string; saying: string }[] }) =>
  lines.filter(({ check }) => check === 'trust').map(({ result, saying }) => `${result}: ${saying}`);

describe('a package whose key was rotated or revoked', () => {
  it('is verified as far as the key that handed over, by what that one signed', async () => {
    const [old, key] = [generateSigningKey(), generateSigningKey()];
    const source = await makeSource(2, (records) => rotate(records, old, key));
    const trusted = [fingerprint(source.key.publicKey)];
    const standingOf = (standing: PackedChain['standing']) => (_: string, own: string) => ({
      standing: own === key.publicKey ? ('rotated' as const) : standing,
    });
    const confirmed = await verify(packed({ ...source, standingOf: standingOf('confirmed') }), trusted);
    expect(confirmed.result).toBe('verified');
    expect(trustOf(confirmed)[2]).toMatch(
      /^pass: Key [-0-9a-f]+ signed that this one takes its place\. Of that one: A person confirmed/,
    );
    const seen = await verify(packed({ ...source, standingOf: standingOf('seen') }), trusted);
    expect(trustOf(seen)[2]).toMatch(/^not-proven: Key .*nobody compared/);
    const other = await verify(packed({ ...source, standingOf: standingOf('other') }), trusted);
    expect(other.result).toBe('failed');
  });

  it('fails at the first record that was taken in after the revocation, whomever one trusts', async () => {
    const source = await makeSource(2);
    const times = source.ledger.readAfter(0, 100).map(({ receivedMs }) => receivedMs);
    const revoked = (revokedMs: number) =>
      packed({
        ...source,
        madeMs: source.madeMs + revokedMs,
        standingOf: () => ({ standing: 'confirmed', revokedMs }),
      });
    const trusted = [source.key.publicKey, source.agentKey.publicKey];
    const late = Math.max(...times);
    const verdict = await verify(revoked(late), trusted);
    expect(verdict.result).toBe('failed');
    expect(verdict.lines.find(({ result }) => result === 'fail')).toMatchObject({
      check: 'trust',
      place: expect.stringMatching(/^raw\/000001\.mwe, byte \d+: record \d+ of gw-1/),
      saying: 'It was taken in after its key was revoked: who sealed it is not known.',
    });
    expect((await verify(revoked(late), [])).result).toBe('failed');
    const before = await verify(revoked(late + 1), [source.key.publicKey]);
    expect(before.result).toBe('verified');
    expect(trustOf(before).join('\n')).toMatch(/not-proven: A person revoked the key since 20.*Z; what was/);
  });

  it('may lack what had not come before the revocation, and says that nobody knows of it', async () => {
    const source = await makeSource(2);
    const records = source.ledger.readAfter(0, 1000);
    // Sealed before it, and not delivered: a hole within the chain.
    const lastSeq = Math.max(...records.flatMap(({ header }) => (header.agent === 'gw-1' ? header.seq : [])));
    const lacking = (out: number, revoked: { revokedMs?: number }) =>
      packed({
        ...source,
        madeMs: source.madeMs + (revoked.revokedMs ?? 0),
        ledger: {
          readAfter: (after, limit) =>
            records
              .filter(
                ({ ordinal, header }) => ordinal > after && (header.agent !== 'gw-1' || header.seq !== out),
              )
              .slice(0, limit),
        },
        standingOf: () => ({ standing: 'confirmed', ...revoked }),
      });
    const ofWhole = ({ lines }: Awaited<ReturnType<typeof verify>>) =>
      lines.filter(({ check, result }) => check === 'completeness' && result !== 'pass');
    expect(ofWhole(await verify(lacking(lastSeq - 1, {}), []))).toMatchObject([{ result: 'fail' }]);
    const revokedMs = Math.max(...records.map(({ receivedMs }) => receivedMs)) + 1;
    expect(ofWhole(await verify(lacking(lastSeq - 1, { revokedMs }), []))).toMatchObject([
      { result: 'not-proven', saying: expect.stringContaining('Its key was revoked') },
    ]);
    // The agent went on delivering for two days: what lacks of the first one had come, and was taken out.
    expect(ofWhole(await verify(lacking(9, { revokedMs }), []))).toMatchObject([{ result: 'fail' }]);
  });

  it('fails where a key was revoked after the package was made, or stands otherwise in another epoch', async () => {
    const source = await makeSource(2);
    const faults = async (standingOf: (typeof source)['standingOf']) =>
      (await verify(packed({ ...source, standingOf }), [])).lines
        .filter(({ result }) => result === 'fail')
        .map(({ saying }) => saying);
    const revokedMs = source.madeMs + 1;
    expect(await faults(() => ({ standing: 'confirmed', revokedMs }))).toContain(
      'Its key was revoked after the package was made.',
    );
    const key = generateSigningKey();
    const twice = await makeSource(2, (records) => rotate(records, key, key));
    let chains = 0;
    const standingOf = () => ({ standing: chains++ === 0 ? ('confirmed' as const) : ('seen' as const) });
    const { lines } = await verify(packed({ ...twice, standingOf }), []);
    expect(lines).toContainEqual(
      expect.objectContaining({
        result: 'fail',
        saying: expect.stringContaining('one key has one standing'),
      }),
    );
  });

  it('fails where the collector says that a key was handed over to and nothing in the package says so', () => {
    const chain = (key: string, more: Partial<PackedChain> = {}): PackedChain => ({
      agent: 'gw-1',
      epoch: 'aaaaaaaaaaaa',
      key,
      standing: 'rotated',
      lastSeq: 1,
      lastHash: '',
      ...more,
    });
    const judge = (chains: PackedChain[], handovers: [from: string, to: string, agent?: string][]) => {
      const lines = new CheckLines();
      const told = handovers.map(([from, to, agent = 'gw-1']) => ({ agent, from, to, receivedMs: 100 }));
      checkAgentKeys({ chains, handovers: told }, () => false, lines);
      return lines.lines
        .filter(({ place }) => place.includes(fingerprint('new')))
        .map(({ result }) => result);
    };
    const old = chain('old', { standing: 'confirmed' });
    expect(judge([chain('new'), old], [['old', 'new']])).toEqual(['pass']);
    expect(judge([chain('new'), old], [])).toEqual(['fail']);
    expect(judge([chain('new')], [['old', 'new']])).toEqual(['fail']);
    expect(judge([chain('new'), old], [['old', 'new', 'gw-2']])).toEqual(['fail']);
    expect(judge([chain('new'), { ...old, revokedMs: 100 }], [['old', 'new']])).toEqual(['fail']);
    expect(judge([chain('new'), { ...old, revokedMs: 101 }], [['old', 'new']])).toEqual(['pass']);
    // Two that name each other.
    const circle: [string, string][] = [
      ['b', 'new'],
      ['new', 'b'],
    ];
    expect(judge([chain('new'), chain('b')], circle)).toEqual(['fail']);
  });
});

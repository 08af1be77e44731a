import { closeSync, copyFileSync, ftruncateSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKey } from '../../../cli/journal-access.ts';
import { decodeRaw } from '../../../collector/evidence/raw-frames.ts';
import type { Manifest, PackedChain } from '../../../collector/evidence/manifest.ts';
import { provenanceOf } from '../../../collector/evidence/provenance.ts';
import { canonicalText } from '../../../collector/footprint/record/canonical-text.ts';
import { fingerprint, generateSigningKey, type SigningKey } from '../../../protocols/evidence/keys.ts';
import { foldPart, sealRecord } from '../../../protocols/evidence/seal.ts';
import { repacked, resigned } from '../../collector/evidence/made-package.ts';
import { makeEvidenceSite, type Ended, type EvidenceSite } from './evidence-site.ts';

const RAW = 'raw/000001.mwe';
const GIB = 1024 ** 3;

let site: EvidenceSite;
let other: EvidenceSite;
/** The package, its collector's key and what a verifier was told of it. */
let whole: Buffer;
let key: SigningKey;
let trusted: string;

beforeAll(async () => {
  site = await makeEvidenceSite();
  await site.exported('mill-1.evidence.zip');
  whole = readFileSync(join(site.folder, 'mill-1.evidence.zip'));
  key = readKey(site.folder);
  trusted = fingerprint(key.publicKey);
  other = await makeEvidenceSite({}, 3);
  await other.exported('other.evidence.zip');
}, 120_000);
afterAll(() => {
  site.close();
  other.close();
});

/** Verifies bytes as a file, with the collector trusted. */
async function verify(bytes: Uint8Array, ...more: string[]): Promise<Ended & { first: string }> {
  const file = `tried-${Math.random()}.evidence.zip`;
  writeFileSync(join(site.folder, file), bytes);
  const ended = await site.millwatt('verify', file, '--trust', trusted, ...more);
  const [, first = ''] = /^first fault: (.*(?:\n {2}.*)*)/m.exec(ended.out) ?? [];
  return { ...ended, first };
}

const text = (files: Map<string, Buffer>, path: string) => files.get(path)!.toString('utf8');
const put = (files: Map<string, Buffer>, path: string, value: string) =>
  files.set(path, Buffer.from(value, 'utf8'));

/** Changes one text of one file; the collector signs it all again. */
function edited(path: string, from: RegExp, to: string, by = key): Buffer {
  return resigned(whole, by, (files) => {
    expect(text(files, path)).toMatch(from);
    put(files, path, text(files, path).replace(from, to));
  });
}

/** Changes the file of records; the collector signs it all again. */
function rerecorded(change: (records: { seq: number; bytes: Buffer }[], raw: Buffer) => Buffer[]): Buffer {
  return resigned(whole, key, (files) => {
    const raw = files.get(RAW)!;
    const records = [...decodeRaw(RAW, raw, 'mill-1')].map(({ header, offset, length }) => ({
      seq: header.seq,
      bytes: raw.subarray(offset, offset + length),
    }));
    files.set(RAW, Buffer.concat([raw.subarray(0, 4), ...change(records, raw)]));
  });
}

/** The same package as another version would have signed it. */
function remade(change: (manifest: Manifest & Record<string, unknown>) => void, withHours = false): Buffer {
  return resigned(whole, key, (files) => {
    const manifest = JSON.parse(text(files, 'manifest.json')) as Manifest & Record<string, unknown>;
    const before = manifest.algorithm;
    change(manifest);
    // Its footprint names the hours by their hash.
    files.delete('records/0001.json');
    if (withHours)
      put(files, 'hours.jsonl', text(files, 'hours.jsonl').replaceAll(before, manifest.algorithm));
    put(files, 'manifest.json', canonicalText(manifest));
    const chains = JSON.parse(text(files, 'chains.json')) as PackedChain[];
    put(files, 'prov.jsonld', canonicalText(provenanceOf(manifest, chains)));
  });
}

describe('millwatt verify', () => {
  test('0: verified, with the hours of the ledger, wherever the file lies', async () => {
    const { code, out } = await verify(whole, '--json');
    const found = JSON.parse(out);
    expect(found).toMatchObject({
      ok: true,
      result: 'verified',
      exitCode: 0,
      counts: { fail: 0 },
      package: { machine: 'mill-1', site: 'plant', collectorFingerprint: trusted },
      // 12 h of 40 min at 1.2 kW and 20 min at 6 kW, less the last 10 s, which no reading ends.
      totals: {
        hours: 12,
        energyKwh: '33.583000',
        states: { processing: { timeMs: 4 * 3_600_000 - 10_000 } },
      },
    });
    expect(found.package.footprints).toHaveLength(1);
    expect(code).toBe(0);
    const bare = await other.millwatt('verify', join(site.folder, 'mill-1.evidence.zip'), '--trust', trusted);
    expect(bare.out).toMatch(/VERIFIED: Nothing was changed/);
    expect(bare.code).toBe(0);
  }, 60_000);

  test('3: consistent and no more where nobody says whose keys these are', async () => {
    const { code, out } = await site.millwatt('verify', 'mill-1.evidence.zip');
    expect(out).toContain('CONSISTENT, KEYS UNTRUSTED');
    expect(out).toContain(trusted);
    expect(code).toBe(3);
    const told = await site.millwatt('verify', 'mill-1.evidence.zip', '--json');
    expect(JSON.parse(told.out)).toMatchObject({
      ok: false,
      code: 'consistent',
      cure: expect.stringContaining('--trust'),
      totals: { energyKwh: '33.583000' },
    });
    expect(told.code).toBe(3);
  }, 60_000);

  test('1: a flipped byte anywhere, a cut, and what is no package, with the place', async () => {
    for (const share of [0, 0.02, 0.3, 0.55, 0.8, 0.97, 0.99999]) {
      const at = Math.floor(share * whole.length);
      const { code, first } = await verify(whole.with(at, whole[at]! ^ 4));
      expect(first, `byte ${at}`).toMatch(
        /at byte \d+|: It is not the file that the manifest names|RFC 8785/,
      );
      expect(code).toBe(1);
    }
    const cut = await verify(whole.subarray(0, Math.floor(whole.length * 0.7)));
    expect(cut).toMatchObject({ code: 1, first: expect.stringMatching(/it ends too early/) });
    const none = await verify(Buffer.from('PK\u0003\u0004 is how zips begin'));
    expect(none).toMatchObject({ code: 1, first: expect.stringMatching(/at byte \d+/) });
    const empty = await verify(Buffer.alloc(0));
    expect(empty).toMatchObject({ code: 1, first: expect.stringMatching(/at byte 0, it ends too early/) });
  }, 120_000);

  test('1: a file of 5 GB, sparse, with and without a package at its begin, at once', async () => {
    const began = performance.now();
    for (const name of ['sparse', 'package-and-sparse']) {
      const file = join(site.folder, name);
      if (name === 'sparse') writeFileSync(file, '');
      else copyFileSync(join(site.folder, 'mill-1.evidence.zip'), file);
      const fd = openSync(file, 'r+');
      ftruncateSync(fd, 5 * GIB);
      closeSync(fd);
      const { code, out } = await site.millwatt('verify', name, '--trust', trusted, '--json');
      const found = JSON.parse(out);
      expect(found).toMatchObject({ result: 'failed', sha256: null, bytes: 5 * GIB });
      expect(found.error).toMatch(
        /at byte \d+, (it is not as millwatt writes it|something stands behind its end)/,
      );
      expect(code).toBe(1);
    }
    expect(performance.now() - began).toBeLessThan(30_000);
  }, 60_000);

  test('1: a record taken out, exchanged, or all of its file gone, though the collector signs it again', async () => {
    const without = await verify(
      rerecorded((all) => all.filter(({ seq }) => seq !== 20).map(({ bytes }) => bytes)),
    );
    expect(without).toMatchObject({
      code: 1,
      first: expect.stringMatching(/^completeness, chain of gw-1, epoch \w+: Records 20 to 20 are not here/),
    });
    const exchanged = await verify(
      rerecorded((all) =>
        [...all.slice(0, 9), all[10]!, all[9]!, ...all.slice(11)].map(({ bytes }) => bytes),
      ),
    );
    expect(exchanged).toMatchObject({
      code: 1,
      first: expect.stringMatching(/^chain, raw.*record 10 of gw-1/),
    });
    const gone = await verify(resigned(whole, key, (files) => files.delete(RAW)));
    expect(gone).toMatchObject({ code: 1, first: expect.stringMatching(/completeness|configs/) });
  }, 60_000);

  test('1: another snapshot of the wiring, or a record of another key', async () => {
    const swapped = await verify(
      rerecorded((all, raw) => {
        const [config] = decodeRaw(RAW, raw, 'mill-1');
        const wiring = foldPart({ machine: null, text: '{"v":1}' }).bytes;
        const head = all[0]!.bytes.subarray(0, config!.length - config!.parts[0]!.length);
        return [Buffer.concat([head, wiring]), ...all.slice(1).map(({ bytes }) => bytes)];
      }),
    );
    expect(swapped.first).toMatch(/^(records|parts), /);
    expect(swapped.code).toBe(1);
    const foreign = await verify(
      rerecorded((all, raw) => {
        const records = [...decodeRaw(RAW, raw, 'mill-1')];
        const { header, parts } = records[5]!;
        const folded = header.parts.map(({ machine }, at) => ({ machine, bytes: parts[at]! }));
        const sealed = sealRecord(header, folded, generateSigningKey());
        return all.map(({ bytes }, at) =>
          at === 5 ? Buffer.concat([bytes.subarray(0, 20), sealed.bytes]) : bytes,
        );
      }),
    );
    expect(foreign.first).toMatch(/^signatures, raw.*record 6 of gw-1.*: It is signed with another key/);
    expect(foreign.code).toBe(1);
  }, 60_000);

  test('1: a changed factor, hour, footprint, model or meter, though the collector signs it again', async () => {
    const cases: [path: string, from: RegExp, to: string, first: RegExp][] = [
      [
        'factors.json',
        /"gCo2ePerKwh":"\d/,
        '"gCo2ePerKwh":"9',
        /^factors, factors\.json, factor \d+: .* does not have the hash of its row/,
      ],
      ['hours.jsonl', /"supplyMwh":\d+/, '"supplyMwh":1', /^(footprints|recomputation), /],
      ['records/0001.json', /"energyKwh":"33/, '"energyKwh":"34', /^footprints, records\/0001\.json: /],
      ['model.json', /"ratedPowerW":15000/, '"ratedPowerW":-1', /^model, model\.json: /],
      ['meters.json', /0\.5S/, '0.2S', /^meters, meters\.json: It names other meters/],
    ];
    for (const [path, from, to, first] of cases) {
      const found = await verify(edited(path, from, to));
      expect(found.first, path).toMatch(first);
      expect(found.code).toBe(1);
      const unsigned = await verify(
        repacked(whole, (files) => put(files, path, text(files, path).replace(from, to))),
      );
      expect(unsigned.first).toMatch(
        new RegExp(`^manifest, ${path}: It is not the file that the manifest names`),
      );
    }
  }, 120_000);

  test('1 or 3: everything made and signed by somebody else', async () => {
    const file = join(other.folder, 'other.evidence.zip');
    const asked = await site.millwatt('verify', file, '--trust', trusted);
    expect(asked.out).toMatch(/first fault: trust, manifest\.json: The collector's key .* is none of those/);
    expect(asked.code).toBe(1);
    expect((await site.millwatt('verify', file)).code).toBe(3);
  }, 60_000);

  test('4: another format, or an algorithm that this version does not have, names who can judge', async () => {
    const format = await verify(remade((manifest) => Object.assign(manifest, { v: 2 })));
    expect(format.out).toMatch(/version 2 of the format, and this version of millwatt reads version 1/);
    expect(format.out).toContain('NOT JUDGED');
    expect(format.code).toBe(4);
    const older = (manifest: Manifest) => {
      manifest.algorithm = 'millwatt-energy/1';
      manifest.software = { name: 'millwatt', version: '0.0.3' };
    };
    const algorithm = await verify(remade(older, true), '--json');
    const found = JSON.parse(algorithm.out);
    expect(found).toMatchObject({ ok: false, result: 'not-judged', totals: null, counts: { fail: 0 } });
    expect(found.lines.find((line: { check: string }) => line.check === 'recomputation').saying).toMatch(
      /computed by millwatt-energy\/1, which this version does not have \(it has millwatt-energy\/\d+\): they were not computed anew\. Verify with millwatt 0\.0\.3, which made the package\.$/,
    );
    expect(algorithm.code).toBe(4);
    // Of hours that say something else than the manifest, nobody else is named.
    const mixed = await verify(remade(older));
    expect(mixed).toMatchObject({ code: 1, first: expect.stringMatching(/^hours, hour 2026-07-06T04/) });
  }, 60_000);
});

import { describe, expect, it, vi } from 'vitest';
import { zstdCompressSync } from 'node:zlib';
import { decodeRaw } from '../../../collector/evidence/raw-frames.ts';
import type { PackageVerdict } from '../../../collector/evidence/verify-package.ts';
import { fingerprint, generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { sealRecord, type SealedRecord } from '../../../protocols/evidence/seal.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { MACHINE } from '../derivation/plant-feed.ts';
import { makeSource, OTHER, packed, repacked, resigned, verify } from './made-package.ts';

const RAW = 'raw/000001.mwe';

/** The first fault, as `check at place: saying`. */
function faultOf({ result, lines }: PackageVerdict): string {
  const fault = lines.find((line) => line.result === 'fail');
  return `${result}, ${fault?.check} at ${fault?.place}: ${fault?.saying}`;
}

/** Changes one text in one file. */
function edit(path: string, from: string | RegExp, to: string) {
  return (files: Map<string, Buffer>) => {
    const text = files.get(path)?.toString('utf8') ?? '';
    expect(text).toMatch(from);
    files.set(path, Buffer.from(text.replace(from, to)));
  };
}

/** Takes records out of the file of records. */
function without(isOut: (seq: number) => boolean) {
  return (files: Map<string, Buffer>) => {
    const raw = files.get(RAW)!;
    const kept = [...decodeRaw(RAW, raw, MACHINE)]
      .filter(({ header }) => !isOut(header.seq))
      .map(({ offset, length }) => raw.subarray(offset, offset + length));
    files.set(RAW, Buffer.concat([raw.subarray(0, 4), ...kept]));
  };
}

/** Seals one record again, with other parts or another key. */
function resealed(record: SealedRecord, key = generateSigningKey(), bytes?: Uint8Array): SealedRecord {
  const { header, parts } = parseRecord(record.bytes);
  const folded = header.parts.map(({ machine }, at) => ({ machine, bytes: bytes ?? parts[at]! }));
  return sealRecord(header, folded, key);
}

describe('an evidence package', () => {
  it('verifies for a stranger who trusts the collector, recomputed to the last mWh, and holds nothing of another machine', async () => {
    const source = await makeSource();
    const whole = packed(source);
    expect(whole.equals(packed(source))).toBe(true);
    const verdict = await verify(whole, [fingerprint(source.key.publicKey)]);
    expect(verdict.lines.filter(({ result }) => result === 'fail')).toEqual([]);
    expect(verdict.result).toBe('verified');
    const says = verdict.lines.map(({ check, result, saying }) => `${result} ${check}: ${saying}`).join('\n');
    expect(says).toMatch(/pass recomputation: All 4 hours/);
    expect(says).toMatch(/pass signatures: 62 records in 1 chain:/);
    for (const check of ['time', 'meters', 'amendments', 'model'])
      expect(says).toContain(`not-proven ${check}: `);
    expect([...source.hours].map(({ status }) => status)).toContain('final');
    expect([...source.hours][0]?.basis.amendments).toHaveLength(1);
    const raw: Buffer[] = [];
    repacked(whole, (files) => raw.push(files.get(RAW)!));
    for (const { header, parts } of decodeRaw(RAW, raw[0]!, MACHINE))
      expect(header.parts.every(({ machine }, at) => (parts[at] === undefined) === (machine === OTHER))).toBe(
        true,
      );
  });

  it('is consistent and no more without trust, and fails where another collector is trusted', async () => {
    const source = await makeSource(2);
    const whole = packed(source);
    expect((await verify(whole, [])).result).toBe('consistent');
    const other = await makeSource(2);
    // All is signed anew, with keys of its own: nothing but whose they are tells.
    expect((await verify(packed(other), [])).result).toBe('consistent');
    const stranger = await verify(packed(other), [source.key.publicKey]);
    expect(faultOf(stranger)).toMatch(
      /^failed, trust at manifest\.json: The collector's key .* is none of those that are trusted/,
    );
    // Nothing that a stranger signed is read further.
    expect(stranger.lines.at(-1)?.check).toBe('trust');
  });

  it('has its manifest parsed once', async () => {
    const source = await makeSource(2);
    const whole = packed(source);
    const parse = vi.spyOn(JSON, 'parse');
    const { result } = await verify(whole, [source.key.publicKey]);
    const manifests = parse.mock.calls.filter(([text]) => /^\{"algorithm":.*"format":/.test(text));
    parse.mockRestore();
    expect(result).toBe('verified');
    expect(manifests).toHaveLength(1);
  });

  it('is refused before it is read where a small text is a crowd of objects', async () => {
    const whole = packed(await makeSource(2));
    const crowd = Buffer.from(`[${'{},'.repeat(1_000_000)}{}]`);
    const verdict = await verify(
      repacked(whole, (files) => files.set('manifest.json', crowd)),
      [],
    );
    expect(faultOf(verdict)).toMatch(/manifest\.json has more than 2000000 brackets and commas/);
  });

  it('may lack what the agent said that it dropped, and nothing else', async () => {
    const source = await makeSource(3);
    const whole = packed(source);
    const trusted = [source.key.publicKey];
    const faultWithout = async (isOut: (seq: number) => boolean) =>
      faultOf(await verify(resigned(whole, source.key, without(isOut)), trusted));
    // Records 21 and 22 are not here already, and record 23 says why.
    expect((await verify(whole, trusted)).result).toBe('verified');
    expect(await faultWithout((seq) => seq === 23)).toMatch(
      /completeness at chain of gw-1, epoch a+: Records 21 to 23 are/,
    );
    expect(await faultWithout((seq) => seq === 30)).toMatch(
      /^failed, completeness at chain of gw-1, epoch a+: Records 30 to 30 are not here/,
    );
    expect(await faultWithout((seq) => seq > 36)).toMatch(
      /^failed, completeness at chain of gw-1.*has to end with/,
    );
  });

  it('names the place of what was changed, also where the collector itself signed it again', async () => {
    const source = await makeSource(3);
    const whole = packed(source);
    const faults = async (change: (files: Map<string, Buffer>) => void) => [
      faultOf(await verify(repacked(whole, change), [source.key.publicKey])),
      faultOf(await verify(resigned(whole, source.key, change), [source.key.publicKey])),
    ];
    const cases: [path: string, from: RegExp, to: string, place: RegExp][] = [
      [
        'hours.jsonl',
        /"supplyMwh":(\d+)/,
        '"supplyMwh":1',
        /recomputation at hour 2026-03-02T10:00.*energy\.supplyMwh is 1 in/,
      ],
      ['hours.jsonl', /^.*\n/, '', /recomputation at hour 2026-03-02T10:00/],
      [
        'factors.json',
        /659\.2/,
        '659.1',
        /factors at factors\.json, factor \d+: vn-dcc\/VN\/2023 does not have the hash/,
      ],
      [
        'amendments.jsonl',
        /"num":"2"/,
        '"num":"3"',
        /amendments at amendments\.jsonl, line 1: It is not what the collector signed/,
      ],
      ['amendments.jsonl', /^.*\n/, '', /recomputation at hour/],
      ['model.json', /"machine":"mill-1"/, '"machine":"mill-2"', /model at model\.json/],
      ['meters.json', /0\.5S/, '0.2S', /meters at meters\.json: It names other meters/],
      ['prov.jsonld', /collector of plant/, 'collector of plans', /provenance at prov\.jsonld/],
      ['chains.json', /"lastSeq":\d+/, '"lastSeq":99', /completeness at chain of gw-1/],
      ['roots.json', /"records":\d+/, '"records":1', /day-roots at roots\.json, day 1 .*is not signed/],
    ];
    for (const [path, from, to, place] of cases) {
      const [byManifest, byContent] = await faults(edit(path, from, to));
      expect(byManifest).toMatch(new RegExp(`^failed, manifest at ${path}: It is not the file`));
      expect(byContent).toMatch(place);
    }
    const [, added] = await faults((files) => files.set('notes.txt', Buffer.from('x')));
    expect(added).toMatch(/failed, container at package: notes\.txt is no file of a package/);
  });

  it('does not take a record under another key, a config that was swapped, or a part that unfolds to more than it may', async () => {
    const faultsOf = async (
      place: number,
      seal: (record: SealedRecord, all: SealedRecord[]) => SealedRecord,
    ) => {
      const source = await makeSource(2, (records) => records.with(place, seal(records[place]!, records)));
      return faultOf(await verify(packed(source), [source.key.publicKey]));
    };
    expect(await faultsOf(10, (record) => resealed(record))).toMatch(
      /^failed, signatures at raw.*: record 11 of gw-1.*: It is signed with another key than/,
    );
    const source = await makeSource(2);
    const whole = packed(source);
    const swapped = resigned(whole, source.key, (files) => {
      const raw = Buffer.from(files.get(RAW)!);
      const [config] = decodeRaw(RAW, raw, MACHINE);
      const at = config!.offset + config!.length - 10;
      raw[at] = raw[at]! ^ 1;
      files.set(RAW, raw);
    });
    expect(faultOf(await verify(swapped, [source.key.publicKey]))).toMatch(
      /^failed, parts at raw.*record 1 of gw-1.*: Part 1 does not have the hash that was signed/,
    );
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
    // Its own agent signs it.
    const signed = await makeSource(2);
    const bombed = {
      ...signed,
      ledger: {
        readAfter: (after: number, limit: number) =>
          signed.ledger
            .readAfter(after, limit)
            .map((record) =>
              record.header.seq === 10
                ? { ...record, ...resealed({ ...record }, signed.agentKey, bomb) }
                : record,
            ),
      },
    };
    expect(faultOf(await verify(packed(bombed), [signed.key.publicKey]))).toMatch(
      /parts at raw.*record 10 of gw-1.*is no compressed text of a length that may be/,
    );
  });
});

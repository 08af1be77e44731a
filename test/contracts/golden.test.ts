import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { sha256, verifySignature } from '../../protocols/evidence/keys.ts';
import { headerHash, rangeDigest, unfoldPart, verifyRecord } from '../../protocols/evidence/seal.ts';
import { decodeAgentLog } from '../../protocols/telemetry/agent-log.ts';
import { decimalOf } from '../../protocols/telemetry/decimal.ts';
import { countSamples, decodePart } from '../../protocols/telemetry/part.ts';
import { parseReceipt } from '../../protocols/telemetry/receipt.ts';
import { parseRecord, wallTimeMs, type RecordFrame } from '../../protocols/telemetry/record.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import { requireTool } from '../support/tools.ts';
import {
  agentKey,
  collectorKey,
  logEntries,
  parts,
  sealGolden,
  snapshot,
  tinyPart,
} from './golden-content.ts';

const folder = fileURLToPath(new URL('./golden/', import.meta.url));
const RECORDS = ['1-config.mwb', '2-readings.mwb', '3-log.mwb', 'tiny.mwb'];
const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));

function readRecord(name: string): RecordFrame {
  const frame = parseRecord(read(name));
  verifyRecord(frame);
  return frame;
}

const textsOf = (frame: RecordFrame) => frame.parts.map(unfoldPart);

describe('the golden files', () => {
  it('are signed with the keys of RFC 8032, so that anyone can make them again', () => {
    const raw = (key: string) => Buffer.from(key, 'base64url').toString('hex');
    expect(raw(agentKey.publicKey)).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
    expect(raw(collectorKey.publicKey)).toBe(
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    );
    for (const name of RECORDS) expect(readRecord(name).header.key).toBe(agentKey.publicKey);
  });

  it('are read by the code of today, to the last digit', () => {
    const config = readRecord('1-config.mwb');
    expect(textsOf(config).map(decodeSnapshot)).toEqual([snapshot]);
    expect(config.header.config).toBe(sha256(textsOf(config)[0] ?? ''));
    const readings = readRecord('2-readings.mwb');
    expect(textsOf(readings).map(decodePart)).toEqual(parts);
    expect(readings.header.parts.map((part) => part.machine)).toEqual(['mill-1', 'lathe-2']);
    expect(readings.header.samples).toBe(parts.reduce((sum, part) => sum + countSamples(part), 0));
    expect(textsOf(readRecord('3-log.mwb')).map(decodeAgentLog)).toEqual([logEntries]);
    const tiny = readRecord('tiny.mwb');
    expect(textsOf(tiny).map(decodePart)).toEqual([tinyPart]);
    expect(wallTimeMs(tiny.header, 5000)).toBe(1_763_700_005_000);
  });

  it('hold the texts that lie beside them', () => {
    const texts = RECORDS.slice(0, 3).flatMap((name) => textsOf(readRecord(name)));
    const beside = ['config.json', 'part-mill-1.json', 'part-lathe-2.json', 'log.json'];
    expect(texts).toEqual(beside.map((name) => readFileSync(join(folder, name), 'utf8')));
  });

  it('form a chain, and the receipt accepts it', () => {
    const frames = RECORDS.slice(0, 3).map(readRecord);
    const hashes = frames.map(headerHash);
    expect(frames.map(({ header }) => [header.seq, header.prev])).toEqual([
      [1, null],
      [2, hashes[0]],
      [3, hashes[1]],
    ]);
    const { receipt, signedBytes, signature } = parseReceipt(read('receipt.mwr'));
    expect(receipt.key).toBe(collectorKey.publicKey);
    expect(verifySignature(receipt.key, signedBytes, signature)).toBe(true);
    expect(receipt.accepted).toEqual([{ from: 1, to: 3, digest: rangeDigest(hashes) }]);
    expect(receipt.requested).toEqual([{ from: 4, to: 6 }]);
  });

  it('are what the code of today seals: the same texts, and with the same zstd the same bytes', () => {
    const sealed = sealGolden();
    const sameZstd =
      readFileSync(join(folder, 'zstd-version.txt'), 'utf8').trim() === process.versions['zstd'];
    for (const [name, bytes] of sealed) {
      if (name === 'zstd-version.txt') continue;
      // Another zstd may fold the same text otherwise; then hashes and signatures differ, and what they cover does not.
      if (sameZstd || name.endsWith('.json')) expect(Buffer.from(bytes).equals(read(name)), name).toBe(true);
      if (!name.endsWith('.mwb')) continue;
      const [ours, golden] = [parseRecord(bytes), readRecord(name)];
      expect(textsOf(ours)).toEqual(textsOf(golden));
      const sizeless = ({ header }: RecordFrame) => ({
        ...header,
        parts: header.parts.length,
        prev: header.prev === null,
      });
      expect(sizeless(ours)).toEqual(sizeless(golden));
    }
  });

  it('are the bytes that docs/record-format.md explains', () => {
    const document = readFileSync(
      fileURLToPath(new URL('../../docs/record-format.md', import.meta.url)),
      'utf8',
    );
    const shown = [...document.matchAll(/^([0-9a-f]{8}): ((?:[0-9a-f]{2,4} ?)+) /gm)];
    const bytes = shown.map(([, , hex = '']) => hex.replaceAll(' ', '')).join('');
    expect(bytes).toBe(Buffer.from(read('tiny.mwb')).toString('hex'));
    expect(document).toContain(headerHash(readRecord('tiny.mwb')));
    expect(document).toContain(textsOf(readRecord('tiny.mwb'))[0]);
  });
});

const python = requireTool('python3');

describe.skipIf(python === undefined)("a stranger's reader (Python, no code of ours)", () => {
  const script = fileURLToPath(new URL('./verify_record.py', import.meta.url));

  interface Line {
    what: string;
    hash: string;
    signature: boolean;
    parts: boolean;
    unfolded: boolean;
    readings: Record<string, [wallMs: number, value: string | null][]>;
  }

  /** Its exit code and what it printed for each file. */
  function runReader(files: string[], options: string[] = []): { code: number; lines: Line[] } {
    let code = 0;
    let output: string;
    try {
      output = execFileSync(python ?? '', [script, ...options, ...files], { encoding: 'utf8' });
    } catch (error) {
      const failed = error as { status: number; stdout: string };
      code = failed.status;
      output = failed.stdout;
    }
    return {
      code,
      lines: output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line),
    };
  }

  function inFolder(use: (folder: string) => void): void {
    const temporary = mkdtempSync(join(tmpdir(), 'millwatt-golden-'));
    try {
      use(temporary);
    } finally {
      rmSync(temporary, { recursive: true });
    }
  }

  it('finds every signature, hash and reading as we do', () => {
    inFolder((temporary) => {
      const frames = RECORDS.map(readRecord);
      const texts = Object.fromEntries(
        frames.flatMap((frame) => frame.header.parts.map((part, i) => [part.sha256, textsOf(frame)[i]])),
      );
      const textsFile = join(temporary, 'texts.json');
      writeFileSync(textsFile, JSON.stringify(texts));
      const files = [...RECORDS, 'receipt.mwr'].map((name) => join(folder, name));
      const { code, lines } = runReader(files, ['--texts', textsFile]);
      expect(code).toBe(0);
      expect(lines.map(({ what }) => what)).toEqual(['config', 'readings', 'log', 'readings', 'receipt']);
      expect(lines.every(({ signature, parts: hold }) => signature && hold)).toBe(true);
      expect(lines.slice(0, 4).map(({ hash }) => hash)).toEqual(frames.map(headerHash));
      const theirs = lines[1]?.readings ?? {};
      for (const part of parts) {
        for (const id of new Set(part.sampled.flatMap((group) => [...group.columns.keys()]))) {
          const ours = part.sampled.flatMap((group) =>
            (group.columns.get(id) ?? []).map((value, row) => [
              wallTimeMs(frames[1]!.header, group.timesMs[row] ?? 0),
              value === null ? null : decimalOf(value),
            ]),
          );
          expect(
            (theirs[id] ?? []).map(([wall, value]) => [wall, value === null ? null : exactDecimal(value)]),
          ).toEqual(ours);
        }
      }
    });
  });

  it('finds a flipped bit in a header, a signature, a part and a receipt', () => {
    inFolder((temporary) => {
      const record = read('tiny.mwb');
      const receipt = read('receipt.mwr');
      const cases: [Uint8Array, number][] = [
        // The 3 of "samples":3, the signature's first byte, the last byte of the part, the receipt's signature.
        [record, Buffer.from(record).indexOf('"samples":3') + 10],
        [record, Buffer.from(record).indexOf('"prev":null}') + 12],
        [record, record.length - 1],
        [receipt, receipt.length - 64],
      ];
      const files = cases.map(([bytes, at], index) => {
        const flipped = Uint8Array.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ 1;
        const file = join(temporary, `flipped-${index}`);
        writeFileSync(file, flipped);
        return file;
      });
      const { code, lines } = runReader(files);
      expect(code).toBe(1);
      expect(lines.map(({ signature, parts: hold }) => signature && hold)).toEqual([
        false,
        false,
        false,
        false,
      ]);
    });
  });
});

/** A Python decimal (1.1840348E+3, 412.5) as ours: an integer times a power of ten without trailing zeros. */
function exactDecimal(text: string): { mantissa: bigint; exponent: number } {
  const value = /[.eE]/.test(text) ? Number(text) : BigInt(text);
  const isNarrow = Number.isSafeInteger(Number(value));
  return decimalOf(typeof value === 'bigint' && isNarrow ? Number(value) : value);
}

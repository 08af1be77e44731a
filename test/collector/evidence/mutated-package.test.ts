import { describe, expect, it } from 'vitest';
import { seedRandom, type SeededRandom } from '../../../protocols/simulator/seeded-random.ts';
import { decodeRaw } from '../../../collector/evidence/raw-frames.ts';
import { canonicalText } from '../../../collector/footprint/record/canonical-text.ts';
import type { PackageSource } from '../../../collector/evidence/write-package.ts';
import { MACHINE } from '../derivation/plant-feed.ts';
import { makeSource, packed, repacked, resigned, verify } from './made-package.ts';

const SEED = process.env['MILLWATT_TEST_SEED'] ?? '20261122';
const IS_LONG = process.env['MILLWATT_TEST_LONG'] === '1';
const REPLAY = `MILLWATT_TEST_SEED=${SEED} npx vitest run test/collector/evidence/mutated-package.test.ts`;
/** Those that reach the later checks cost more; a long run takes four times as many. */
const PLAIN = 10_000;
const DEEP = IS_LONG ? 1200 : 300;

describe(`an evidence package that was changed (${REPLAY})`, () => {
  /** Verified with trust; what passes is a defect. */
  const expectFailure = async (source: PackageSource, bytes: Buffer, what: string) => {
    const { result, lines } = await verify(bytes, [source.key.publicKey]);
    expect(result, what).toBe('failed');
    const fault = lines.find((line) => line.result === 'fail');
    expect(fault?.saying, what).toMatch(/\.$/);
    expect(`${fault?.place}`, what).not.toBe('');
  };

  it('never passes: bytes flipped, cut, put in, put twice, exchanged', { timeout: 300_000 }, async () => {
    const source = await makeSource(2);
    const whole = packed(source);
    const random = seedRandom(SEED, 'plain');
    for (let run = 0; run < PLAIN; run++) {
      const changed = mutate(whole, random);
      if (!changed.equals(whole)) await expectFailure(source, changed, `run ${run}`);
    }
  });

  it('never passes with the right checksums', { timeout: 300_000 }, async () => {
    const source = await makeSource(2);
    const whole = packed(source);
    const random = seedRandom(SEED, 'repacked');
    for (let run = 0; run < DEEP; run++) {
      const changed = repacked(whole, (files) => {
        const paths = [...files.keys()];
        const path = paths[below(random, paths.length)]!;
        files.set(path, mutate(files.get(path)!, random));
      });
      if (!changed.equals(whole)) await expectFailure(source, changed, `run ${run}`);
    }
  });

  it(
    'never passes with records that their agent did not sign, whoever signs the rest',
    { timeout: 300_000 },
    async () => {
      const source = await makeSource(2);
      const whole = packed(source);
      const random = seedRandom(SEED, 'resigned');
      for (let run = 0; run < DEEP; run++) {
        let isSame = false;
        const changed = resigned(whole, source.key, (files) => {
          const path = 'raw/000001.mwe';
          const raw = files.get(path)!;
          const records = [...decodeRaw(path, raw, MACHINE)];
          const record = records[below(random, records.length)]!;
          // The place in the ledger and the time of arrival are the collector's own word.
          const at = record.offset + 16;
          const end = record.offset + record.length;
          const other = mutate(raw.subarray(at, end), random);
          isSame = other.equals(raw.subarray(at, end));
          files.set(path, Buffer.concat([raw.subarray(0, at), other, raw.subarray(end)]));
        });
        if (!isSame) await expectFailure(source, changed, `run ${run}`);
      }
    },
  );

  it(
    'says of every odd value that a collector could sign what is wrong, and never throws or hangs',
    { timeout: 300_000 },
    async () => {
      const source = await makeSource(2);
      const whole = packed(source);
      const random = seedRandom(SEED, 'odd');
      for (let run = 0; run < DEEP / 2; run++) {
        let at = '';
        const changed = resigned(whole, source.key, (files) => {
          const paths = [...files.keys()].filter((path) => /^(?!manifest|statement|prov).*json/.test(path));
          const path = paths[below(random, paths.length)]!;
          const isLines = path.endsWith('l');
          const values = String(files.get(path))
            .split(isLines ? '\n' : '\0')
            .filter((text) => text !== '')
            .map((text) => JSON.parse(text) as unknown);
          const index = below(random, values.length);
          at = `${path} ${putOdd(values, index, random)}`;
          const texts = values.map((value) => canonicalText(value));
          files.set(path, Buffer.from(isLines ? texts.map((text) => `${text}\n`).join('') : texts.join('')));
        });
        const what = `run ${run}: ${at}`;
        if (changed.equals(whole)) continue;
        const { result, lines } = await verify(changed, [source.key.publicKey]);
        expect(lines.length, what).toBeGreaterThan(3);
        // What only the collector can know may be as it likes: it signed it, and the lines say so.
        if (!/^(model|chains.*standing|meters.*certificates|hours.*(status|finalBy|revision))/.test(at))
          expect(result, what).toBe('failed');
      }
    },
  );
});

const ODD = [null, -1, 0, 1.5, 1e300, 2 ** 53, '', 'x', [], {}, true, [[]], '\u0000'];

/** Puts an odd value somewhere below a member of a list; returns where. */
function putOdd(list: unknown[], index: number, random: SeededRandom): string {
  let holder = list as unknown as Record<string, unknown>;
  let key = String(index);
  const path = [key];
  for (;;) {
    const value = holder[key];
    const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
    if (keys.length === 0 || random.chance(0.1)) break;
    holder = value as Record<string, unknown>;
    key = keys[below(random, keys.length)]!;
    path.push(key);
  }
  holder[key] = ODD[below(random, ODD.length)];
  return path.join('.');
}

function below(random: SeededRandom, limit: number): number {
  return Math.floor(random.next() * limit);
}

function mutate(bytes: Buffer, random: SeededRandom): Buffer {
  const at = below(random, bytes.length);
  const to = Math.min(bytes.length, at + 1 + below(random, 40));
  switch (below(random, 6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), Buffer.of(below(random, 256)), bytes.subarray(at)]);
    default: {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ (1 << below(random, 8));
      return changed;
    }
  }
}

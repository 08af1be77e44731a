import { describe, expect, it } from 'vitest';
import { unpackZip } from '../../../../collector/evidence/canonical-zip.ts';
import type { CheckLine } from '../../../../collector/evidence/check-line.ts';
import { dayHash, signDay, type DayEntry } from '../../../../collector/evidence/days/day-entry.ts';
import type { DaySource, PackedDays } from '../../../../collector/evidence/days/packed-days.ts';
import { verifyPackage } from '../../../../collector/evidence/verify-package.ts';
import type { PackageSource } from '../../../../collector/evidence/write-package.ts';
import { canonicalText } from '../../../../collector/footprint/record/canonical-text.ts';
import { generateSigningKey } from '../../../../protocols/evidence/keys.ts';
import { bytesOf, makeSource, packed, resigned, verify } from '../made-package.ts';

const text = (lines: readonly CheckLine[], check: string) =>
  lines.filter((line) => line.check === check).map(({ result, saying }) => `${result}: ${saying}`);

function rootsOf(whole: Buffer): PackedDays {
  const file = [...unpackZip(bytesOf(whole))].find(({ path }) => path === 'roots.json');
  return JSON.parse(String(Buffer.from(file!.bytes))) as PackedDays;
}

const endOf = ({ day }: DayEntry) => Date.parse(`${day}T00:00:00Z`) + 86_400_000;

describe('days in an evidence package', () => {
  it('show every record in the root of its day, and of no other agent more than hashes', async () => {
    const source = await makeSource(2);
    const whole = packed(source);
    const { days, shares } = rootsOf(whole);
    expect(days).toHaveLength(2);
    expect(days.map(({ chains }) => chains)).toEqual([2, 2]);
    expect(shares.map(({ number, agent, index }) => [number, agent, index])).toEqual([
      [1, 'gw-1', 0],
      [2, 'gw-1', 0],
    ]);
    for (const { path } of shares) expect(path).toHaveLength(1);
    expect(whole.includes('gw-9')).toBe(false);
    const { result, lines } = await verify(whole, [source.key.publicKey]);
    expect(result).toBe('verified');
    const [chain, reach, open, ...rest] = text(lines, 'day-roots');
    expect(chain).toBe('pass: The collector signed each day, and each names the one before it.');
    expect(reach).toMatch(/^pass: 21 of 26 records are in the roots of signed days, up to day 2 \(2026-/);
    expect(open).toMatch(/^not-proven: 5 records were taken in after the last day that the package shows/);
    expect(rest).toEqual([]);
  });

  it.each([
    ['no days', () => undefined],
    [
      'days of another collector',
      (days: DaySource) => ({ ...days, collector: generateSigningKey().publicKey }),
    ],
    ['days of another site', (days: DaySource) => ({ ...days, site: 'other' })],
  ])('are not there with %s, which is told', async (_, change) => {
    const source = await makeSource(2);
    const { result, lines } = await verify(packed({ ...source, days: change(source.days!) }), [
      source.key.publicKey,
    ]);
    expect(result).toBe('verified');
    expect(text(lines, 'day-roots')).toEqual([
      expect.stringMatching(/^not-proven: The package shows no signed day/),
      expect.stringMatching(
        /^not-proven: 21 records of 2026-\d\d-\d\d, 2026-\d\d-\d\d had ended days .*: ask for it\.$/,
      ),
    ]);
  });

  it('are checked in turns, so that whoever stops waits for no more than one', async () => {
    const source = await makeSource(2);
    const stop = new AbortController();
    const turns: string[] = [];
    const show = (what: string) => {
      turns.push(what);
      if (what === 'checking the signed days') stop.abort(new Error('stopped'));
    };
    const trusted = [source.key.publicKey];
    const whole = bytesOf(packed(source));
    const { result, lines } = await verifyPackage(whole, { trusted, show, signal: stop.signal });
    expect(result).toBe('failed');
    expect(turns.filter((what) => what === 'checking the signed days')).toHaveLength(1);
    expect(lines.at(-1)?.check).toBe('day-roots');
    expect(lines.at(-1)?.saying).toContain('stopped');
  });

  it('are asked for by name where they were cut off at the end', async () => {
    const source = await makeSource(2);
    const days = source.days!;
    const [first, second] = days.entries();
    const cut = packed({ ...source, days: { ...days, entries: () => [first!] } });
    const { result, lines } = await verify(cut, [source.key.publicKey]);
    expect(result).toBe('verified');
    const told = text(lines, 'day-roots');
    expect(told).toContainEqual(
      expect.stringMatching(
        `^not-proven: 10 records of ${second!.day} had ended days when the package was made`,
      ),
    );
    expect(told).toContainEqual(
      expect.stringMatching(/^not-proven: 5 records .* on days that had not ended/),
    );
  });

  it('tell where the times that the collector signed contradict each other, which a clock that was set does', async () => {
    const source = await makeSource(2);
    const days = source.days!;
    const owner = { site: 'plant', collector: source.key.publicKey };
    const told = async (changes: Partial<DayEntry>[]) => {
      const entries: DayEntry[] = [];
      for (const [at, { signature: _, ...day }] of days.entries().entries())
        entries.push(
          signDay(
            'plant',
            { ...day, ...changes[at], prev: at === 0 ? '' : dayHash(owner, entries[at - 1]!) },
            source.key,
          ),
        );
      const { result, lines } = await verify(
        packed({ ...source, days: { ...days, entries: () => entries } }),
        [source.key.publicKey],
      );
      expect(result).toBe('verified');
      return text(lines, 'day-roots').filter((line) => line.includes('own clock'));
    };
    const [first, second] = days.entries();
    expect(await told([])).toEqual([]);
    expect(await told([{ madeMs: second!.madeMs + 59_000 }])).toEqual([]);
    expect(await told([{ madeMs: endOf(first!) - 3_600_000 }])).toEqual([
      expect.stringMatching(/^not-proven: By the collector's own clock it was signed 1 h before it ended: /),
    ]);
    expect(await told([{ madeMs: source.madeMs }])).toEqual([
      expect.stringMatching(/^not-proven: .* signed 1 h before the day before it: that clock was set/),
    ]);
    const late = { madeMs: source.madeMs + 40 * 86_400_000 };
    expect(await told([late, late])).toEqual([
      expect.stringMatching(
        /^not-proven: .* signed 40 days after the package was made: .* So it is with 1 more\./,
      ),
    ]);
  });

  it('leave out what does not come to what was signed, which is told', async () => {
    const source = await makeSource(2);
    const days = source.days!;
    const other: DaySource = {
      ...days,
      chainsOf: (number) =>
        days.chainsOf(number).map((chain) => (number === 1 ? { ...chain, records: 99 } : chain)),
    };
    const { result, lines } = await verify(packed({ ...source, days: other }), [source.key.publicKey]);
    expect(result).toBe('verified');
    expect(text(lines, 'day-roots').join(' ')).toMatch(/not-proven: 11 records of signed days are not shown/);
  });

  it('tell of days that were replaced, and prove by the later ones', async () => {
    const source = await makeSource(2);
    const days = source.days!;
    const [first, second] = days.entries();
    const owner = { site: 'plant', collector: source.key.publicKey };
    const { signature: _, ...again } = second!;
    const third = signDay('plant', { ...again, number: 3, prev: dayHash(owner, second!) }, source.key);
    const other: DaySource = {
      ...days,
      entries: () => [first!, second!, third],
      chainsOf: (number) => days.chainsOf(Math.min(2, number)),
    };
    const { result, lines } = await verify(packed({ ...source, days: other }), [source.key.publicKey]);
    expect(result).toBe('verified');
    const told = text(lines, 'day-roots').join(' ');
    expect(told).toMatch(/pass: 21 of 26 records/);
    expect(told).toMatch(/not-proven: It was signed for other records than the ledger holds now/);
  });
});

describe('days that a collector signed wrongly', () => {
  let source: PackageSource;
  let whole: Buffer;

  const faultsOf = async (change: (roots: PackedDays) => void) => {
    source = await makeSource(2);
    whole = packed(source);
    const changed = resigned(whole, source.key, (files) => {
      const roots = JSON.parse(String(files.get('roots.json'))) as PackedDays;
      change(roots);
      files.set('roots.json', Buffer.from(canonicalText(roots)));
    });
    const { result, lines } = await verify(changed, [source.key.publicKey]);
    expect(result).toBe('failed');
    const fault = lines.find((line) => line.result === 'fail');
    return `${fault?.place}: ${fault?.saying}`;
  };
  /** Signs what was changed, as only the collector could. */
  const sealed = (roots: PackedDays, at: number, change: object) => {
    let prev = at === 0 ? '' : dayHash(ownerOf(), roots.days[at - 1]!);
    for (let index = at; index < roots.days.length; index++) {
      const { signature: _, ...day } = { ...roots.days[index]!, ...(index === at ? change : {}), prev };
      roots.days[index] = signDay('plant', day, source.key);
      prev = dayHash(ownerOf(), roots.days[index]!);
    }
  };
  const ownerOf = () => ({ site: 'plant', collector: source.key.publicKey });

  it.each<[string, (roots: PackedDays) => void, RegExp]>([
    ['a day left out', (roots) => roots.days.shift(), /day 2 .*does not follow the one before it/],
    ['a day renamed', (roots) => void (roots.days[0]!.day = '2026-01-01'), /day 1 .*not signed/],
    [
      'a signature of another',
      (roots) => void (roots.days[0]!.signature = roots.days[1]!.signature),
      /day 1/,
    ],
    ['days exchanged', (roots) => void roots.days.reverse(), /day 2 .*does not follow/],
    [
      'a share of another place',
      (roots) => void (roots.shares[0]!.index = 1),
      /share of gw-1.*does not lead/,
    ],
    ['a path changed', (roots) => void (roots.shares[0]!.path[0] = roots.shares[1]!.root), /does not lead/],
    ['a path cut', (roots) => void roots.shares[0]!.path.pop(), /does not lead/],
    [
      'a share of other records',
      (roots) => void (roots.shares[0]!.root = roots.shares[1]!.root),
      /not the root of/,
    ],
    ['a share of another day', (roots) => void (roots.shares[0]!.number = 2), /not the root of the records/],
    ['a share of no day', (roots) => void (roots.shares[1]!.number = 7), /a day that is not here/],
    ['a share twice', (roots) => void roots.shares.push(roots.shares[1]!), /out of order/],
    [
      'a day that skips records, signed',
      (roots) => sealed(roots, 1, { from: 99, to: 100 }),
      /leaves out records/,
    ],
    [
      'a day dated too early, signed',
      (roots) => sealed(roots, 0, { day: '2026-01-01' }),
      /taken in after the day/,
    ],
    [
      'a day dated too late, signed',
      (roots) => sealed(roots, 1, { day: '9999-12-31' }),
      /taken in long before the day/,
    ],
    [
      'a day made again before a signed one',
      (roots) => {
        const { signature: _, ...day } = roots.days[0]!;
        roots.days[0] = signDay('plant', { ...day, madeMs: day.madeMs + 1 }, source.key);
      },
      /day 2 .*does not name the one before it/,
    ],
    ['no list', (roots) => void ((roots as { days: unknown }).days = 7), /holds no days as they are written/],
  ])('fail: %s', async (_, change, says) => {
    expect(await faultsOf(change)).toMatch(says);
  });
});

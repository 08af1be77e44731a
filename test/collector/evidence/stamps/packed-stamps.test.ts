import { describe, expect, it } from 'vitest';
import { CheckLines } from '../../../../collector/evidence/check-line.ts';
import { tellStampTimes } from '../../../../collector/evidence/check-day-times.ts';
import {
  dayHash,
  signDay,
  signedDayText,
  type DayEntry,
} from '../../../../collector/evidence/days/day-entry.ts';
import type { DaySource } from '../../../../collector/evidence/days/packed-days.ts';
import type { SigningKey } from '../../../../protocols/evidence/keys.ts';
import type { DayStamp } from '../../../../collector/evidence/days/day-store.ts';
import { stampDay } from '../../../../collector/evidence/stamps/stamper.ts';
import type { PackageVerdict } from '../../../../collector/evidence/verify-package.ts';
import { unpackZip } from '../../../../collector/evidence/canonical-zip.ts';
import { bytesOf, makeSource, packed, resigned, verify } from '../made-package.ts';
import { openssl, opensslSays, startAuthority } from './test-authority.ts';

const timeOf = ({ lines }: PackageVerdict) =>
  lines
    .filter(({ check }) => check === 'time')
    .map(({ result, place, saying }) => `${result} at ${place}: ${saying}`);

/** The same days, signed at another time. */
function signedAt(days: DaySource, key: SigningKey, madeMs: number): DaySource {
  const entries: DayEntry[] = [];
  for (const { signature: _, ...day } of days.entries()) {
    const before = entries.at(-1);
    const prev = before === undefined ? '' : dayHash(days, before);
    entries.push(signDay(days.site, { ...day, madeMs, prev }, key));
  }
  return { ...days, entries: () => entries };
}

describe.skipIf(openssl === undefined)('stamps in an evidence package', () => {
  /** @param signedMs when the collector says that it signed its days, wall ms; undefined: as it did */
  const made = async (numbers: number[], signedMs?: number) => {
    const authority = await startAuthority();
    const source = await makeSource(2);
    const days = signedMs === undefined ? source.days! : signedAt(source.days!, source.key, signedMs);
    const stamps = new Map<number, DayStamp>();
    const store = { ...days, addStamp: (number: number, stamp: DayStamp) => void stamps.set(number, stamp) };
    for (const number of numbers) {
      const entry = days.entries()[number - 1]!;
      await stampDay(store, entry, { url: authority.url, certReq: true });
    }
    const whole = packed({ ...source, days: { ...days, stampOf: (number) => stamps.get(number) } });
    return { authority, source, whole, stamps, trusted: [source.key.publicKey] };
  };

  it('prove when the days were there to whoever trusts the authority, and openssl accepts them', async () => {
    const { authority, source, whole, stamps, trusted } = await made([1, 2]);
    const verdict = await verify(whole, trusted, { timeStampTrust: authority.ca.cert });
    expect(verdict.result).toBe('verified');
    const at = [1, 2].map((number) => new Date(stamps.get(number)!.atMs).toISOString());
    expect(timeOf(verdict)).toEqual([
      expect.stringMatching(
        `^pass at stamps/000002\\.tsr: Day 2 \\(.*\\), and with it every day before, existed at ${at[1]}, says CN=StampSigner\\. The first of its 2 stamps is of day 1 .*${at[0]}\\.$`,
      ),
    ]);
    const file = [...unpackZip(bytesOf(whole))].find(({ path }) => path === 'stamps/000002.tsr');
    const owner = { site: 'plant', collector: source.key.publicKey };
    const text = signedDayText(owner, source.days!.entries()[1]!);
    expect(opensslSays(authority.folder, text, file!.bytes)).toBe('Verification: OK');
  });

  it('prove nothing to whoever does not, with the name of the authority', async () => {
    const { whole, trusted } = await made([1]);
    expect(timeOf(await verify(whole, trusted))).toEqual([
      expect.stringMatching(
        /^not-proven at stamps\/000001\.tsr: Day 1 .* has a stamp of .*CN=StampSigner\. Nobody said/,
      ),
    ]);
    const other = await startAuthority();
    const verdict = await verify(whole, trusted, { timeStampTrust: other.ca.cert });
    expect(verdict.result).toBe('verified');
    expect(timeOf(verdict)[0]).toMatch(/^not-proven .*It was not issued by an authority that is trusted/);
  });

  it('tell of days after the last stamp, and of none at all', async () => {
    const { authority, whole, trusted } = await made([1]);
    expect(timeOf(await verify(whole, trusted, { timeStampTrust: authority.ca.cert }))[1]).toBe(
      'not-proven at stamps/: The last signed day has no stamp that is trusted yet.',
    );
    const bare = await made([]);
    expect(timeOf(await verify(bare.whole, bare.trusted))).toEqual([
      expect.stringMatching(/^not-proven at stamps\/: No time-stamping authority vouches/),
    ]);
  });

  it('tell of a clock that was ahead of the authority, which proves the day all the same', async () => {
    const ahead = 3.5 * 3_600_000;
    const { authority, whole, trusted } = await made([1, 2], Date.now() + ahead);
    const verdict = await verify(whole, trusted, { timeStampTrust: authority.ca.cert });
    expect(verdict.result).toBe('verified');
    expect(timeOf(verdict)).toEqual([
      expect.stringMatching(/^pass at stamps\/000002\.tsr: Day 2 /),
      expect.stringMatching(
        /^not-proven at stamps\/00000[12]\.tsr: The collector's clock and the authority's differ by 3\.4 h or more: .*CN=StampSigner stamped it at .* The collector's clock was ahead, or its times were written so; all of it was there at the time of the stamp\.$/,
      ),
    ]);
  });

  it('fail where one is of another day, changed, or of a day that is not there', async () => {
    const { authority, source, whole, trusted } = await made([1, 2]);
    const faultOf = async (change: (files: Map<string, Buffer>) => void) => {
      const verdict = await verify(resigned(whole, source.key, change), trusted, {
        timeStampTrust: authority.ca.cert,
      });
      expect(verdict.result).toBe('failed');
      const fault = verdict.lines.find(({ result }) => result === 'fail');
      return `${fault?.check} at ${fault?.place}: ${fault?.saying}`;
    };
    expect(await faultOf((files) => files.set('stamps/000001.tsr', files.get('stamps/000002.tsr')!))).toBe(
      'time at stamps/000001.tsr: The stamp is of something else (another imprint).',
    );
    expect(await faultOf((files) => files.set('stamps/000003.tsr', files.get('stamps/000002.tsr')!))).toBe(
      'time at stamps/000003.tsr: It is of a day that is not here.',
    );
    expect(
      await faultOf((files) => {
        const stamp = files.get('stamps/000002.tsr')!;
        stamp[stamp.length - 1] = stamp[stamp.length - 1]! ^ 1;
      }),
    ).toMatch(/^time at stamps\/000002\.tsr: The stamp is not signed by the key/);
    expect(await faultOf((files) => files.set('stamps/000002.tsr', Buffer.alloc(0)))).toMatch(/is no answer/);
    expect(await faultOf((files) => files.set('stamps/2026-03-01.tsr', Buffer.alloc(1)))).toMatch(
      /is no file of a package/,
    );
  });
});

describe('the times of records under a stamp', () => {
  it('are held against its own, whatever day of before they are of', () => {
    const noon = Date.parse('2026-03-02T12:00:00Z');
    const entry = (number: number) => ({ number, day: `2026-03-0${number}`, madeMs: 0 }) as DayEntry;
    const days = (lastMs: number) => [
      { entry: entry(1), lastMs },
      { entry: entry(2), lastMs: noon - 1000 },
    ];
    const told = (lastMs: number) => {
      const lines = new CheckLines();
      const stamp = { entry: entry(2), atMs: noon, authority: 'CN=T' };
      tellStampTimes(days(lastMs), [stamp], ({ number }) => `stamps/${number}`, lines);
      return lines.lines.map(({ result, place, saying }) => `${result} at ${place}: ${saying}`);
    };
    expect(told(noon + 60_000)).toEqual([]);
    expect(told(noon + 600_000)).toEqual([
      expect.stringMatching(
        /^not-proven at stamps\/2: .* differ by 10 min or more: .* until 2026-03-02T12:10:00/,
      ),
    ]);
  });
});

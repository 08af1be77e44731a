import { closeSync, cpSync, mkdirSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDailyRoots, type DailyRoots } from '../../../../collector/evidence/days/daily-roots.ts';
import { verifyDays, type DaysVerdict } from '../../../../collector/evidence/days/check-days.ts';
import { chainLeaf, dayHash, holdsTo, signDay } from '../../../../collector/evidence/days/day-entry.ts';
import { openDays, readDays, type DayReader } from '../../../../collector/evidence/days/day-store.ts';
import { makeDays, type MarkedLedger } from '../../../../collector/evidence/days/make-days.ts';
import { merkleRoot } from '../../../../collector/evidence/days/merkle.ts';
import type { RecordMark } from '../../../../collector/ledger/ledger.ts';
import { openLedger, type AdmissionLedger } from '../../../../collector/ledger/sqlite-ledger.ts';
import { generateSigningKey, sha256 } from '../../../../protocols/evidence/keys.ts';
import { silentLog } from '../../../../protocols/log.ts';
import { fillDisk, freeDisk, mountSmallDisk } from '../../../support/small-disk.ts';
import { ChainFeed } from '../../ledger/chain-feed.ts';
import { makeTempFolder } from '../../ledger/temp-folder.ts';

const NOON_MS = Date.UTC(2026, 10, 28, 12);
const key = generateSigningKey();

/** A collector's ledger on real files, and what signs its days. */
class Site {
  readonly folder: string;
  nowMs = NOON_MS;
  ledger!: AdmissionLedger;
  roots!: DailyRoots;
  readonly told: string[] = [];

  constructor(folder = makeTempFolder()) {
    this.folder = folder;
  }

  async open(): Promise<this> {
    this.ledger = await openLedger({
      folder: join(this.folder, 'ledger'),
      log: silentLog,
      clock: { wallMs: () => this.nowMs, monotonicMs: () => 0, speed: () => 1 },
    });
    this.roots = startDailyRoots({
      folder: this.folder,
      site: 'plant',
      key,
      ledger: this.ledger,
      wallMs: () => this.nowMs,
      timers: { nowMs: () => 0, after: () => () => {}, every: () => () => {} },
      log: { ...silentLog, error: (_: object, text: string) => void this.told.push(text) },
    });
    onTestFinished(() => this.close());
    return this;
  }

  async close(): Promise<void> {
    await this.roots.stop();
    await this.ledger.close();
  }

  async take(feed: ChainFeed, ...times: number[]): Promise<void> {
    for (const receivedMs of times) await this.ledger.append({ ...feed.next(), receivedMs });
  }

  /** Days as `number day from-to`. */
  days(): string[] {
    const days = readDays(this.folder);
    const list = (days?.entries() ?? []).map(({ number, day, from, to }) => `${number} ${day} ${from}-${to}`);
    days?.close();
    return list;
  }

  verify(ledger: MarkedLedger = this.ledger): DaysVerdict {
    const days = readDays(this.folder)!;
    const verdict = verdictOf(days, ledger);
    days.close();
    return verdict;
  }
}

function verdictOf(
  days: DayReader,
  ledger: MarkedLedger,
  since?: { entries: number; hash: string },
): DaysVerdict {
  const steps = verifyDays(days, ledger, since);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** A fake ledger: marks only, one agent. */
function marksOf(times: readonly number[], agentOf: (index: number) => string = () => 'gw-1'): MarkedLedger {
  const marks = times.map((receivedMs, index): RecordMark => ({
    ordinal: index + 1,
    receivedMs,
    agent: agentOf(index),
    epoch: 'epoch0000001',
    hash: sha256(`${index}`),
  }));
  return { readMarks: (after, limit) => marks.slice(after, after + limit) };
}

const at = (day: number, hour: number, minute = 0) => Date.UTC(2026, 10, day, hour, minute);

describe('the days of a ledger', () => {
  it('are signed when they have ended, and not before; later ones name the earlier', async () => {
    const site = await new Site().open();
    const [a, b] = [new ChainFeed(), new ChainFeed({ agent: 'gw-2', epoch: 'epoch0000002' })];
    await site.take(a, at(28, 12), at(28, 13));
    await site.take(b, at(28, 14));
    await site.roots.run();
    expect(site.days()).toEqual([]);
    expect(site.roots.stats()).toMatchObject({ days: 0, openRecords: 3, stuck: '' });
    site.nowMs = at(29, 0);
    await site.roots.run();
    expect(site.days(), 'within the minute after midnight').toEqual([]);
    site.nowMs = at(29, 0, 2);
    await site.roots.run();
    expect(site.days()).toEqual(['1 2026-11-28 1-3']);
    await site.take(a, at(29, 5));
    site.nowMs = at(30, 0, 2);
    await site.roots.run();
    await site.roots.run();
    expect(site.days()).toEqual(['1 2026-11-28 1-3', '2 2026-11-29 4-4']);
    expect(site.roots.stats()).toMatchObject({ days: 2, openRecords: 0, rootedToSeconds: at(30, 0) / 1000 });
    const days = site.roots.store()!;
    const [first, second] = days.entries();
    expect(first).toMatchObject({ records: 3, chains: 2, prev: '' });
    expect(second!.prev).toBe(dayHash(days, first!));
    // The tree, by hand.
    const hashes = site.ledger.readAfter(0, 3).map(({ hash }) => Buffer.from(hash, 'base64url'));
    const leaves = [hashes.slice(0, 2), hashes.slice(2)].map((own, index) =>
      chainLeaf({
        agent: index === 0 ? 'gw-1' : 'gw-2',
        epoch: index === 0 ? 'epoch0000001' : 'epoch0000002',
        records: own.length,
        root: merkleRoot(own).toString('base64url'),
      }),
    );
    expect(first!.root).toBe(merkleRoot(leaves).toString('base64url'));
    expect(site.verify()).toMatchObject({ days: 2, records: 4, replaced: [], faults: [] });
    expect(statSync(join(site.folder, 'days.db')).mode & 0o777).toBe(0o600);
  });

  it('are caught up after a month without a collector, the empty ones left out', async () => {
    const site = await new Site().open();
    const feed = new ChainFeed();
    await site.take(feed, at(28, 12), at(29, 1), at(29, 23, 59), Date.UTC(2026, 11, 30, 8));
    site.nowMs = Date.UTC(2026, 11, 30, 9);
    await site.roots.run();
    expect(site.days()).toEqual(['1 2026-11-28 1-1', '2 2026-11-29 2-3']);
    expect(site.verify().faults).toEqual([]);
  });

  it('hold what comes while one is closed, late and out of order', async () => {
    const site = await new Site().open();
    const feed = new ChainFeed();
    // Two that came around midnight are numbered the other way round.
    await site.take(feed, at(28, 23, 59), at(29, 0) + 5, at(28, 23, 59) + 59_990, at(29, 1));
    site.nowMs = at(29, 1);
    await site.roots.run();
    expect(site.days()).toEqual(['1 2026-11-28 1-1']);
    // Taken in on the 29th by a clock that was then set back by a moment.
    site.nowMs = at(30, 0, 2);
    const running = site.roots.run();
    await site.take(feed, at(29, 23, 59));
    await running;
    expect(site.days().slice(0, 2)).toEqual(['1 2026-11-28 1-1', '2 2026-11-29 2-4']);
    await site.take(feed, at(30, 1));
    site.nowMs = at(30, 2);
    await site.roots.run();
    // One that was on its way when its day was closed has a second run of the same date.
    expect(site.days()[2]).toBe('3 2026-11-29 5-5');
    expect(site.verify()).toMatchObject({ records: 5, faults: [] });
  });

  it.each([
    { what: 'a step to 2030 and back', times: [at(28, 1), Date.UTC(2030, 0, 1), at(28, 2), at(28, 3)] },
    { what: 'a start at 1970', times: [at(28, 1), 0, 1000, at(28, 2)] },
    { what: 'a step beyond the year 9999', times: [at(28, 1), 253_402_300_800_001, at(28, 2)] },
  ])('go on after the clock of the collector made $what', ({ times }) => {
    const site = new Site();
    const days = openDays({ folder: site.folder, site: 'plant', collector: key.publicKey });
    const ledger = marksOf(times);
    const steps = makeDays({
      days,
      ledger,
      key,
      afterOrdinal: 0,
      lastOrdinal: times.length,
      wallMs: () => at(29, 1),
    });
    while (steps.next().done !== true);
    const entries = days.entries();
    expect(entries.at(-1)?.to).toBe(times.length);
    expect(entries.map(({ from }) => from)).toEqual([1, ...entries.slice(0, -1).map(({ to }) => to + 1)]);
    expect(verdictOf(days, ledger)).toMatchObject({ records: times.length, faults: [] });
    days.close();
  });

  it('are the same whether they were made at once or after a kill between computing and writing', () => {
    const times = Array.from({ length: 3000 }, (_, index) => at(1, 0) + index * 600_000);
    const make = (folder: string, failing: number) => {
      const days = openDays({ folder, site: 'plant', collector: key.publicKey });
      let left = failing;
      const store = Object.assign(Object.create(days) as typeof days, {
        append: (...given: Parameters<typeof days.append>) => {
          if (left-- === 0) throw new Error('killed');
          days.append(...given);
        },
        last: () => days.last(),
        site: days.site,
        collector: days.collector,
      });
      const steps = makeDays({
        days: store,
        ledger: marksOf(times, (index) => `gw-${index % 7}`),
        key,
        afterOrdinal: days.last()?.to ?? 0,
        lastOrdinal: times.length,
        wallMs: () => at(30, 0),
      });
      try {
        while (steps.next().done !== true);
      } catch (error) {
        expect(String(error)).toMatch('killed');
      }
      const entries = days.entries();
      const chains = entries.map(({ number }) => days.chainsOf(number));
      days.close();
      return { entries, chains };
    };
    const whole = make(makeTempFolder(), Infinity);
    expect(whole.entries).toHaveLength(21);
    const folder = makeTempFolder();
    for (let run = 0; run < 10; run++) make(folder, run);
    expect(make(folder, Infinity)).toEqual(whole);
  });

  it('tell of a ledger that was set back, and go on so that it shows', async () => {
    const site = await new Site().open();
    const feed = new ChainFeed();
    await site.take(feed, at(28, 12), at(28, 13));
    await site.close();
    cpSync(join(site.folder, 'ledger'), join(site.folder, 'backup'), { recursive: true });
    await site.open();
    await site.take(feed, at(28, 14), at(29, 1));
    site.nowMs = at(30, 1);
    await site.roots.run();
    expect(site.days()).toEqual(['1 2026-11-28 1-3', '2 2026-11-29 4-4']);
    expect(site.told).toEqual([]);
    await site.close();
    const restored = new Site(makeTempFolder());
    cpSync(join(site.folder, 'backup'), join(restored.folder, 'ledger'), { recursive: true });
    cpSync(join(site.folder, 'days.db'), join(restored.folder, 'days.db'));
    restored.nowMs = at(30, 2);
    await restored.open();
    await restored.roots.run();
    expect(restored.roots.stats().foreign).toMatch(
      /^Days 1 to 2 are signed for other records than the ledger/,
    );
    expect(restored.told).toEqual([restored.roots.stats().foreign]);
    // What was there is signed anew, behind what cannot be changed.
    expect(restored.days().slice(2)).toEqual(['3 2026-11-28 1-2']);
    const other = new ChainFeed({ agent: 'gw-9', epoch: 'epoch0000009' });
    await restored.take(other, at(30, 3), at(30, 4));
    restored.nowMs = at(31, 1);
    await restored.roots.run();
    expect(restored.days()[3]).toBe('4 2026-11-30 3-4');
    expect(restored.verify()).toMatchObject({ days: 4, records: 4, replaced: [1, 2], faults: [] });
    // The next start finds the last day to be of this ledger: nothing is told anew, and nothing is signed twice.
    await restored.close();
    await restored.open();
    await restored.roots.run();
    expect(restored.roots.stats().foreign).toBe('');
    expect(restored.days()).toHaveLength(4);
    expect(holdsTo(readDays(restored.folder)!.entries())).toEqual([0, 0, 2, 4]);
  });

  it('tell where days.db is damaged, of another key, or newer, with a cure, and the collector goes on', async () => {
    const damage = (act: (db: DatabaseSync, path: string) => void) => async () => {
      const site = await new Site().open();
      await site.take(new ChainFeed(), at(28, 12));
      site.nowMs = at(29, 1);
      await site.roots.run();
      await site.close();
      const db = new DatabaseSync(join(site.folder, 'days.db'));
      act(db, join(site.folder, 'days.db'));
      db.close();
      await site.open();
      await site.roots.run();
      return site.roots.stats();
    };
    const other = await damage((db) =>
      db.exec(
        `DROP TRIGGER entry_delete; UPDATE meta SET value = '${generateSigningKey().publicKey}' WHERE name = 'key'`,
      ),
    )();
    expect(other).toMatchObject({ stuck: expect.stringContaining('was signed for another collector key') });
    expect(other.cure).toMatch(/from one backup/);
    const newer = await damage((db) => db.exec('PRAGMA user_version = 2'))();
    expect(newer).toMatchObject({ failures: 1, stuck: expect.stringContaining('has version 2') });
    const spoilt = await damage((_, path) => {
      const file = openSync(path, 'r+');
      writeSync(file, Buffer.alloc(8192, 0xff), 0, 8192, 4096);
      closeSync(file);
    })();
    expect(spoilt.stuck).toMatch(/damaged/);
    expect(spoilt.cure).toMatch(/from a backup/);
  });

  it('wait for room on a full disk, and are signed when there is some', async (context) => {
    const folder = join(makeTempFolder(), 'disk');
    const unmount = mountSmallDisk(folder, 4);
    if (unmount === undefined) return context.skip('only root may mount');
    onTestFinished(() => unmount());
    const site = await new Site(folder).open();
    await site.take(new ChainFeed(), at(28, 12));
    await site.roots.run();
    fillDisk(folder);
    site.nowMs = at(29, 1);
    for (let run = 0; run < 3; run++) await site.roots.run();
    expect(site.roots.stats()).toMatchObject({ days: 0, failures: 3, cure: '' });
    expect(site.roots.stats().stuck).toMatch(/days\.db cannot be used/);
    for (let run = 0; run < 8; run++) await site.roots.run();
    expect(site.roots.stats().cure).toMatch(/room on the disk/);
    freeDisk(folder);
    await site.roots.run();
    expect(site.roots.stats()).toMatchObject({ days: 1, stuck: '', cure: '' });
    expect(site.verify()).toMatchObject({ days: 1, faults: [] });
  });

  it('rest on hashes that were noted at admission: damaged bytes and readings let go change no root', async () => {
    const site = await new Site().open();
    const feed = new ChainFeed();
    await site.take(feed, at(28, 12), at(28, 13));
    await site.close();
    const db = new DatabaseSync(join(site.folder, 'ledger', 'records-2026-11.db'));
    db.exec("UPDATE record SET bytes = x'00' WHERE ordinal = 1");
    db.close();
    await site.open();
    site.nowMs = at(29, 1);
    await site.roots.run();
    expect(site.days()).toEqual(['1 2026-11-28 1-2']);
  });
});

describe('the check of signed days', () => {
  const sites = async () => {
    const site = await new Site().open();
    const feed = new ChainFeed();
    await site.take(feed, at(27, 12), at(28, 13), at(29, 14));
    site.nowMs = at(30, 14);
    await site.roots.run();
    return site;
  };

  it.each([
    ['a day taken out', 'DELETE FROM entry WHERE number = 2', 'Day 3 (2026-11-29) does not follow'],
    ['a last day cut off', 'DELETE FROM entry WHERE number = 3', '3 days were noted before, and 2 are here'],
    [
      'a day changed',
      "UPDATE entry SET day = '2026-11-26' WHERE number = 1",
      'Day 1 (2026-11-26) is not signed',
    ],
    [
      'another chain',
      "UPDATE chain SET agent = 'gw-7' WHERE number = 2",
      'Day 2 (2026-11-28) is noted with other chains',
    ],
    [
      'a chain taken out',
      'DELETE FROM chain WHERE number = 2',
      'Day 2 (2026-11-28) is noted with other chains',
    ],
  ])('names %s', async (_, sql, says) => {
    const site = await sites();
    const head = { entries: 3, hash: site.verify().hash };
    const db = new DatabaseSync(join(site.folder, 'days.db'));
    for (const table of ['entry', 'chain'])
      db.exec(`DROP TRIGGER ${table}_update; DROP TRIGGER ${table}_delete;`);
    db.exec(sql);
    db.close();
    const days = readDays(site.folder)!;
    const { faults } = verdictOf(days, site.ledger, head);
    days.close();
    expect(faults.map((fault) => fault.says).join(' ')).toContain(says);
  });

  it('names days that were signed anew with the same key, and a record that was exchanged', async () => {
    const site = await sites();
    const head = { entries: 3, hash: site.verify().hash };
    const again = openDays({ folder: makeTempFolder(), site: 'plant', collector: key.publicKey });
    const days = site.roots.store()!;
    let prev = '';
    for (const { signature: _, ...entry } of days.entries()) {
      const signed = signDay('plant', { ...entry, madeMs: entry.madeMs + 1, prev }, key);
      again.append(signed, days.chainsOf(entry.number));
      prev = dayHash(again, signed);
    }
    expect(verdictOf(again, site.ledger).faults).toEqual([]);
    expect(verdictOf(again, site.ledger, head).faults[0]?.says).toBe(
      'Day 3 (2026-11-29) is another one than was noted before.',
    );
    again.close();
    const other: MarkedLedger = {
      readMarks: (after, limit) =>
        site.ledger
          .readMarks(after, limit)
          .map((mark) => (mark.ordinal === 2 ? { ...mark, hash: sha256('other') } : mark)),
    };
    expect(site.verify(other).faults.map(({ says }) => says)).toEqual([
      'Day 2 (2026-11-28) was signed for other records than the ledger holds.',
    ]);
  });

  it('keeps honest programs from changing or removing anything', () => {
    const folder = makeTempFolder();
    mkdirSync(folder, { recursive: true });
    const days = openDays({ folder, site: 'plant', collector: key.publicKey });
    const steps = makeDays({
      days,
      ledger: marksOf([at(27, 1)]),
      key,
      afterOrdinal: 0,
      lastOrdinal: 1,
      wallMs: () => NOON_MS,
    });
    while (steps.next().done !== true);
    days.addStamp(1, { atMs: 1, authority: 'CN=TSA', bytes: Buffer.of(1) });
    days.addStamp(1, { atMs: 2, authority: 'CN=other', bytes: Buffer.of(2) });
    expect(days.stampOf(1)).toMatchObject({ atMs: 1, authority: 'CN=TSA' });
    expect(() => days.append(days.last()!, [])).toThrow(/does not follow the one before it/);
    days.close();
    const db = new DatabaseSync(join(folder, 'days.db'));
    for (const table of ['entry', 'chain', 'stamp']) {
      expect(() => db.exec(`DELETE FROM ${table}`)).toThrow(/never removed/);
      expect(() => db.exec(`UPDATE ${table} SET number = 7`)).toThrow(/never change/);
    }
    db.close();
  });
});

it('signs a day of fifty meters in turns of a few ms', async () => {
  const times = Array.from({ length: 72_000 }, (_, index) => at(28, 0) + index * 1200);
  const folder = makeTempFolder();
  const roots = startDailyRoots({
    folder,
    site: 'plant',
    key,
    ledger: { ...marksOf(times, (index) => `gw-${index % 50}`), lastOrdinal: () => times.length },
    wallMs: () => at(29, 1),
    timers: { nowMs: () => 0, after: () => () => {}, every: () => () => {} },
    log: silentLog,
  });
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await roots.run();
  clearInterval(timer);
  expect(roots.stats()).toMatchObject({ days: 1, stuck: '' });
  // One for each few hundred records; a computer that does all of it at once would have none.
  expect(turns).toBeGreaterThan(10);
  await roots.stop();
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { footprintPlanOf } from '../../../cli/footprint-plan-of.ts';
import { machineModelsOf } from '../../../cli/machine-model-of.ts';
import { openCollectorJournal } from '../../../cli/journal-access.ts';
import { sitePlanOf } from '../../../cli/site-plan-of.ts';
import { hourMethods } from '../../../collector/derivation/hour-method.ts';
import { openCalendar } from '../../../collector/energy/calendar/site-calendar.ts';
import { unconfiguredMachine } from '../../../collector/energy/machine-model.ts';
import { stepExport, type ExportSource } from '../../../collector/exports/make-export.ts';
import type { ProductFootprint } from '../../../collector/footprint/exports/pact/product-footprint.ts';
import type { FootprintRecord } from '../../../collector/footprint/record/footprint-record.ts';
import { followAmendments } from '../../../collector/journal/amendment-source.ts';
import type { Journal } from '../../../collector/journal/journal.ts';
import { EventQueue } from '../../../collector/pact/event-queue.ts';
import { FootprintBook, type BookedFootprint } from '../../../collector/pact/footprint-book.ts';
import { openPactFile } from '../../../collector/pact/pact-file.ts';
import { openPactHost, type PactHost } from '../../../collector/pact/pact-host.ts';
import type { PactPlan, PublishedSubject } from '../../../collector/pact/pact-plan.ts';
import { createTeller } from '../../../collector/pact/tell-partners.ts';
import { silentLog } from '../../../protocols/log.ts';
import { hasPactSchema, pactSchemaFaults } from '../footprint/exports/pact/pact-schema.ts';
import { tellMarks } from '../reports/job-plant.ts';
import { derivePlant, plantConfig } from '../reports/period-plant.ts';

const HOUR_MS = 3_600_000;
/** Noon in Berlin on the last day of July: 12 hours of July, 12 of August. */
const FROM_MS = Date.UTC(2026, 6, 31, 10);
const AUGUST_MS = Date.UTC(2026, 6, 31, 22);
const NOW_MS = Date.UTC(2026, 7, 3);
const PRODUCT = 'urn:pact:example.com:machine-hour:mill-1';
const COMPANY = { name: 'Example Machining Co', ids: ['urn:lei:5493001KJTIIGC8Y1R12'], country: 'DE' };

let plant: Awaited<ReturnType<typeof derivePlant>>;
let journal: Journal;
let dataFolder: string;
const open: PactHost[] = [];

beforeAll(async () => {
  plant = await derivePlant(FROM_MS, 24, { config: plantConfig() });
  journal = openCollectorJournal(plant.dataFolder, silentLog);
  const at = (hour: number) => new Date(FROM_MS + hour * HOUR_MS).toISOString();
  tellMarks(journal, 'mill-1', [
    { id: 'b', kind: 'begin', at: at(2), job: '4711', part: 'housing-7' },
    { id: 'e', kind: 'end', at: at(6), job: '4711', goodParts: 10 },
  ]);
  dataFolder = mkdtempSync(join(tmpdir(), 'millwatt-pact-'));
}, 60_000);
afterEach(async () => {
  for (const host of open.splice(0)) await host.stop();
  rmSync(join(dataFolder, 'pact'), { recursive: true, force: true });
});
afterAll(() => {
  journal.close();
  plant.close();
  rmSync(dataFolder, { recursive: true, force: true });
});

/** What is declared, with the hours as they are, or as `change` makes them. */
function sourceOf(
  footprint: Record<string, unknown> = {},
  change?: Parameters<ReturnType<typeof plant.views.hours>['map']>[0],
): ExportSource {
  const config = plantConfig(
    {
      calendar: { zone: 'Europe/Berlin' },
      footprint: { company: COMPANY, region: 'DE', ...footprint },
    },
    { product: { ids: [PRODUCT] } },
  );
  const sitePlan = sitePlanOf(config, 'tz');
  const views = new Proxy(plant.views, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...asked: unknown[]): unknown => {
        const got: unknown = Reflect.apply(value, target, asked);
        return name === 'hours' && change !== undefined
          ? (got as ReturnType<typeof plant.views.hours>).map(change)
          : got;
      };
    },
  });
  return {
    source: { views, plan: sitePlan, journal },
    plan: footprintPlanOf(config, '/nowhere', { key: 'k'.repeat(43), sitePlanHash: sitePlan.hash }),
    calendar: openCalendar(sitePlan.calendar),
    methodOf: hourMethods(
      plant.views,
      machineModelsOf(config, '/nowhere'),
      followAmendments(journal, silentLog),
    ),
  };
}

/** As it is once the collector has waited for what comes after the last reading. */
const allFinal = () => sourceOf({}, (hour) => ({ ...hour, status: 'final' as const }));

const MACHINE: PublishedSubject = {
  subject: { kind: 'machine', id: 'mill-1' },
  period: 'month',
  sinceMs: null,
  evenProvisional: false,
};
/** Of July only a day was metered, so that its record is never final. */
const PART: PublishedSubject = {
  ...MACHINE,
  evenProvisional: true,
  subject: { kind: 'part', id: 'housing-7', machine: 'mill-1' },
};
const EVENTS = {
  url: 'https://127.0.0.1:1/3/events',
  tokenUrl: 'https://127.0.0.1:1/auth/token',
  clientId: 'c',
  clientSecret: 's',
};
const partner = (id: string, sees: 'all' | string[]) => ({
  id,
  secret: `secret of ${id}`,
  sees,
  scopes: ['read', 'events'] as const,
  events: EVENTS,
});

function openHost(options: {
  publish: PublishedSubject[];
  from?: () => ExportSource;
  nowMs?: number;
  version?: string;
  plan?: Partial<PactPlan>;
}): PactHost {
  const { publish, from = sourceOf, nowMs = NOW_MS, version = '1.0.0' } = options;
  const host = openPactHost({
    plan: {
      url: 'https://pact.example.com',
      servesSchema: true,
      publish,
      partners: [partner('all', 'all'), partner('some', [PRODUCT]), partner('none', ['urn:a:b'])],
      ...options.plan,
    },
    dataFolder,
    from: () => from(),
    version,
    wallMs: () => nowMs,
    random: () => 0,
    log: silentLog,
    isPublishing: false,
  });
  open.push(host);
  return host;
}

const only = (host: PactHost) =>
  JSON.parse(host.book.textOf(host.book.all()[0]?.id ?? '')) as ProductFootprint;
/** What waits for a partner, read from the file. */
function waiting(partnerId: string): { type: string; data: { pfIds: string[] } }[] {
  const db = new DatabaseSync(join(dataFolder, 'pact/pact.db'), { readOnly: true });
  const rows = db
    .prepare("SELECT body FROM event WHERE partner = ? AND state = 'waiting' ORDER BY created_ms, rowid")
    .all(partnerId) as { body: string }[];
  db.close();
  return rows.map(({ body }) => JSON.parse(body));
}

describe('publishing', () => {
  test('offers July of a machine, which has ended, and not August; once', async () => {
    const host = openHost({ publish: [MACHINE] });
    expect(await host.publish()).toEqual({ published: 1, refused: [] });
    const footprint = only(host);
    expect(footprint).toMatchObject({
      status: 'Active',
      productIds: [PRODUCT],
      pcf: { referencePeriodEnd: new Date(AUGUST_MS).toISOString(), declaredUnitOfMeasurement: 'hour' },
    });
    expect(footprint).not.toHaveProperty('precedingPfIds');
    if (hasPactSchema) expect(pactSchemaFaults('ProductFootprint', footprint)).toEqual([]);
    expect(footprint.extensions).toMatchObject([
      {
        dataSchema: 'https://pact.example.com/schemas/footprint-record-1.json',
        data: { evidence: { status: 'final' } },
      },
    ]);

    expect(await host.publish()).toEqual({ published: 0, refused: [] });
    const later = openHost({ publish: [MACHINE], nowMs: Date.UTC(2026, 8, 2) });
    expect(await later.publish()).toEqual({ published: 0, refused: [] });
  });

  test('neither another version of this program nor a plan that no figure shows makes a new issue', async () => {
    const first = openHost({ publish: [MACHINE] });
    await first.publish();
    const text = first.book.textOf(first.book.all()[0]?.id ?? '');
    const other = openHost({
      publish: [MACHINE],
      version: '2.0.0',
      nowMs: NOW_MS + 1,
      from: () => sourceOf({ lines: [{ id: 'line-z', machines: ['mill-1'] }] }),
    });
    expect(await other.publish()).toEqual({ published: 0, refused: [] });
    expect(other.book.textOf(other.book.all()[0]?.id ?? '')).toBe(text);
  });

  test('a changed figure makes a new issue that names the earlier one, which keeps its bytes', async () => {
    const first = openHost({ publish: [MACHINE] });
    await first.publish();
    const [before] = first.book.all();
    const text = first.book.textOf(before?.id ?? '');
    const second = openHost({
      publish: [MACHINE],
      nowMs: NOW_MS + 1000,
      from: () => sourceOf({ hours: 'calendar' }),
    });
    expect(await second.publish()).toEqual({ published: 1, refused: [] });
    const [old, made] = second.book.all();
    expect(old).toMatchObject({ id: before?.id, status: 'Deprecated' });
    expect(made?.status).toBe('Active');
    expect(made?.id).not.toBe(old?.id);
    const [was, is] = [text, second.book.textOf(old?.id ?? '')].map(
      (one) => JSON.parse(one) as ProductFootprint,
    );
    expect({ ...is, status: 'Active' }).toEqual(was);
    expect(second.book.textOf(old?.id ?? '')).toBe(
      text.replace('"status":"Active"', '"status":"Deprecated"'),
    );
    expect(JSON.parse(second.book.textOf(made?.id ?? ''))).toMatchObject({ precedingPfIds: [old?.id] });

    // Whoever sees the product hears of both; nobody else hears anything.
    for (const id of ['all', 'some'])
      expect(waiting(id).map(({ type, data }) => [type, data.pfIds])).toEqual([
        ['org.wbcsd.pact.ProductFootprint.PublishedEvent.3', [old?.id]],
        ['org.wbcsd.pact.ProductFootprint.PublishedEvent.3', [made?.id, old?.id]],
      ]);
    expect(waiting('none')).toEqual([]);

    // Back to what it was: a third issue, not the first again.
    const third = openHost({ publish: [MACHINE], nowMs: NOW_MS + 2000 });
    await third.publish();
    const last = JSON.parse(third.book.textOf(third.book.all().at(-1)?.id ?? '')) as ProductFootprint;
    expect(last.precedingPfIds).toEqual([old?.id, made?.id]);
    expect(third.stats()).toMatchObject({ active: 1, deprecated: 2, refused: 0 });
  });

  test('an id that was given out comes again with no other bytes, also where the book was lost or put back', async () => {
    const first = openHost({ publish: [MACHINE] });
    await first.publish();
    const made = only(first);
    const { data } = made.extensions[0] as unknown as { data: { id: string } };
    // An export of the same period, which may be provisional, has this one.
    expect(made.id).not.toBe(data.id);
    const publishAnew = async (nowMs: number, hours: 'calendar' | 'processing') => {
      for (const host of open.splice(0)) await host.stop();
      rmSync(join(dataFolder, 'pact'), { recursive: true });
      const host = openHost({ publish: [MACHINE], nowMs, from: () => sourceOf({ hours }) });
      await host.publish();
      return only(host);
    };
    const others = [
      await publishAnew(NOW_MS, 'calendar'),
      await publishAnew(NOW_MS + 1000, 'calendar'),
      await publishAnew(NOW_MS + 1000, 'processing'),
    ];
    expect(new Set([made, ...others].map(({ id }) => id)).size).toBe(4);
    expect(JSON.stringify(await publishAnew(NOW_MS + 1000, 'calendar'))).toBe(JSON.stringify(others[1]));
  });

  test('what was withdrawn is deprecated and told, and comes back only changed or restored, as a new issue', async () => {
    const host = openHost({ publish: [MACHINE] });
    await host.publish();
    const { id, subject } = host.book.all()[0] as BookedFootprint;
    // As the command does it, while the host has the file open.
    const db = openPactFile(dataFolder);
    const book = new FootprintBook(db);
    const tell = createTeller({
      ...host.plan,
      queue: new EventQueue(db),
      wallMs: () => NOW_MS,
      log: silentLog,
    });
    const decision = { atMs: NOW_MS, by: 'A. Meier', because: 'wrong meter' };
    let told: string[] = [];
    const withdraw = (which: string) =>
      book.withdraw(which, decision, (changed) => {
        told = tell(changed);
      });
    expect(() => book.restore(id, NOW_MS)).toThrow(expect.objectContaining({ code: 'not-withdrawn' }));
    withdraw(id);
    expect(told).toEqual(['all', 'some']);
    expect(waiting('some').map(({ data }) => data.pfIds)).toEqual([[id], [id]]);
    expect(host.book.all()).toMatchObject([{ id, status: 'Deprecated', withdrawn: decision }]);
    expect(only(host).status).toBe('Deprecated');
    expect(host.stats()).toMatchObject({ active: 0, deprecated: 1 });
    expect(() => withdraw(id)).toThrow(
      expect.objectContaining({ code: 'not-offered', message: expect.stringContaining('wrong meter') }),
    );
    expect(() => withdraw('other')).toThrow(expect.objectContaining({ code: 'no-published' }));

    // Looked at anew because of another version, and yet the same.
    const anew = openHost({ publish: [MACHINE], version: '2.0.0', nowMs: NOW_MS + 1000 });
    expect(await anew.publish()).toEqual({ published: 0, refused: [] });
    book.restore(id, NOW_MS);
    expect(await anew.publish()).toEqual({ published: 1, refused: [] });
    const [, second] = anew.book.all() as [BookedFootprint, BookedFootprint];
    expect(second).toMatchObject({ subject, issue: 2, status: 'Active', withdrawn: null });
    expect(JSON.parse(anew.book.textOf(second.id))).toMatchObject({ precedingPfIds: [id] });
    expect(await anew.publish()).toEqual({ published: 0, refused: [] });
    expect(() => book.restore(id, NOW_MS)).toThrow(expect.objectContaining({ code: 'not-withdrawn' }));

    withdraw(second.id);
    const changed = openHost({
      publish: [MACHINE],
      nowMs: NOW_MS + 2000,
      from: () => sourceOf({ hours: 'calendar' }),
    });
    expect(await changed.publish()).toEqual({ published: 1, refused: [] });
    expect(changed.book.all().map(({ status }) => status)).toEqual(['Deprecated', 'Deprecated', 'Active']);
    db.close();
  });

  test('a table of factors that was edited makes a new issue', async () => {
    const file = join(dataFolder, 'my.csv');
    const from = (grams: number) => () => {
      writeFileSync(
        file,
        `id,region,year,gCo2ePerKwh,gases,gwp,boundary,basis,losses,isSupplierSpecific,source
my/DE/2026/wind,DE,2026,${grams},CO2e,AR6,life-cycle,contract,excluded,yes,W
my/DE/2025/residual,DE,2025,400,CO2e,AR6,life-cycle,residual,excluded,no,R
`,
      );
      const supplies = [
        { name: 'wind', factor: 'my/DE/2026/wind', from: '2026-01-01', to: '2027-01-01', share: '40' },
      ];
      return sourceOf({ tables: [file], losses: '4.2', supplies });
    };
    expect(await openHost({ publish: [MACHINE], from: from(11) }).publish()).toEqual({
      published: 1,
      refused: [],
    });
    const host = openHost({ publish: [MACHINE], from: from(500), nowMs: NOW_MS + 1000 });
    expect(await host.publish()).toEqual({ published: 1, refused: [] });
  });

  test('a file of hourly factors that was edited makes a new issue, and one that says the same none', async () => {
    const [table, hours] = ['grid.csv', 'hours.csv'].map((name) => join(dataFolder, name)) as [
      string,
      string,
    ];
    writeFileSync(
      table,
      `id,region,year,gCo2ePerKwh,gases,gwp,boundary,basis,losses,isSupplierSpecific,source
grid/DE/2026/mix,DE,2026,340,CO2e,AR6,life-cycle,consumption,included,no,Grid
`,
    );
    const publish = (grams: string, at: number) => {
      writeFileSync(hours, `factor,begin,gCo2ePerKwh\ngrid/DE/2026/mix,2026-07-31T12:00Z,${grams}\n`);
      const from = () => sourceOf({ tables: [table], hourly: [hours] });
      return openHost({ publish: [MACHINE], from, nowMs: NOW_MS + at }).publish();
    };
    expect(await publish('288.5', 0)).toEqual({ published: 1, refused: [] });
    expect(await publish('288.5', 1000)).toEqual({ published: 0, refused: [] });
    expect(await publish('301', 2000)).toEqual({ published: 1, refused: [] });
  });

  test('two entries that name the same publish it once, and keep no other back', async () => {
    const declared = { id: 'housing-7', machines: ['mill-1'], massKg: 3.2, fossilCarbonKg: 0 };
    const alone: PublishedSubject = {
      ...PART,
      subject: { kind: 'part', id: 'housing-7', machine: null },
    };
    const host = openHost({
      publish: [PART, alone, MACHINE],
      from: () => sourceOf({ parts: [declared] }),
    });
    const count = await host.publish();
    expect(count.published).toBe(2);
    expect(host.book.all().map(({ subject }) => subject.split('\n')[0])).toEqual(['part', 'machine']);
    expect(await host.publish()).toEqual({ published: 0, refused: count.refused });
    // The one goes on where the other left off.
    const heavier = openHost({
      publish: [alone],
      nowMs: NOW_MS + 1000,
      from: () => sourceOf({ parts: [{ ...declared, massKg: 4 }] }),
    });
    expect(await heavier.publish()).toEqual({ published: 1, refused: [] });
    expect(heavier.book.all().map(({ status, issue }) => [status, issue])).toEqual([
      ['Deprecated', 1],
      ['Active', 1],
      ['Active', 2],
    ]);
  });

  test('one that goes wrong in an unforeseen way is counted and tried again, and keeps no other back', async () => {
    let isBroken = true;
    const from = () =>
      sourceOf({ parts: [{ id: 'housing-7', massKg: 3.2, fossilCarbonKg: 0 }] }, (hour) => {
        if (isBroken) throw new Error('the sector cannot be read');
        return hour;
      });
    const broken = openHost({ publish: [MACHINE], from });
    expect(await broken.publish()).toMatchObject({
      published: 0,
      refused: [{ reason: expect.stringContaining('sector') }],
    });
    isBroken = false;
    expect(await broken.publish()).toEqual({ published: 1, refused: [] });
  });

  test('what was refused is not made anew until something of it changes, and told on', async () => {
    let reads = 0;
    const from = () =>
      sourceOf({ parts: [{ id: 'housing-7' }] }, (hour) => {
        reads += 1;
        return hour;
      });
    const host = openHost({ publish: [PART], from });
    const first = await host.publish();
    expect(first.refused).toHaveLength(1);
    const made = reads;
    reads = 0;
    expect(await host.publish()).toEqual(first);
    expect(host.stats().refused).toBe(1);
    expect(reads).toBeLessThan(made);
  });

  test('those of one look are made one after the other, so that no page shifts', async () => {
    const from = () => sourceOf({ parts: [{ id: 'housing-7', massKg: 3.2, fossilCarbonKg: 0 }] });
    const host = openHost({ publish: [MACHINE, PART], from });
    expect((await host.publish()).published).toBe(2);
    expect(host.book.all().map(({ created }) => Date.parse(created))).toEqual([NOW_MS, NOW_MS + 1]);
  });

  test('a revised hour is noticed', async () => {
    await openHost({ publish: [MACHINE] }).publish();
    const host = openHost({
      publish: [MACHINE],
      from: () => sourceOf({}, (hour) => ({ ...hour, revision: hour.revision + 1 })),
    });
    // The revision is part of the hours that the record rests on.
    expect(await host.publish()).toEqual({ published: 1, refused: [] });
  });

  test('hours of another configuration than that in force are provisional, with the cure, and offered to nobody', async () => {
    const made = (from: ExportSource): FootprintRecord => {
      const asked = { subject: MACHINE.subject, fromMs: FROM_MS, toMs: AUGUST_MS, issue: 1 };
      for (const record of stepExport(from, asked, NOW_MS)) if (record !== null) return record;
      throw new Error('there was no record');
    };
    const { methodOf } = sourceOf();
    // As after an edit of collector.yaml, until the collector was started again.
    const edited = (): ExportSource => ({
      ...allFinal(),
      methodOf: hourMethods(
        plant.views,
        [{ ...unconfiguredMachine('mill-1'), quietAfterMs: 1000 }],
        followAmendments(journal, silentLog),
      ),
    });
    const [held, old] = [made(allFinal()), made(edited())];
    expect(held.evidence.status).toBe('final');
    expect(held.remarks.join(' ')).not.toContain('another configuration');
    expect(old.evidence.status).toBe('provisional');
    expect(old.remarks[0]).toMatch(
      /^The hours of mill-1 were computed by another configuration.*Let the collector run/,
    );
    // It names what they were computed by, not what they should have been.
    const { sha256: hash } = methodOf('mill-1');
    expect(old.evidence.methods).toEqual([{ machine: 'mill-1', sha256: hash }]);
    expect(old.activity).toEqual(held.activity);

    // One that came to hold while hours were read makes a mix of two.
    let asked = 0;
    const between = {
      ...allFinal(),
      methodOf: () => ({ sha256: asked++ === 0 ? 'a'.repeat(43) : hash, isOutdated: false }),
    };
    expect(made(between).evidence.status).toBe('provisional');

    const publish = [{ ...MACHINE, evenProvisional: true }];
    const waits = openHost({ publish, from: edited });
    expect(await waits.publish()).toEqual({ published: 0, refused: [] });
    await waits.stop();
    open.pop();
    const current = openHost({ publish, from: allFinal });
    expect(await current.publish()).toEqual({ published: 1, refused: [] });

    // What was refused before is not forgotten while hours are computed anew.
    const { subject } = current.book.all()[0]!;
    const db = openPactFile(dataFolder);
    new FootprintBook(db).noteRefusals([{ subject, reason: 'no mass' }]);
    db.close();
    const { refused } = await openHost({ publish, from: edited }).publish();
    expect(refused).toEqual([{ subject, reason: 'no mass' }]);
  });

  test('what is not final waits, unless it may be provisional', async () => {
    const provisional = () =>
      sourceOf({}, (hour) => ({ ...hour, status: 'provisional' as const, finalBy: null }));
    const host = openHost({ publish: [MACHINE], from: provisional });
    expect(await host.publish()).toEqual({ published: 0, refused: [] });
    const eager = openHost({ publish: [{ ...MACHINE, evenProvisional: true }] });
    expect(await eager.publish()).toEqual({ published: 1, refused: [] });
  });

  test('readings that have not come are awaited for a week, and then it is told that they lack', async () => {
    // Of August nothing after noon of the first is known.
    const early = openHost({ publish: [MACHINE], nowMs: Date.UTC(2026, 8, 1), from: allFinal });
    expect(await early.publish()).toEqual({ published: 1, refused: [] });
    const late = openHost({ publish: [MACHINE], nowMs: Date.UTC(2026, 8, 8), from: allFinal });
    expect(await late.publish()).toMatchObject({
      published: 0,
      refused: [
        { subject: expect.stringContaining('2026-08-31'), reason: expect.stringContaining('never metered') },
      ],
    });
    expect(late.book.all()).toHaveLength(1);
  });

  test('a part that lacks what PACT demands is refused and told, and published once it is declared', async () => {
    const bare = openHost({
      publish: [PART, MACHINE],
      from: () => sourceOf({ parts: [{ id: 'housing-7' }] }),
    });
    const count = await bare.publish();
    expect(count).toMatchObject({
      published: 1,
      refused: [{ reason: expect.stringContaining('massKgPerUnit') }],
    });
    expect(bare.stats().refused).toBe(1);
    const strict = openHost({ publish: [{ ...PART, evenProvisional: false }] });
    expect((await strict.publish()).refused).toMatchObject([
      { reason: expect.stringContaining('never metered') },
    ]);
    const whole = openHost({
      publish: [PART, MACHINE],
      from: () => sourceOf({ parts: [{ id: 'housing-7', massKg: 3.2, fossilCarbonKg: 0 }] }),
    });
    expect(await whole.publish()).toMatchObject({ published: 1, refused: [] });
    const unknown = openHost({
      publish: [{ ...PART, subject: { kind: 'part', id: 'other', machine: 'mill-1' } }],
    });
    expect(await unknown.publish()).toEqual({ published: 0, refused: [] });
  });

  test('neither what begins before `since` nor what is not valid any more', async () => {
    const since = openHost({ publish: [{ ...MACHINE, sinceMs: AUGUST_MS }] });
    expect(await since.publish()).toEqual({ published: 0, refused: [] });
    const eager = { ...MACHINE, evenProvisional: true };
    const later = openHost({ publish: [eager], nowMs: Date.UTC(2029, 7, 2) });
    await later.publish();
    expect(later.book.all().map(({ validityPeriodStart }) => validityPeriodStart)).toEqual([
      '2026-08-31T22:00:00.000Z',
    ]);
  });

  test('stops where it is told to, and others have their turn', async () => {
    const host = openHost({ publish: Array.from({ length: 200 }, () => MACHINE) });
    let turns = 0;
    let isOver = false;
    const takeTurn = () => {
      turns += 1;
      if (!isOver) setImmediate(takeTurn);
    };
    takeTurn();
    const publishing = host.publish();
    await vi.waitFor(() => expect(turns).toBeGreaterThan(5));
    await host.stop();
    open.splice(0);
    isOver = true;
    // Two hundred times the same: it would have come to the end of it.
    expect(await publishing).toEqual({ published: expect.any(Number), refused: [] });
    expect(turns).toBeGreaterThan(2);
  });
});

describe('the book', () => {
  test('publishes all or nothing', async () => {
    await openHost({ publish: [MACHINE] }).publish();
    const footprint = only(open[0] as PactHost);
    for (const host of open.splice(0)) await host.stop();
    const db = openPactFile(dataFolder);
    const book = new FootprintBook(db);
    const subject = book.all()[0]?.subject ?? '';
    expect(() =>
      book.publish({ subject, issue: 2, content: 'c', footprint: { ...footprint, id: 'x' } }, 1, () => {
        throw new Error('the disk is full');
      }),
    ).toThrow('the disk is full');
    // SQLite itself has rolled back where the disk is full: that is told, not that there is nothing left to roll back.
    expect(() =>
      book.publish({ subject, issue: 2, content: 'c', footprint: { ...footprint, id: 'x' } }, 1, () => {
        db.exec('ROLLBACK');
        throw new Error('the disk is full by SQLite');
      }),
    ).toThrow('full by SQLite');
    expect(book.all().map(({ status, issue }) => [status, issue])).toEqual([['Active', 1]]);
    expect(new FootprintBook(db).all()).toHaveLength(1);
    db.close();
  });

  test('lets nobody change or remove what was published, and sees it where somebody did', async () => {
    await openHost({ publish: [MACHINE] }).publish();
    for (const host of open.splice(0)) await host.stop();
    const db = openPactFile(dataFolder);
    const book = new FootprintBook(db);
    const id = book.all()[0]?.id ?? '';
    expect(() => db.exec("UPDATE footprint SET body = '{}'")).toThrow('never changes');
    expect(() => db.exec('DELETE FROM footprint')).toThrow('never removed');
    db.exec('UPDATE footprint SET deprecated_ms = 5');
    expect(() => db.exec('UPDATE footprint SET deprecated_ms = NULL')).toThrow('never changes');
    db.exec('DROP TRIGGER footprint_update');
    db.exec("UPDATE footprint SET body = replace(body, 'hour', 'h0ur')");
    expect(() => book.textOf(id)).toThrow('not as it was published');
    db.exec('PRAGMA user_version = 9');
    db.close();
    expect(() => openPactFile(dataFolder)).toThrow(expect.objectContaining({ code: 'newer-pact' }));
  });

  test('counts events by what became of them, and adds one that waits only once', () => {
    const db = openPactFile(dataFolder);
    const queue = new EventQueue(db);
    const event = { id: 'e', data: {} } as Parameters<EventQueue['add']>[1];
    queue.add('p', event, 1);
    queue.add('p', event, 2);
    expect(queue.counts()).toEqual({ waiting: 1, delivered: 0, refused: 0, expired: 0 });
    queue.end({ partner: 'p', id: 'e' }, 'delivered', '', 3);
    expect(queue.due(9, 9)).toEqual([]);
    queue.add('p', event, 4);
    expect(queue.due(9, 9)).toMatchObject([{ createdMs: 4, tries: 0 }]);
    db.close();
  });
});

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { SealedRecord } from '../../../protocols/evidence/seal.ts';
import { runFullSpool } from '../../agent/thinning/full-spool.ts';
import { BOOT_MS } from '../../agent/thinning/thinning-plant.ts';
import { CHANNELS, MACHINE, PlantFeed, shiftOf, START_MS } from '../../collector/derivation/plant-feed.ts';
import { makeLedgerSite, type EvidenceSite, type LedgerSite } from '../verify/evidence-site.ts';

const HOUR_MS = 3_600_000;
const BEGIN_MS = Math.floor(START_MS / HOUR_MS) * HOUR_MS;
const FILE = 'mill-1.evidence.zip';

/** The site of records that came, for the test that runs. */
async function siteOf(given: Partial<LedgerSite> & Pick<LedgerSite, 'batches'>) {
  const site = await makeLedgerSite({ fromMs: BEGIN_MS, toMs: BEGIN_MS + 8 * HOUR_MS, ...given });
  onTestFinished(() => site.close());
  return site;
}

/** Hands a package out and verifies it as a stranger: no line fails, and its hours are those of the ledger. */
async function handOut(
  site: EvidenceSite & { hours: readonly MachineHour[] },
): Promise<readonly MachineHour[]> {
  const told = await site.exported(FILE);
  const { out, code } = await site.millwatt(
    'verify',
    FILE,
    '--json',
    '--trust',
    String(told['collectorFingerprint']),
  );
  const { result, lines, totals } = JSON.parse(out);
  expect(lines.filter((line: { result: string }) => line.result === 'fail')).toEqual([]);
  expect([result, code]).toEqual(['verified', 0]);
  expect(totals.hours).toBe(site.hours.length);
  const mwh = site.hours.reduce((sum, { energy }) => sum + (energy.supplyMwh ?? 0), 0);
  expect(Math.round(Number(totals.energyKwh) * 1e6)).toBe(mwh);
  expect(told['energyMwh']).toBe(mwh);
  expect(mwh).toBeGreaterThan(0);
  return site.hours;
}

const reasonsOf = (hours: readonly MachineHour[]) => new Set(hours.flatMap(({ reasons }) => reasons));

describe('a package can be verified', () => {
  test('of a machine whose spool was full: thinned records, and originals that came after all', async () => {
    const { sealed, waiting } = runFullSpool(300_000, 6 * 3600);
    const known = new Set(waiting.map(({ hash }) => hash));
    const late = sealed.filter(({ hash }) => !known.has(hash)).reverse();
    const fromMs = Math.floor(BOOT_MS / HOUR_MS) * HOUR_MS;
    const site = await siteOf({
      site: 'pune',
      batches: [[...waiting.slice(-1), ...waiting.slice(0, -1)], late.slice(0, Math.floor(late.length / 3))],
      fromMs,
      toMs: fromMs + 8 * HOUR_MS,
    });
    expect(reasonsOf(await handOut(site))).toContain('thinned');
  }, 60_000);

  test('of a gateway that had no clock when it began, and of one that was never told the time', async () => {
    const feed = new PlantFeed();
    const unset = { clock: 'unsynced' as const, aheadMs: Date.UTC(2023, 4, 5) - (START_MS - 100_000) };
    const rows = (fromMs: number, by: Partial<typeof unset> = {}) => {
      const timesMs = Array.from({ length: 60 }, (_, row) => fromMs + row * 10_000);
      const columns = {
        [`${MACHINE}.supply.activePower`]: timesMs.map(() => 3600),
        [`${MACHINE}.supply.activeEnergyImport`]: timesMs.map((atMs) => atMs - START_MS + 5_000_000),
      };
      return feed.say({
        rows: [{ source: 'meter', everyMs: 10_000, timesMs, columns }],
        sealedToMs: fromMs + 600_000,
        ...by,
      });
    };
    const at = (index: number) => START_MS + index * 600_000;
    const first = [feed.config(unset), rows(at(0), unset), rows(at(1), unset)];
    const set = [2, 3, 4, 5, 6, 7].map((index) => rows(at(index)));
    // A boot without any clock, labelled two hours early, and the boot after it, whose coming ends the waiting.
    feed.reboot('cccccccccccc', at(12));
    const never = rows(at(13), { clock: 'unsynced', aheadMs: -2 * HOUR_MS });
    feed.reboot('dddddddddddd', at(16));
    const last = rows(at(17));
    const site = await siteOf({ batches: [set.slice(3), first, set.slice(0, 3), [never], [last]] });
    expect(reasonsOf(await handOut(site))).toContain('clock-unsynced');
  }, 60_000);

  test('of a machine that two agents watch, with gaps, a revoked amendment and two that hold', async () => {
    const hole: [number, number] = [START_MS + HOUR_MS, START_MS + 1.5 * HOUR_MS];
    const [supply, control] = [CHANNELS.slice(0, 3), CHANNELS.slice(3)];
    const meter = shiftOf(new PlantFeed({ channels: supply }), 5, { holeMs: hole });
    const words = new PlantFeed({ agent: 'gw-2', epoch: 'cccccccccccc', channels: control });
    const told = [words.config()];
    for (let at = START_MS; at < START_MS + 5 * HOUR_MS; at += 600_000)
      told.push(
        words.say({
          words: [
            {
              channel: control[0]!.id,
              source: 'cnc',
              timesMs: [at],
              values: [at % HOUR_MS === 0 ? 'ACTIVE' : 'READY'],
            },
          ],
          sealedToMs: at + 600_000,
        }),
      );
    const site = await siteOf({
      batches: [told.slice(0, 5), meter.slice(20), told.slice(5), meter.slice(0, 20)],
      amendments: [
        { kind: 'scale', num: '3', den: '1' },
        { kind: 'scale', component: 'spindle', num: '2', den: '1' },
        { kind: 'exclude', fromMs: START_MS + 3 * HOUR_MS, toMs: START_MS + 3.25 * HOUR_MS },
      ],
      revoked: [0],
    });
    const hours = await handOut(site);
    expect([...reasonsOf(hours)]).toEqual(expect.arrayContaining(['gap', 'amended']));
    expect(new Set(hours.flatMap(({ basis }) => basis.records.map(({ agent }) => agent))).size).toBe(2);
  }, 60_000);
});

describe('millwatt export evidence', () => {
  test('refuses what cannot be meant, with a cure, and leaves nothing behind', async () => {
    const site = await siteOf({ batches: [shiftOf(new PlantFeed(), 2)] });
    const files = () => readdirSync(site.folder).filter((name) => !/-(wal|shm)$/.test(name));
    const before = files().length;
    const refused = async (code: number, says: RegExp, ...words: string[]) => {
      const ended = await site.millwatt(...words);
      expect(ended.out).toMatch(says);
      expect(ended.out).toMatch(/cure: /);
      expect(ended.code).toBe(code);
    };
    const base = ['export', 'evidence', '-c', 'collector.yaml'];
    await refused(2, /of one machine, not of a line/, ...base, '--line', 'a');
    await refused(2, /Of which machine\?/, ...base);
    await refused(1, /knows no machine mill-9/, ...base, '--machine', 'mill-9');
    await refused(1, /No hour of mill-1 is known in that time/, ...base, '--machine', 'mill-1');
    await refused(
      1,
      /more than 366 days/,
      ...base,
      '--machine',
      'mill-1',
      '--from',
      '2024-01-01',
      '--to',
      '2026-03-03',
    );
    await refused(1, /cannot be written/, ...site.asked, '-o', 'no-such-folder/x.zip');
    expect(files()).toHaveLength(before);
    await site.exported(FILE);
    await refused(1, /is there already/, ...site.asked, '-o', FILE);
    await site.exported(FILE, '--force');
    // Another rated power than the hours were computed with: they would not follow from it.
    const yaml = join(site.folder, 'collector.yaml');
    writeFileSync(yaml, readFileSync(yaml, 'utf8').replace('20kW', '21kW'));
    await refused(1, /computed by another configuration/, ...site.asked, '-o', 'other.zip');
    expect(files()).toHaveLength(before + 1);
  }, 60_000);

  test('names a record that is damaged, and writes nothing', async () => {
    const site = await siteOf({ batches: [shiftOf(new PlantFeed(), 2)] });
    const ledger = join(site.folder, 'ledger');
    const month = join(
      ledger,
      readdirSync(ledger).find((name) => name.startsWith('records-'))!,
    );
    const db = new DatabaseSync(month);
    const row = db.prepare('SELECT bytes FROM record WHERE ordinal = 9').get() as { bytes: Uint8Array };
    row.bytes[row.bytes.length - 3]! ^= 1;
    db.prepare('UPDATE record SET bytes = ? WHERE ordinal = 9').run(row.bytes);
    db.close();
    const { out, code } = await site.millwatt(...site.asked, '-o', FILE);
    expect(out).toMatch(/Record 9 of gw-1, epoch aaaaaaaaaaaa, in records-.* is not as it was signed/);
    expect(code).toBe(1);
    expect(readdirSync(site.folder)).not.toContain(FILE);
  }, 60_000);

  test('does not hand out what rests on a key that nobody confirmed, unless that is asked for', async () => {
    const [first, second] = [new PlantFeed(), new PlantFeed({ epoch: 'bbbbbbbbbbbb', bootMs: START_MS })];
    const records: SealedRecord[] = [
      ...shiftOf(first, 1),
      ...shiftOf(second, 1, { fromMs: START_MS + 2 * HOUR_MS }),
    ];
    const site = await siteOf({ batches: [records] });
    const { out, code } = await site.millwatt(...site.asked, '-o', FILE);
    expect(out).toMatch(/trust, agent gw-1, key .*: The collector knew another key for this agent/);
    expect(out).toMatch(/cure: Compare the fingerprint/);
    expect(code).toBe(1);
    expect(readdirSync(site.folder)).not.toContain(FILE);
    const told = await site.exported(FILE, '--no-check');
    expect(told['checked']).toBe(false);
    const verified = await site.millwatt('verify', FILE, '--trust', String(told['collectorFingerprint']));
    expect(verified.out).toMatch(/FAIL +trust +agent gw-1, key/);
    expect(verified.code).toBe(1);
  }, 60_000);
});

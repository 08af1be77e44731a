import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { openViews } from '../../collector/ledger/sqlite-views.ts';
import { loadKeyFile } from '../../protocols/evidence/key-file.ts';
import { sampleHour } from '../collector/influx/machine-hour-sample.ts';
import { makeFolder, run, writeCollectorFile } from '../e2e/fault-rig.ts';
import { findFreePort } from '../support/mosquitto.ts';

const HOUR_MS = Date.UTC(2026, 2, 2, 9);

/** The folder of a collector that has run and was stopped: two hours of mill-1. */
async function makePlant(): Promise<string> {
  const folder = makeFolder();
  writeCollectorFile(folder, {
    broker: `{ embedded: { port: ${await findFreePort()} } }`,
    httpPort: await findFreePort(),
  });
  const views = openViews({ folder: join(folder, 'collector') });
  loadKeyFile(join(folder, 'collector', 'collector-key.pem'), '');
  const hour = { ...sampleHour(HOUR_MS), machine: 'mill-1' };
  views.commit({ reader: 'derive', ordinal: 1, hours: [hour, { ...hour, hourMs: HOUR_MS + 3_600_000 }] });
  views.close();
  return folder;
}

async function amend(folder: string, ...args: string[]): Promise<{ code: number | null; output: string }> {
  const started = run(folder, ['amend', ...args, '-c', 'collector.yaml']);
  const code = await started.exited;
  return { code, output: started.output() };
}

const SCALE = ['scale', 'mill-1', '--was', '100/5', '--is', '200/5', '--from', '2026-03-02T10:00:00+01:00'];
const REASON = ['--reason', 'the plate reads 200/5'];

describe('millwatt amend', () => {
  it('shows what it will do, enters it only when it is told to, lists it, and takes it back', async () => {
    const folder = await makePlant();
    const unsure = await amend(folder, ...SCALE, ...REASON);
    expect(unsure.code).toBe(1);
    expect(unsure.output).toMatch(
      /mill-1 supply from .* on are what was read x 2: 100\/5 was taken, 200\/5 is true/,
    );
    expect(unsure.output).toMatch(/It touches 2 hours so far; .* kWh x 2 = [\d.]+ kWh/);
    expect(unsure.output).toContain('add --yes');
    expect((await amend(folder, 'list')).output).toBe('No amendments.\n');

    const entered = await amend(folder, ...SCALE, ...REASON, '--yes', '--by', 'Anna');
    expect(entered.code).toBe(0);
    const [, id = ''] =
      /Entered as ([0-9a-f]{12})\. No collector answers here now: figures change at its next start/.exec(
        entered.output,
      ) ?? [];
    expect(id).not.toBe('');
    expect(statSync(join(folder, 'collector', 'journal.db')).mode & 0o777).toBe(0o600);

    const list = await amend(folder, 'list', '--json', '--machine', 'mill-1');
    expect(JSON.parse(list.output)).toMatchObject({
      ok: true,
      amendments: [
        {
          id,
          by: 'Anna',
          machine: 'mill-1',
          standing: 'in-force',
          reason: 'the plate reads 200/5',
          terms: { kind: 'scale', num: '2', den: '1', was: '100/5', is: '200/5' },
          hours: { fromMs: HOUR_MS, toMs: null },
        },
      ],
    });
    expect((await amend(folder, 'show', id.slice(0, 4))).output).toMatch(
      new RegExp(`^${id} +in force[^]*No machine-hour names it so far[^]*SHA-256`),
    );

    const again = await amend(folder, ...SCALE, ...REASON, '--yes', '--json');
    expect(again.output).toMatch(/Mind: Amendment [0-9a-f]{12} scales readings of this time too: both apply/);

    const revoked = await amend(folder, 'revoke', id, '--reason', 'misread', '--yes');
    expect([revoked.code, revoked.output]).toEqual([0, expect.stringContaining(`Revoked ${id} as `)]);
    const twice = await amend(folder, 'revoke', id, '--reason', 'misread', '--yes');
    expect([twice.code, twice.output]).toEqual([1, expect.stringMatching(/was revoked .* by .*: "misread"/)]);
    expect((await amend(folder, 'list')).output).toMatch(
      new RegExp(`${id} +revoked[^]*Revoked .*misread[^]*in force`),
    );
    expect((await amend(folder, 'verify')).output).toMatch(/^All 3 entries are as they were signed/);
  }, 60_000);

  it('refuses what cannot be meant, and says what there is', async () => {
    const folder = await makePlant();
    const turn = ['direction', 'mill-1', '--from', '2026-03-02T09:00:00Z', ...REASON, '--yes'];
    for (const [args, code, message] of [
      [
        ['direction', 'mill-9', '--from', '2026-03-02T00:00:00Z', ...REASON, '--yes'],
        1,
        /no machine mill-9 here[^]*Choose one of: mill-1/,
      ],
      [[...turn, '--component', 'spindel'], 1, /no component spindel[^]*Choose one of: .*supply/],
      [[...turn, '--to', '2026-03-02T09:00:00Z'], 2, /The time is empty/],
      [[...turn, '--to', '2026-03-03T09:00:00'], 2, /has no zone[^]*--to 2026-03-03T09:00:00Z/],
      [
        ['scale', 'mill-1', '--factor', '0', '--from', '2026-03-02T00:00:00Z', ...REASON, '--yes'],
        2,
        /above 0/,
      ],
      [['direction', 'mill-1', '--from', '2026-03-02T00:00:00Z', '--yes'], 2, /--reason/],
      [
        ['direction', 'mill-1', '--from', '2026-03-02T00:00:00Z', '--yes', '--reason', 'x'],
        2,
        /reason of 3 to 500/,
      ],
      [['revoke', 'abcdef', ...REASON, '--yes'], 1, /no amendment abcdef[^]*None was entered yet/],
    ] as const) {
      const refused = await amend(folder, ...args);
      expect([refused.code, refused.output], args.join(' ')).toEqual([code, expect.stringMatching(message)]);
    }
    expect((await amend(folder, ...turn)).code).toBe(0);
    const contradiction = await amend(folder, ...turn, '--json');
    expect(contradiction.code).toBe(1);
    expect(contradiction.output).toMatch(/"code":"contradicts".*millwatt amend revoke/);
    expect((await amend(folder, 'verify', '--json')).output).toContain('"entries": 1');
  }, 60_000);

  it('finds a forged entry, and refuses to go on with it', async () => {
    const folder = await makePlant();
    await amend(folder, ...SCALE, ...REASON, '--yes');
    const db = new DatabaseSync(join(folder, 'collector', 'journal.db'));
    db.exec(`DROP TRIGGER entry_update; UPDATE entry SET body = replace(body, '"num":"2"', '"num":"3"')`);
    db.close();
    const verdict = await amend(folder, 'verify');
    expect([verdict.code, verdict.output]).toEqual([
      1,
      expect.stringMatching(
        /0 entries are sound\. Entry 1 .* changed afterwards[^]*cure: Stop the collector, put/,
      ),
    ]);
    for (const args of [['list'], [...SCALE, ...REASON, '--yes']])
      expect((await amend(folder, ...args)).output).toMatch(/Entry 1 .* changed afterwards/);
    const collector = run(folder, ['collector', '-c', 'collector.yaml']);
    expect(await collector.exited).toBe(1);
    expect(collector.output()).toMatch(/Entry 1 .* changed afterwards[^]*Stop the collector and put/);
  }, 60_000);

  it('says where no collector has run, and makes no key of its own', async () => {
    const folder = makeFolder();
    writeCollectorFile(folder, { broker: '{ embedded: { port: 1883 } }', httpPort: 8484 });
    const refused = await amend(folder, ...SCALE, ...REASON, '--yes');
    expect([refused.code, refused.output]).toEqual([1, expect.stringMatching(/no collector has run here/)]);
    expect(() => statSync(join(folder, 'collector'))).toThrow();
  });

  it('has help with an example for every subcommand, and writes down no secret', async () => {
    const folder = await makePlant();
    for (const kind of [
      'scale',
      'direction',
      'component',
      'exclude',
      'same-meter',
      'meter-replaced',
      'step',
      'revoke',
      'list',
      'show',
      'verify',
    ]) {
      const help = run(folder, ['amend', kind, '--help']);
      expect([await help.exited, help.output()], kind).toEqual([
        0,
        expect.stringMatching(new RegExp(`Example:\\n {2}millwatt amend ${kind}`)),
      ]);
    }
    const file = join(folder, 'collector.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace(/http: .*/, 'http: { token: "${env:PAGE_TOKEN}", port: 1 }'),
    );
    const entered = run(folder, ['amend', ...SCALE, ...REASON, '--yes', '-c', 'collector.yaml'], {
      PAGE_TOKEN: 'a-token-of-twenty-two-letters',
    });
    expect([await entered.exited, entered.output()]).toEqual([0, expect.stringContaining('Entered as')]);
    expect(readFileSync(join(folder, 'collector', 'journal.db'), 'latin1')).not.toContain('a-token-of');
  }, 60_000);
});

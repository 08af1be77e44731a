import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeInflux } from '../../collector/influx/fake-influx.ts';
import { run } from '../../e2e/fault-rig.ts';
import { startInfluxd, type Influxd } from '../../support/influxd.ts';
import { requireTool } from '../../support/tools.ts';
import { makeSite } from '../ledger/made-site.ts';

/** A database that holds something: what was written is trusted to be there. */
const NOT_EMPTY = JSON.stringify({
  results: [{ series: [{ name: 'measurements', columns: ['name'], values: [['power']] }] }],
});

async function project(folder: string, ...args: string[]) {
  const started = run(folder, ['project', '-c', 'collector.yaml', ...args]);
  const code = await started.exited;
  return { code, output: started.output() };
}

async function projectJson(folder: string, ...args: string[]) {
  const { code, output } = await project(folder, ...args, '--json');
  return { code, ...(JSON.parse(output.slice(output.indexOf('{\n'))) as Record<string, never>) } as {
    code: number | null;
    ok: boolean;
    code_?: string;
    rebuilt: { resumed: boolean; records: number; points: number; hours: number; quarantined: number };
    compared: { days: { machine: string; expected: number }[]; missing: number; more: number };
    retried: { tried: number; stored: number; refused: number };
    lines: { line: string; reason: string }[];
  };
}

/** A collector that derived three hours and never projected them, with its InfluxDB at the address. */
async function siteWith(influx: string): Promise<string> {
  const { folder } = await makeSite();
  appendFileSync(join(folder, 'collector.yaml'), `influx: ${influx}\n`);
  return folder;
}

describe.skipIf(requireTool('influxd') === undefined)('millwatt project, a real InfluxDB with users', () => {
  let influxd: Influxd;
  beforeAll(async () => {
    influxd = await startInfluxd({ auth: true });
    await influxd.execute("CREATE USER writer WITH PASSWORD 'pw-one'");
  }, 30_000);
  afterAll(() => influxd.stop());

  const readAll = (database: string) => influxd.execute('SELECT * FROM /.*/ GROUP BY *', database);

  it('writes everything, counts it, and writing it again changes no value', async () => {
    await influxd.execute('CREATE DATABASE first');
    await influxd.execute('GRANT ALL ON first TO writer');
    const folder = await siteWith(
      `{ url: "${influxd.url}", version: 1, database: first, username: writer, password: "\${file:pw}" }`,
    );
    writeFileSync(join(folder, 'pw'), 'wrong\n', { mode: 0o600 });
    expect((await project(folder)).output).toMatch(/0 of 37 records are in InfluxDB; 37 wait/);
    const refused = await project(folder, '--rebuild');
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(
      /answered 401: authorization failed[^]*cure: Check the user name and password[^]*goes on where it stopped/,
    );
    writeFileSync(join(folder, 'pw'), 'pw-one\n', { mode: 0o600 });

    const first = await projectJson(folder, '--rebuild', '--verify');
    expect(first).toMatchObject({
      code: 0,
      ok: true,
      rebuilt: { resumed: true, records: 37, quarantined: 0 },
      compared: { missing: 0, more: 0 },
    });
    const stored = await readAll('first');
    const values = stored.flatMap(({ values: rows }) => rows).length;
    expect(values).toBeGreaterThan(500);
    expect(first.compared.days.reduce((sum, { expected }) => sum + expected, 0)).toBeGreaterThan(values);

    const again = await projectJson(folder, '--rebuild');
    expect(again).toMatchObject({ ok: true, rebuilt: { resumed: false, points: first.rebuilt.points } });
    expect(await readAll('first')).toEqual(stored);

    const times = stored.find(({ name }) => name === 'power')?.values.map(([time]) => Number(time)) ?? [];
    const [fromMs = 0, toMs = 0] = [times[100], times[200]];
    await influxd.execute(`DELETE FROM "power" WHERE time >= ${fromMs}ms AND time < ${toMs}ms`, 'first');
    const counted = await project(folder, '--verify');
    expect(counted.code).toBe(1);
    expect(counted.output).toMatch(
      /InfluxDB misses \d+ of \d+ values and has 0 more[^]*power\.p_w[^]*--rebuild writes it again/,
    );
    const range = ['--from', new Date(fromMs).toISOString(), '--to', new Date(toMs).toISOString()];
    const part = await projectJson(folder, '--rebuild', ...range);
    expect(part.rebuilt.points).toBeLessThan(first.rebuilt.points / 2);
    expect(await readAll('first')).toEqual(stored);
    expect(await projectJson(folder, '--verify')).toMatchObject({
      code: 0,
      compared: { missing: 0, more: 0 },
    });
  }, 60_000);

  it('lists what InfluxDB refused, and writes it again when that is corrected', async () => {
    await influxd.execute('CREATE DATABASE second');
    await influxd.execute('GRANT ALL ON second TO writer');
    const folder = await siteWith(
      `{ url: "${influxd.url}", version: 1, database: second, username: writer, password: "\${file:pw}" }`,
    );
    writeFileSync(join(folder, 'pw'), 'pw-one\n', { mode: 0o600 });
    // Someone else has made a field of the hours a text, in the month of our readings.
    const typed = `machine_hour,site=x energy_wh="n/a" ${Date.UTC(2026, 2, 2, 9)}`;
    const body = await fetch(`${influxd.url}/write?db=second&precision=ms`, {
      method: 'POST',
      body: typed,
      headers: { authorization: `Basic ${Buffer.from('writer:pw-one').toString('base64')}` },
    });
    expect(body.status).toBe(204);
    const built = await projectJson(folder, '--rebuild');
    expect(built).toMatchObject({ code: 1, ok: false });
    expect(built.rebuilt.quarantined).toBeGreaterThan(0);
    const { lines } = await projectJson(folder, '--quarantine');
    expect(lines).toHaveLength(built.rebuilt.quarantined);
    expect(lines[0]).toMatchObject({ reason: expect.stringContaining('field type conflict') });
    expect((await project(folder, '--quarantine')).output).toMatch(
      /lines are in quarantine[^]*machine_hour[^]*--retry/,
    );
    expect(await projectJson(folder, '--retry')).toMatchObject({
      code: 1,
      retried: { tried: lines.length, stored: 0, refused: lines.length },
    });
    await influxd.execute('DROP MEASUREMENT machine_hour', 'second');
    expect(await projectJson(folder, '--retry')).toMatchObject({
      code: 0,
      retried: { tried: lines.length, stored: lines.length, refused: 0 },
    });
    expect((await project(folder, '--quarantine')).output).toContain('Nothing is in quarantine.');
    expect(await projectJson(folder, '--verify')).toMatchObject({ compared: { missing: 0, more: 0 } });
  }, 60_000);
});

describe('millwatt project, a scripted fake', () => {
  it('stops at Ctrl-C, says where, and goes on from there', async () => {
    const taken = new Set<string>();
    let requests = 0;
    let isDown = true;
    const fake = await startFakeInflux([], ({ url, body }) => {
      if (!url.includes('write')) return { status: 200, body: NOT_EMPTY };
      if (isDown && requests++ > 0) return { status: 503, body: '{"error":"overloaded"}' };
      for (const line of body.split('\n')) taken.add(line);
      return { status: 204 };
    });
    try {
      const folder = await siteWith(`{ url: "${fake.url}", version: 1, database: millwatt }`);
      const started = run(folder, ['project', '--rebuild', '-c', 'collector.yaml']);
      await expect.poll(() => requests, { timeout: 20_000 }).toBeGreaterThan(2);
      expect(await started.stop()).toBe(1);
      expect(started.output()).toMatch(/Stopped at record \d+ of 37\.[^]*goes on where it stopped/);
      const saved = JSON.parse(readFileSync(join(folder, 'influx-rebuild.json'), 'utf8')) as object;
      expect(saved).toMatchObject({ v: 1, task: { fromMs: null, toMs: null } });
      isDown = false;
      const before = taken.size;
      const done = await projectJson(folder, '--rebuild');
      expect(done).toMatchObject({ code: 0, ok: true, rebuilt: { resumed: true } });
      expect(before).toBeGreaterThan(0);
      expect(done.rebuilt.points).toBe(taken.size);
    } finally {
      await fake.stop();
    }
  }, 60_000);

  it('begins anew where the ledger is another one than that it had stopped in: a backup was restored', async () => {
    const fake = await startFakeInflux([], ({ url }) =>
      url.includes('write') ? { status: 204 } : { status: 200, body: NOT_EMPTY },
    );
    try {
      const influx = `{ url: "${fake.url}", version: 1, database: millwatt }`;
      const [folder, other] = [await siteWith(influx), await siteWith(influx)];
      const path = join(folder, 'influx-rebuild.json');
      const whole = await projectJson(folder, '--rebuild');
      expect(whole).toMatchObject({ rebuilt: { resumed: false, records: 37 } });
      // As it is left by one that was stopped before its end.
      const saved = { ...(JSON.parse(readFileSync(path, 'utf8')) as object), isDone: false };
      writeFileSync(path, JSON.stringify(saved));
      expect(await projectJson(folder, '--rebuild')).toMatchObject({
        rebuilt: { resumed: true, records: 0 },
      });
      writeFileSync(join(other, 'influx-rebuild.json'), JSON.stringify(saved));
      expect(await projectJson(other, '--rebuild')).toMatchObject({
        rebuilt: { resumed: false, records: 37, points: whole.rebuilt.points },
      });
    } finally {
      await fake.stop();
    }
  }, 60_000);

  it.each([
    [['--rebuild', '--retry'], 2, /--rebuild and --retry are two things/],
    [['--from', '2026-03-02'], 2, /--from and --to say what is written again/],
    [['--rebuild', '--from', '2026-03-02', '--to', '2026-03-02'], 2, /--from is not before --to/],
  ])('%j is refused', async (args, exit, said) => {
    const folder = await siteWith('{ url: "http://127.0.0.1:1", version: 1, database: millwatt }');
    const { code, output } = await project(folder, ...args);
    expect(output).toMatch(said);
    expect(code).toBe(exit);
  });
});

import { execFileSync } from 'node:child_process';
import { appendFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openssl, startAuthority } from '../../collector/evidence/stamps/test-authority.ts';
import { run } from '../../e2e/fault-rig.ts';
import { change, makeSite } from './made-site.ts';

async function ledger(folder: string, ...args: string[]) {
  const started = run(folder, ['ledger', ...args, '-c', 'collector.yaml']);
  const code = await started.exited;
  return { code, output: started.output() };
}

describe('millwatt ledger roots', () => {
  it('signs days that ended while nothing ran, lists them, and ledger verify holds them against the ledger', async () => {
    const { folder, path } = await makeSite();
    expect((await ledger(folder, 'roots')).output).toContain('No day is signed yet.');
    expect((await ledger(folder, 'verify')).output).toContain('No day of the ledger is signed yet.');
    const made = await ledger(folder, 'roots', '--make');
    expect(made).toMatchObject({ code: 0 });
    expect(made.output).toMatch(/1\s+2026-03-\d\d\s+37\s+1\s+signed/);
    expect(made.output).toMatch(/No day has a time stamp/);
    const json = JSON.parse((await ledger(folder, 'roots', '--make', '--json')).output) as {
      days: unknown[];
    };
    expect(json.days).toMatchObject([
      { number: 1, records: 37, from: 1, to: 37, state: 'signed', stamp: null },
    ]);
    const sound = await ledger(folder, 'verify', '--heads', 'heads.json');
    expect(sound.output).toContain('All 1 signed days follow each other, and the 37 records in them are');
    expect(sound.code).toBe(0);
    const checked = await ledger(folder, 'check');
    expect(checked.output).toMatch(/days\.db .*1 days/);

    change(path, (db) => {
      db.exec('DELETE FROM part WHERE ordinal = 37; DELETE FROM record WHERE ordinal = 37');
      db.exec('UPDATE chain SET records = records - 1; UPDATE run SET to_seq = to_seq - 1');
    });
    // Without the days, what is left is whole by itself.
    const cut = await ledger(folder, 'verify', '--json');
    expect(cut.code).toBe(1);
    expect(JSON.parse(cut.output)).toMatchObject({
      ok: false,
      ledger: { faults: 0 },
      days: { faults: [{ number: 1, says: expect.stringContaining('other records than the ledger holds') }] },
      cure: expect.stringContaining('days.db back from one backup'),
    });
    change(join(folder, 'days.db'), (db) => {
      db.exec('DROP TRIGGER entry_delete; DELETE FROM entry');
    });
    const gone = await ledger(folder, 'verify', '--since', 'heads.json');
    expect(gone.output).toContain('1 days were noted before, and 0 are here.');
  }, 90_000);

  it('refuses what cannot be meant, with a cure', async () => {
    const { folder } = await makeSite();
    expect((await ledger(folder, 'roots', '--stamp')).output).toMatch(
      /No time-stamping authority is configured/,
    );
    expect((await ledger(folder, 'roots', '--text', '7')).output).toMatch(/No signed day has the number 7/);
    appendFileSync(
      join(folder, 'collector.yaml'),
      'evidence: { timeStamp: { url: "http://127.0.0.1:1/" } }\n',
    );
    expect((await ledger(folder, 'roots', '--stamp')).output).toMatch(/No day is signed yet/);
    const unreached = await ledger(folder, 'roots', '--make', '--stamp');
    expect(unreached.code).not.toBe(0);
    expect(unreached.output).toMatch(/time-stamping authority http:\/\/127\.0\.0\.1:1\/ is not reached/);
  }, 90_000);

  it.skipIf(openssl === undefined)(
    'gets a stamp that openssl accepts over the text that it prints',
    async () => {
      const { folder } = await makeSite();
      const authority = await startAuthority();
      writeFileSync(join(folder, 'tsa-ca.pem'), authority.ca.cert);
      appendFileSync(
        join(folder, 'collector.yaml'),
        `evidence: { timeStamp: { url: "${authority.url}", ca: tsa-ca.pem } }\n`,
      );
      const stamped = await ledger(folder, 'roots', '--make', '--stamp');
      expect(stamped.output).toMatch(/Day 1 and all before it existed at .*, says CN=StampSigner\./);
      await ledger(folder, 'roots', '--stamp');
      expect(authority.requests).toHaveLength(1);
      const shell = (option: string) =>
        execFileSync(
          process.execPath,
          [
            join(import.meta.dirname, '../../../cli/millwatt.ts'),
            'ledger',
            'roots',
            '-c',
            'collector.yaml',
            option,
            '1',
          ],
          { cwd: folder },
        );
      writeFileSync(join(folder, 'day.txt'), shell('--text'));
      writeFileSync(join(folder, 'day.tsr'), shell('--tsr'));
      const line = 'ts -verify -data day.txt -in day.tsr -CAfile tsa-ca.pem';
      expect(String(execFileSync(openssl ?? '', line.split(' '), { cwd: folder }))).toContain(
        'Verification: OK',
      );
    },
    90_000,
  );
});

describe('a collector that starts', () => {
  it('signs what ended while it was off, tells so, and says it in its figures', async () => {
    const { folder } = await makeSite();
    const port = await freePort();
    appendFileSync(join(folder, 'collector.yaml'), `http: { port: ${port} }\n`);
    const started = run(folder, ['collector', '-c', 'collector.yaml']);
    try {
      await started.waitFor(/The root of a day was signed/, 30_000);
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(metrics).toMatch(/^millwatt_evidence_days 1$/m);
      expect(metrics).toMatch(/^millwatt_evidence_open_records 0$/m);
      // What signs at the same time would only be in its way.
      const refused = await ledger(folder, 'roots', '--make');
      expect(refused.output).toMatch(/The collector runs, and signs days itself/);
      const listed = await ledger(folder, 'roots');
      expect(listed).toMatchObject({ code: 0, output: expect.stringMatching(/1\s+2026-03-\d\d\s+37/) });
    } finally {
      expect(await started.stop()).toBe(0);
    }
  }, 90_000);
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyLedger } from '../../../collector/ledger/verify-ledger.ts';
import { run } from '../../e2e/fault-rig.ts';
import { flipReadably } from '../../collector/ledger/flip-readably.ts';
import { change, makeSite } from './made-site.ts';

function verify(folder: string) {
  const steps = verifyLedger({ folder, isKnownKey: () => true, readEnd: () => undefined, faultsMax: 5 });
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    expect(step.value).toBeLessThanOrEqual(1);
  }
}

async function ledger(folder: string, ...args: string[]) {
  const started = run(folder, ['ledger', 'verify', '-c', 'collector.yaml', ...args]);
  const code = await started.exited;
  return { code, output: started.output() };
}

describe('millwatt ledger verify', () => {
  it('finds everything sound, and afterwards what was cut off', async () => {
    const { folder, path } = await makeSite();
    const sound = await ledger(folder, '--derive', '--heads', 'heads.json');
    expect(sound.output).toContain('All 37 records are as their agents signed them');
    expect(sound.output).toContain('All 2 entries of the journal are as they were signed.');
    expect(sound.output).toMatch(/All \d final hours, computed anew from the ledger, are as they are stored/);
    expect(sound.code).toBe(0);
    const heads = JSON.parse(readFileSync(join(folder, 'heads.json'), 'utf8')) as object;
    expect(heads).toMatchObject({
      site: 'plant',
      ledger: [{ agent: 'gw-1', seq: 37 }],
      journal: { entries: 2 },
    });

    change(path, (db) => {
      db.exec('DELETE FROM part WHERE ordinal = 37; DELETE FROM record WHERE ordinal = 37');
      db.exec('UPDATE chain SET records = records - 1; UPDATE run SET to_seq = to_seq - 1');
    });
    change(join(folder, 'journal.db'), (db) => {
      db.exec('DROP TRIGGER entry_delete; DELETE FROM entry WHERE seq = 2');
    });
    // By itself, what is left is whole.
    expect((await ledger(folder)).code).toBe(0);
    const since = await ledger(folder, '--since', 'heads.json', '--json');
    expect(since.code).toBe(1);
    expect(JSON.parse(since.output)).toMatchObject({
      ok: false,
      code: 'not-sound',
      ledger: { faults: 1, firstFaults: [{ code: 'cut-tail', agent: 'gw-1', seq: 37 }] },
      journal: { entries: 1, fault: expect.stringMatching(/^Entry 2 of .* is gone\.$/) },
    });
  }, 60_000);

  it('names figures that were changed in the views, and how to get them back', async () => {
    const { folder } = await makeSite();
    change(join(folder, 'views.db'), (db) => {
      const row = db
        .prepare('SELECT hour_ms AS at, json FROM hour WHERE json LIKE \'%"final"%\' LIMIT 1')
        .get();
      const hour = JSON.parse(String(row?.['json'])) as { energy: { supplyMwh: number } };
      hour.energy.supplyMwh -= 1000;
      db.prepare('UPDATE hour SET json = ? WHERE hour_ms = ?').run(JSON.stringify(hour), Number(row?.['at']));
    });
    expect((await ledger(folder)).code).toBe(0);
    const { code, output } = await ledger(folder, '--derive');
    expect(code).toBe(1);
    expect(output).toMatch(/Of \d final hours, 1 is stored with other figures than the ledger gives/);
    expect(output).toMatch(/mill-1 2026-03-02T09:00Z energy\.supplyMwh: stored \d+, computed \d+/);
    expect(output).toMatch(/delete views\.db in its data folder and start it/);
  }, 60_000);

  it('sees a bit that flips wherever it is in a record, and names the record', async () => {
    const { ledger: folder, path, records } = await makeSite();
    const { bytes, header } = records[20]!;
    const partAt = bytes.length - (header.parts[0]?.bytes ?? 0);
    const flips = [0, 5, 40, partAt - 70, partAt - 64, partAt - 1, partAt, partAt + 9, bytes.length - 1];
    const flipped = flips.map((at) =>
      Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 4 : byte)),
    );
    for (const changed of [...flipped, flipReadably(bytes, partAt)]) {
      change(path, (db) => db.prepare('UPDATE record SET bytes = ? WHERE seq = 21').run(changed));
      const { faults, firstFaults } = verify(folder);
      expect([faults, firstFaults[0]?.agent, firstFaults[0]?.seq]).toEqual([1, 'gw-1', 21]);
    }
    change(path, (db) => db.prepare('UPDATE record SET bytes = ? WHERE seq = 21').run(bytes));
    expect(verify(folder).faults).toBe(0);
  });

  it('sees what stands beside a record and was changed, taken out, or put in the place of another', async () => {
    const { ledger: folder, path } = await makeSite();
    const codes = (sql: string, back: string) => {
      change(path, (db) => db.exec(sql));
      const { firstFaults } = verify(folder);
      change(path, (db) => db.exec(back));
      return firstFaults.map(({ code }) => code);
    };
    expect(
      codes(
        'UPDATE record SET first_ms = first_ms + 1 WHERE seq = 9',
        'UPDATE record SET first_ms = first_ms - 1 WHERE seq = 9',
      ),
    ).toContain('noted-otherwise');
    expect(
      codes(
        "UPDATE part SET machine = 'mill-2' WHERE ordinal = 9",
        "UPDATE part SET machine = 'mill-1' WHERE ordinal = 9",
      ),
    ).toEqual(['not-found']);
    expect(
      codes("INSERT INTO part VALUES ('mill-2', 1, 9, 2)", "DELETE FROM part WHERE machine = 'mill-2'"),
    ).toEqual(['stray-parts']);
    expect(verify(folder)).toMatchObject({ faults: 0, records: 37 });
    change(path, (db) => db.exec('DELETE FROM part WHERE ordinal = 9; DELETE FROM record WHERE ordinal = 9'));
    expect(verify(folder).firstFaults).toMatchObject([
      { code: 'miscounted' },
      { code: 'gap', seq: 10, says: 'Record 9 of gw-1 in epoch aaaaaaaaaaaa is not here.' },
    ]);
  });
});

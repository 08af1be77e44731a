import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { runPact } from '../../../cli/pact/pact-command.ts';
import { runPactRestore, runPactWithdraw } from '../../../cli/pact/withdraw-command.ts';
import { EventQueue } from '../../../collector/pact/event-queue.ts';
import { FootprintBook } from '../../../collector/pact/footprint-book.ts';
import { openPactFile, readPactFile } from '../../../collector/pact/pact-file.ts';
import { sampleFootprints } from '../../collector/footprint/exports/pact/api/sample-footprints.ts';
import { startMillwatt } from '../../e2e/millwatt-process.ts';

const JULY = '2026-06-30T22:00:00.000Z\n2026-07-31T22:00:00.000Z';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millwatt-pact-'));
  writeFileSync(
    join(folder, 'collector.yaml'),
    'site: plant\nbroker: { url: mqtt://127.0.0.1:1883 }\ndata: .\ncalendar: { zone: Europe/Berlin }\n',
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function pact(...more: string[]): Promise<string> {
  const started = startMillwatt(['pact', '-c', 'collector.yaml', ...more], {
    cwd: folder,
    env: { COLUMNS: '160' },
  });
  expect(await started.exited, started.output()).toBe(0);
  return started.output();
}

/** A machine's July with two issues, a part that lacks its mass, and an event that waits; left open, as by a collector. */
function fill() {
  const db = openPactFile(folder);
  const book = new FootprintBook(db);
  const [, one, two] = sampleFootprints();
  if (one === undefined || two === undefined) throw new Error('there are no samples');
  const subject = `machine\nmill-1\n\n${JULY}`;
  book.publish({ subject, issue: 1, content: 'a', footprint: one }, 1, () => {});
  book.publish({ subject, issue: 2, content: 'b', footprint: two }, 2, () => {});
  book.noteRefusals([{ subject: `part\nhousing-7\nmill-1\n${JULY}`, reason: 'nobody declared its mass.' }]);
  const queue = new EventQueue(db);
  queue.add('oem-1', { id: 'event-1' }, Date.UTC(2026, 7, 3));
  queue.putOff({ partner: 'oem-1', id: 'event-1' }, Date.UTC(2026, 7, 3, 1), 'it answered 503');
  return { db, one, two };
}

describe('millwatt pact', () => {
  test('shows what is published, what cannot be and what waits, while a collector has it open', async () => {
    const { db, one, two } = fill();
    const text = await pact();
    expect(text).toMatch(new RegExp(`machine mill-1 +2026-07 +1 +Deprecated +${one.id}`));
    expect(text).toMatch(new RegExp(`machine mill-1 +2026-07 +2 +Active +${two.id}`));
    expect(text).toContain(
      'part housing-7 on mill-1, 2026-07, cannot be published: nobody declared its mass.',
    );
    expect(text).toContain(
      'oem-1: waiting after 1 try: it answered 503; next 2026-08-03 03:00:00 +02:00 (event-1)',
    );
    const said = JSON.parse(await pact('--json'));
    expect(said).toMatchObject({
      ok: true,
      footprints: [
        { subject: { kind: 'machine', id: 'mill-1', machine: null }, period: '2026-07', issue: 1 },
        { status: 'Active', issue: 2 },
      ],
      refusals: [{ reason: 'nobody declared its mass.' }],
      events: [{ partner: 'oem-1', state: 'waiting', tries: 1 }],
    });
    db.close();
  }, 30_000);

  test('withdraws what is offered once a person agrees, says so, and lets it be published anew', async () => {
    const { db, one, two } = fill();
    const book = new FootprintBook(db);
    const asked = startMillwatt(
      ['pact', 'withdraw', two.id.slice(0, 8), '--because', 'wrong mass', '-c', 'collector.yaml'],
      { cwd: folder },
    );
    expect(await asked.exited).not.toBe(0);
    expect(asked.output()).toMatch(/machine mill-1, 2026-06-30T22:00:00.000Z.*--yes/s);
    expect(book.all().at(-1)?.status).toBe('Active');

    const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    onTestFinished(() => written.mockRestore());
    const options = { config: join(folder, 'collector.yaml'), by: 'A. Meier', yes: true as const };
    const said = () => written.mock.calls.splice(0).join('').replaceAll(/\s+/g, ' ');
    await runPactWithdraw(two.id.toUpperCase(), { ...options, because: 'wrong mass' });
    expect(said()).toContain('It is withdrawn. No partner is to be told.');
    expect(book.all().at(-1)?.withdrawn).toMatchObject({ by: 'A. Meier', because: 'wrong mass' });
    runPact(options);
    expect(said()).toMatch(/machine mill-1, 2026-07, issue 2 was withdrawn .* by A. Meier: wrong mass/);
    await runPactRestore(two.id, options);
    expect(said()).toContain('within the hour');
    runPact(options);
    expect(said()).toContain('the same may be published anew');
    for (const [id, because, code] of [
      [one.id, 'it is old', 'not-offered'],
      ['00000000', 'it is not', 'no-published'],
      [one.id, 'no', 'usage'],
    ] as const)
      await expect(runPactWithdraw(id, { ...options, because })).rejects.toMatchObject({ code });
    db.close();
  }, 30_000);

  test('shows a file of before, that knows nothing of withdrawing, without changing it', () => {
    const { db, two } = fill();
    db.exec('DROP TABLE withdrawal');
    db.close();
    const read = readPactFile(folder);
    expect(read && new FootprintBook(read).all().at(-1)).toMatchObject({ id: two.id, withdrawn: null });
    read?.close();
  });

  test('says so where there is nothing, and refuses a damaged file with a cure', async () => {
    expect(await pact()).toContain('No pact is configured, and nothing was published.');
    fill().db.close();
    writeFileSync(join(folder, 'pact/pact.db'), 'no database '.repeat(1000));
    for (const name of ['pact.db-wal', 'pact.db-shm']) rmSync(join(folder, 'pact', name), { force: true });
    const started = startMillwatt(['pact', '-c', 'collector.yaml'], { cwd: folder });
    expect(await started.exited).not.toBe(0);
    expect(started.output()).toContain('from a backup');
  }, 30_000);
});

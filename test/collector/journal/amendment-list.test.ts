import { describe, expect, it } from 'vitest';
import { findConflicts } from '../../../collector/journal/amendment-conflicts.ts';
import { listAmendments } from '../../../collector/journal/amendment-list.ts';
import { sayFactor } from '../../../collector/journal/amendment-saying.ts';
import type { Amendment } from '../../../collector/energy/amendment.ts';
import { entryId, sealEntry } from '../../../collector/journal/seal-entry.ts';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { startPlantServer } from '../http/plant-server.ts';
import { amendment, HOUR_MS, key, makeFolder, MONDAY_MS, revocation } from './journal-rig.ts';

describe('the list of amendments', () => {
  it('says who decided what, when and why, which hours it touches, and who took it back', () => {
    const journal = openJournal({ folder: makeFolder(), key, log: silentLog });
    const scale = journal.append(
      amendment({ kind: 'scale', num: '2', den: '1', was: '100/5', is: '200/5', toMs: MONDAY_MS + 1 }),
    );
    const gone = journal.append(revocation(scale.hash));
    const swap = journal.append(
      amendment(
        { kind: 'meter-replaced', oldLast: '12345.6', newFirst: '0.3', unit: 'kWh', toMs: null },
        { machine: 'lathe' },
      ),
    );
    const [first, second, ...rest] = listAmendments(journal);
    expect(rest).toEqual([]);
    expect(first).toEqual({
      id: entryId(scale),
      seq: 1,
      machine: 'mill',
      enteredMs: scale.atMs,
      by: 'Anna',
      standing: 'revoked',
      saying:
        'Powers and counters of mill supply from 2026-03-02 00:00:00Z to 2026-03-02 00:00:00.001Z are what was read x 2: 100/5 was taken, 200/5 is true.',
      reason: 'k and l were exchanged at commissioning',
      terms: scale.body,
      hours: { fromMs: MONDAY_MS, toMs: MONDAY_MS + HOUR_MS },
      revocation: {
        id: entryId(gone),
        enteredMs: gone.atMs,
        by: 'Bela',
        reason: 'the transformers were right after all',
      },
      hash: scale.hash,
      signature: scale.signature,
    });
    expect(second).toMatchObject({
      id: entryId(swap),
      standing: 'in-force',
      saying:
        'The meter of lathe supply was replaced at 2026-03-02 00:00:00Z: the old one showed 12345.6 kWh last, the new one 0.3 kWh first.',
      hours: { fromMs: MONDAY_MS - HOUR_MS, toMs: MONDAY_MS + 2 * HOUR_MS },
      revocation: null,
    });
    expect(listAmendments(journal, 'mill').map(({ seq }) => seq)).toEqual([1]);
    journal.close();
  });

  it('shows what a newer millwatt wrote, and that it does not count', () => {
    const entry = sealEntry(amendment({ kind: 'shift-time', byMs: 5 }), { seq: 1, prev: '' }, key);
    const [listed] = listAmendments({ entries: (kind) => (kind === 'amendment' ? [entry] : []) });
    expect(listed).toMatchObject({
      standing: 'unknown',
      saying: expect.stringMatching(/shift-time.*does not count/),
      terms: { byMs: 5 },
      hours: { fromMs: null, toMs: null },
    });
  });

  it('is served over HTTP, of all machines or of one', async () => {
    const journal = openJournal({ folder: makeFolder(), key, log: silentLog });
    const entry = journal.append(amendment());
    const server = await startPlantServer({ nowMs: () => MONDAY_MS, journal });
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const all = await ask('/api/v1/amendments');
    expect(all.status).toBe(200);
    expect(all.body).toEqual({ amendments: listAmendments(journal) });
    expect(all.body).toMatchObject({ amendments: [{ id: entryId(entry), standing: 'in-force' }] });
    expect((await ask('/api/v1/amendments?machine=mill')).body).toEqual(all.body);
    expect((await ask('/api/v1/amendments?machine=lathe')).status).toBe(404);
    expect((await ask('/api/v1/amendments?what=x')).status).toBe(400);
    await server.stop();
    journal.close();
  });
});

describe('factors', () => {
  it.each([
    ['2', '1', '2'],
    ['1', '2', '0.5'],
    ['5', '4', '1.25'],
    ['2', '3', '2/3'],
    ['1', '1000', '0.001'],
    ['123456789', '1000', '123456789/1000'],
  ])('%s/%s is said as %s', (num, den, said) => {
    expect(sayFactor({ num, den })).toBe(said);
  });
});

describe('amendments that meet', () => {
  const terms = { id: 'new', machine: 'mill', component: 'supply', fromMs: 100, toMs: 200 };
  const other = (change: object): Amendment => ({ ...terms, id: 'old', ...change }) as Amendment;
  const conflicts = (entered: object, ...inForce: Amendment[]) =>
    findConflicts({ ...terms, ...entered } as Amendment, inForce).map(({ refuses }) =>
      refuses ? 'refused' : 'said',
    );
  const scale = { kind: 'scale', num: '2', den: '1' };
  const turned = { kind: 'direction' };
  const replaced = { kind: 'meter-replaced', oldLastMwh: 1, newFirstMwh: 0, toMs: null };
  const step = { kind: 'step', is: 'real' };
  const same = { kind: 'same-meter', meter: 'a', is: 'b' };
  const moved = { kind: 'component', becomes: 'spindle' };
  const excluded = { kind: 'exclude' };

  it.each([
    ['two scales', scale, scale, ['said']],
    ['two turns', turned, turned, ['refused']],
    ['two components', moved, { ...moved, becomes: 'z' }, ['refused']],
    ['two names of one meter', same, { ...same, is: 'c' }, ['refused']],
    ['names of two meters', same, { ...same, meter: 'z' }, []],
    ['two replacements at one moment', replaced, replaced, ['refused']],
    ['two replacements one after the other', replaced, { ...replaced, fromMs: 101 }, []],
    ['a moment in a time', replaced, { ...replaced, fromMs: 90, toMs: 150 }, ['refused']],
    ['a step where the meter was replaced', step, { ...replaced, fromMs: 150 }, ['refused']],
    ['a meter replaced in a step', { ...replaced, fromMs: 150 }, step, ['refused']],
    ['a meter replaced after a step', { ...replaced, fromMs: 200 }, step, []],
    ['two steps', step, step, ['said']],
    ['a scale of what is left out', scale, excluded, ['said']],
    ['leaving out what is scaled', excluded, scale, ['said']],
    ['a scale of what is turned', scale, turned, []],
    ['a turn that begins where another ends', turned, { ...turned, fromMs: 200, toMs: null }, []],
    [
      'a turn for ever before another',
      { ...turned, toMs: null },
      { ...turned, fromMs: 900, toMs: 901 },
      ['refused'],
    ],
    ['a turn of another component', turned, { ...turned, component: 'spindle' }, []],
    ['a turn of another machine', turned, { ...turned, machine: 'lathe' }, []],
  ])('%s', (_, entered, inForce, expected) => {
    expect(conflicts(entered, other(inForce))).toEqual(expected);
  });
});

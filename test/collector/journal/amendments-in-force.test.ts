import { describe, expect, it } from 'vitest';
import { AMENDMENT_KINDS, readAmendmentBody } from '../../../collector/journal/amendment-body.ts';
import { followAmendments } from '../../../collector/journal/amendment-source.ts';
import { amendmentsInForce } from '../../../collector/journal/amendments-in-force.ts';
import { displayedMwh } from '../../../collector/journal/displayed-energy.ts';
import type { JournalEntry, JournalReader } from '../../../collector/journal/journal.ts';
import { entryId, sealEntry } from '../../../collector/journal/seal-entry.ts';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import { silentLog } from '../../../protocols/log.ts';
import { amendment, HOUR_MS, key, makeFolder, MONDAY_MS, revocation } from './journal-rig.ts';

/** Seals entries without looking at what they say, as a newer millwatt might have written them. */
function chain(...entries: Parameters<typeof sealEntry>[0][]): JournalEntry[] {
  const sealed: JournalEntry[] = [];
  for (const entry of entries) {
    const before = sealed.at(-1);
    sealed.push(sealEntry(entry, { seq: (before?.seq ?? 0) + 1, prev: before?.hash ?? '' }, key));
  }
  return sealed;
}

const terms = { component: 'supply', fromMs: MONDAY_MS, toMs: MONDAY_MS + HOUR_MS };

/** Every kind: what is entered, and what the derivation is given. */
const EVERY_KIND: [Record<string, unknown>, Record<string, unknown>][] = [
  [
    { kind: 'scale', num: '2', den: '1', was: '100/5', is: '200/5' },
    { kind: 'scale', num: '2', den: '1' },
  ],
  [{ kind: 'direction' }, { kind: 'direction' }],
  [
    { kind: 'component', becomes: 'coolant' },
    { kind: 'component', becomes: 'coolant' },
  ],
  [{ kind: 'exclude' }, { kind: 'exclude' }],
  [
    { kind: 'same-meter', meter: 'serial 1', is: 'serial 2' },
    { kind: 'same-meter', meter: 'serial 1', is: 'serial 2' },
  ],
  [
    { kind: 'meter-replaced', oldLast: '12345.6', newFirst: '0.3', unit: 'kWh', toMs: null },
    { kind: 'meter-replaced', oldLastMwh: 12_345_600_000, newFirstMwh: 300_000, toMs: null },
  ],
  [
    { kind: 'step', is: 'real' },
    { kind: 'step', is: 'real' },
  ],
];

describe('amendments in force', () => {
  it.each(EVERY_KIND)('are given to the derivation: %o', (body, given) => {
    const [entry] = chain(amendment(body));
    if (entry === undefined) throw new Error('no entry');
    expect(amendmentsInForce([entry])).toEqual([{ id: entryId(entry), machine: 'mill', ...terms, ...given }]);
  });

  it('are of all kinds that the derivation knows', () => {
    expect(EVERY_KIND.map(([{ kind }]) => kind)).toEqual(AMENDMENT_KINDS);
  });

  it('come in the order in which they were entered, without the revoked ones', () => {
    const [a, b, c] = chain(amendment(), amendment({ component: 'spindle' }), amendment({ component: 'z' }));
    if (a === undefined || b === undefined || c === undefined) throw new Error('no entries');
    const gone = sealEntry(revocation(b.hash), { seq: 4, prev: c.hash }, key);
    const twice = sealEntry(revocation(b.hash), { seq: 5, prev: gone.hash }, key);
    const job = sealEntry({ ...amendment(), kind: 'job' }, { seq: 6, prev: twice.hash }, key);
    const components = amendmentsInForce([c, job, twice, gone, b, a]).map(({ component }) => component);
    expect(components).toEqual(['supply', 'z']);
  });

  it('leave out what a newer millwatt wrote, and say so', () => {
    const entries = chain(
      amendment({ kind: 'shift-time' }),
      amendment({ phase: 'l2' }),
      amendment(),
      { ...revocation('?'), body: { everything: true } },
      { ...amendment(), machine: null },
    );
    const told: string[] = [];
    const inForce = amendmentsInForce(entries, ({ seq }, fault) => told.push(`${seq}: ${fault}`));
    expect(inForce.map(({ kind }) => kind)).toEqual(['direction']);
    expect(told).toEqual([
      '4: the term "everything" is not known here',
      '1: amendments of kind "shift-time" are not known here',
      '2: the term "phase" is not known here',
      '5: it names no machine',
    ]);
  });

  it.each([
    { reason: 'no' },
    { reason: 'x'.repeat(501) },
    { reason: 'a\nb and c' },
    { component: 'a.b' },
    { component: 'constructor' },
    { fromMs: 1.5 },
    { toMs: MONDAY_MS },
    { toMs: MONDAY_MS - 1 },
    { toMs: undefined },
    { kind: 'scale', num: '0', den: '1' },
    { kind: 'scale', num: '-2', den: '1' },
    { kind: 'scale', num: '2', den: '1.5' },
    { kind: 'scale', num: 2, den: 1 },
    { kind: 'component', becomes: 'supply' },
    { kind: 'component', becomes: '../x' },
    { kind: 'same-meter', meter: 'a', is: 'a' },
    { kind: 'meter-replaced', oldLast: 'twelve', newFirst: '0', unit: 'kWh' },
    { kind: 'meter-replaced', oldLast: '12', newFirst: '0', unit: 'GJ' },
    { kind: 'meter-replaced', oldLast: '12', newFirst: '-1', unit: 'kWh' },
    { kind: 'step', is: 'false' },
  ])('are nothing else: %o', (change) => {
    expect(readAmendmentBody({ ...amendment().body, ...change })).toHaveProperty('fault');
  });

  it('follow what others enter', () => {
    const folder = makeFolder();
    const ours = openJournal({ folder, key, log: silentLog });
    const theirs = openJournal({ folder, key, log: silentLog });
    const source = followAmendments(ours, silentLog);
    expect([source.version(), source.of('mill')]).toEqual([0, []]);
    const entry = theirs.append(amendment());
    expect(source.version()).toBe(1);
    expect(source.of('mill').map(({ id }) => id)).toEqual([entryId(entry)]);
    expect(source.of('lathe')).toEqual([]);
    theirs.append({ ...amendment(), kind: 'job' });
    expect(source.version()).toBe(1);
    theirs.append(revocation(entry.hash));
    expect([source.version(), source.of('mill')]).toEqual([3, []]);
    ours.close();
    theirs.close();
  });

  it('warn once of what they do not understand', () => {
    const entries = chain(amendment({ kind: 'shift-time' }));
    const journal: JournalReader = {
      entries: (kind) => entries.filter((entry) => entry.kind === kind),
      page: () => entries,
      lastSeq: () => entries.length,
      close: () => {},
    };
    const warned: object[] = [];
    const source = followAmendments(journal, { ...silentLog, warn: (fields) => warned.push(fields) });
    expect(source.of('mill')).toEqual([]);
    source.of('mill');
    entries.push(sealEntry(amendment(), { seq: 2, prev: entries[0]?.hash ?? '' }, key));
    expect(source.of('mill')).toHaveLength(1);
    expect(warned).toEqual([
      expect.objectContaining({ machine: 'mill', fault: expect.stringMatching(/shift-time/) }),
    ]);
  });
});

describe('what a display shows', () => {
  it.each([
    ['12345.6', 'kWh', 12_345_600_000],
    ['0.3', 'kWh', 300_000],
    ['0', 'kWh', 0],
    ['0.000001', 'kWh', 1],
    ['999999.9', 'MWh', 999_999_900_000_000],
    ['17', 'Wh', 17_000],
  ])('%s %s is %d mWh', (shown, unit, mwh) => {
    expect(displayedMwh(shown, unit)).toBe(mwh);
  });

  it.each([
    ['0.0000001', 'kWh'],
    ['1e3', 'kWh'],
    ['-1', 'kWh'],
    ['', 'kWh'],
    ['1,5', 'kWh'],
    ['99999999999', 'MWh'],
    ['1', 'kW'],
    ['1', 'constructor'],
  ])('%s %s is nothing', (shown, unit) => {
    expect(displayedMwh(shown, unit)).toBeUndefined();
  });
});

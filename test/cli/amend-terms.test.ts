import { describe, expect, it } from 'vitest';
import { exampleOf } from '../../cli/amend/amend-example.ts';
import { termsOf, type TypedTerms } from '../../cli/amend/amend-terms.ts';
import type { AmendmentBody } from '../../collector/journal/amendment-body.ts';
import { milliwattHours } from '../../protocols/telemetry/unit.ts';
import { sampleHour } from '../collector/influx/machine-hour-sample.ts';

const HOUR_MS = Date.UTC(2026, 2, 2, 9);
const typed: TypedTerms = {
  component: 'supply',
  reason: 'the plate says so',
  from: '2026-03-02T10:00:00+01:00',
};
const sayTime = (atMs: number) => new Date(atMs).toISOString().slice(0, 16);

describe('what is typed for an amendment', () => {
  it.each([
    [{ factor: '2' }, '2', '1'],
    [{ factor: '0.5' }, '1', '2'],
    [{ factor: '2/3' }, '2', '3'],
    [{ factor: '1.2' }, '6', '5'],
    [{ was: '100/5', is: '200/5' }, '2', '1'],
    [{ was: '200/5', is: '150/5' }, '3', '4'],
    [{ was: '100/5', is: '100/1' }, '5', '1'],
    [{ was: '0.5', is: '1.5' }, '3', '1'],
  ])('a scale is exact: %o', (own, num, den) => {
    expect(termsOf('scale', { ...typed, ...own })).toMatchObject({ num, den, fromMs: HOUR_MS, toMs: null });
  });

  it('takes decimals as the display shows them', () => {
    const { from: at, ...rest } = typed;
    expect(termsOf('meter-replaced', { ...rest, at: at ?? '', oldLast: '12345.6', newFirst: '0.3' })).toEqual(
      {
        kind: 'meter-replaced',
        component: 'supply',
        reason: 'the plate says so',
        fromMs: HOUR_MS,
        toMs: null,
        oldLast: '12345.6',
        newFirst: '0.3',
        unit: 'kWh',
      },
    );
  });

  it.each<[string, AmendmentBody['kind'], { [Name in keyof TypedTerms]?: string | undefined }, RegExp]>([
    ['no factor', 'scale', {}, /takes a factor/],
    ['a factor and ratios', 'scale', { factor: '2', was: '1', is: '2' }, /takes a factor/],
    ['half a pair', 'scale', { was: '100/5' }, /go together/],
    ['a factor of 0', 'scale', { factor: '0' }, /above 0/],
    ['a factor below 0', 'scale', { factor: '-1' }, /above 0/],
    ['a ratio over 0', 'scale', { was: '100/0', is: '1' }, /above 0/],
    ['words', 'scale', { factor: 'double' }, /above 0/],
    ['a factor of 1', 'scale', { factor: '1.0' }, /changes nothing/],
    ['a factor that no transformer has', 'scale', { factor: '10000000' }, /wrong by/],
    ['no time', 'direction', { from: 'yesterday' }, /--from "yesterday" is not a time/],
    ['a time without zone', 'direction', { from: '2026-03-02T10:00:00' }, /10:00:00" has no zone/],
    ['an end without zone', 'direction', { to: '2026-03-03T10:00' }, /--to .* has no zone/],
    ['a date', 'direction', { from: '2026-03-02' }, /has no zone/],
    ['a day that there is not', 'direction', { from: '2026-02-30' }, /is not a time/],
    ['an empty time', 'direction', { to: '2026-03-02T09:00:00Z' }, /is empty/],
    ['a time that runs back', 'direction', { to: '2026-03-01T00:00:00Z' }, /is empty/],
    ['no reason', 'direction', { reason: '--' }, /reason/],
    ['the same component', 'component', { becomes: 'supply' }, /becomes/],
    ['a component that is a path', 'component', { becomes: '../x' }, /becomes/],
    ['one name of a meter', 'same-meter', { meter: 'a', is: 'a' }, /its is/],
    [
      'a display in words',
      'meter-replaced',
      { to: '2026-03-03T00:00:00Z', oldLast: 'full', newFirst: '0' },
      /--old-last "full"/,
    ],
    [
      'a display with a comma',
      'meter-replaced',
      { to: '2026-03-03T00:00:00Z', oldLast: '1', newFirst: '0,3' },
      /--new-first/,
    ],
    [
      'a unit of power',
      'meter-replaced',
      { to: '2026-03-03T00:00:00Z', oldLast: '1', newFirst: '0', unit: 'kW' },
      /Wh, kWh or MWh|no unit/,
    ],
    ['no moment', 'meter-replaced', { from: undefined, oldLast: '1', newFirst: '0' }, /--at is missing/],
    ['a time without end', 'meter-replaced', { oldLast: '1', newFirst: '0' }, /has an end/],
    [
      'a moment and a time',
      'meter-replaced',
      { at: '2026-03-02', oldLast: '1', newFirst: '0' },
      /--at is a moment/,
    ],
  ])('refuses %s', (_, kind, change, message) => {
    expect(() => termsOf(kind, { ...typed, ...change } as TypedTerms)).toThrow(
      expect.objectContaining({ remedy: 'refuse', code: 'usage', message: expect.stringMatching(message) }),
    );
  });
});

describe('the arithmetic that is shown before', () => {
  const hour = sampleHour(HOUR_MS);
  const supplyMwh = hour.energy.componentMwh['supply'] ?? 0;
  const terms = { component: 'supply', fromMs: HOUR_MS, toMs: null, reason: 'because' };
  const kwh = (mwh: number) => `${mwh / 1e6} kWh`;

  it('is that of the newest hour', () => {
    const later = sampleHour(HOUR_MS + 3_600_000);
    expect(
      exampleOf(
        { ...terms, kind: 'scale', num: '2', den: '1' },
        { hours: [hour, later], bases: [] },
        sayTime,
      ),
    ).toEqual([
      `It touches 2 hours so far; in the newest, 2026-03-02T10:00, supply becomes about ${kwh(supplyMwh)} x 2 = ${kwh(2 * supplyMwh)}.`,
    ]);
  });

  it('is that of the newest hour that lies whole in the time', () => {
    const scale = { ...terms, kind: 'scale', num: '2', den: '1' } as const;
    const hours = [hour, sampleHour(HOUR_MS + 3_600_000)];
    const [line] = exampleOf({ ...scale, toMs: HOUR_MS + 5_400_000 }, { hours, bases: [] }, sayTime);
    expect(line).toContain(
      `in the newest whole one, 2026-03-02T09:00, supply becomes about ${kwh(supplyMwh)} x 2`,
    );
  });

  it('multiplies only the part of an hour that lies in the time, by its minutes', () => {
    // 1 kWh in the first 15 min, 3 kWh in the next 45; from 09:10:00 on: 1/3 of the first and all of the rest.
    const counter = Array.from({ length: 60 * 7 }, (_, cell) =>
      cell % 7 === 5 ? (cell < 15 * 7 ? 1_000_000 / 15 : 3_000_000 / 45) : 0,
    );
    const base = {
      hourMs: HOUR_MS,
      decisions: [],
      components: { supply: { counter, integrated: null, bridged: null } },
    };
    const four = sampleHour(HOUR_MS);
    four.energy.componentMwh = { ...four.energy.componentMwh, supply: milliwattHours(4_000_000) };
    const scale = { ...terms, kind: 'scale', num: '2', den: '1', fromMs: HOUR_MS + 600_000 } as const;
    expect(exampleOf(scale, { hours: [four], bases: [base] }, sayTime)).toEqual([
      'It touches 1 hour so far; in the newest, 2026-03-02T09:00, of which 50 min lie in the time, supply becomes about 0.666667 kWh + 3.333333 kWh x 2 = 7.333333 kWh.',
    ]);
    // Half of the minute 09:59.
    const short = { ...scale, fromMs: HOUR_MS + 59.5 * 60_000, toMs: HOUR_MS + 3_600_000 };
    expect(exampleOf(short, { hours: [four], bases: [base] }, sayTime)[0]).toContain(
      'about 3.966667 kWh + 0.033333 kWh x 2 = 4.033333 kWh',
    );
    expect(exampleOf(scale, { hours: [four], bases: [] }, sayTime)[0]).toContain(
      'of which 50 min lie in the time, that part of 4 kWh of supply x 2.',
    );
  });

  it('says which other amendments are in the figure, and which are not yet', () => {
    const other = (id: string) =>
      ({
        id,
        kind: 'scale',
        machine: 'mill',
        component: 'supply',
        fromMs: 0,
        toMs: null,
        num: '3',
        den: '1',
      }) as const;
    const tripled = sampleHour(HOUR_MS);
    tripled.basis = { ...tripled.basis, amendments: ['aaaa', 'cccc'] };
    expect(
      exampleOf(
        { ...terms, kind: 'scale', num: '2', den: '1' },
        { hours: [tripled], bases: [], inForce: [other('aaaa'), other('bbbb')] },
        sayTime,
      ).slice(1),
    ).toEqual([
      'In this figure amendment aaaa counts already.',
      'In this figure amendment bbbb does not count yet: it will be another one.',
      'In this figure amendment cccc still counts and was revoked: it will be another one.',
    ]);
  });

  it('exchanges import and export', () => {
    const [line] = exampleOf({ ...terms, kind: 'direction' }, { hours: [hour], bases: [] }, sayTime);
    expect(line).toContain(
      `import becomes ${kwh(hour.energy.exportMwh)} (was ${kwh(supplyMwh)}) and export ${kwh(supplyMwh)}`,
    );
  });

  it('says what a step would book, from the decision about it', () => {
    const decision = {
      atMs: HOUR_MS + 60_000,
      component: 'supply',
      direction: 'import' as const,
      kind: 'step' as const,
      beforeMwh: 11_000_000,
      nowMwh: 78_500_000,
      boundMwh: 400_000,
      bookedMwh: 0,
      amendment: null,
      saying: '11 kWh rose to 78.5 kWh in 10 s; at most 0.4 kWh fit: not booked',
    };
    const base = { decisions: [decision] };
    const step = { ...terms, toMs: HOUR_MS + 120_000, kind: 'step', is: 'real' } as const;
    expect(exampleOf(step, { hours: [hour], bases: [base] }, sayTime)).toEqual([
      `So far, at 2026-03-02T09:01: ${decision.saying}`,
      'Then 78.5 kWh - 11 kWh = 67.5 kWh more are booked, as bridged.',
    ]);
    expect(exampleOf({ ...step, fromMs: HOUR_MS + 60_001 }, { hours: [], bases: [base] }, sayTime)).toEqual([
      expect.stringMatching(/No step of its counter was found/),
    ]);
  });

  it('says what is booked round a meter that was replaced', () => {
    const decision = {
      atMs: HOUR_MS + 1_800_000,
      component: 'supply',
      direction: 'import' as const,
      kind: 'identity' as const,
      beforeMwh: 12_345_100_000,
      nowMwh: 900_000,
      boundMwh: null,
      bookedMwh: 0,
      amendment: null,
      saying: 'another meter took over',
    };
    const { from: at = '', ...rest } = typed;
    const sources = { hours: [], bases: [{ decisions: [decision] }] };
    const replaced = (oldLast: string, newFirst: string) =>
      exampleOf(termsOf('meter-replaced', { ...rest, at, oldLast, newFirst }), sources, sayTime);
    expect(replaced('12345.6', '0.3')).toEqual([
      'So far, at 2026-03-02T09:30: another meter took over',
      'Old meter: 12345.6 kWh - 12345.1 kWh = 0.5 kWh; new one: 0.9 kWh - 0.3 kWh = 0.6 kWh.',
      'Then 0.5 kWh + 0.6 kWh = 1.1 kWh more are booked, as bridged.',
    ]);
    expect(replaced('12345.6', '1.3').at(-1)).toMatch(/no counter runs backwards/);
  });

  it('is left out where nothing was derived yet', () => {
    expect(exampleOf({ ...terms, kind: 'exclude' }, { hours: [], bases: [] }, sayTime)).toEqual([]);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MillwattError } from '../../../protocols/errors.ts';
import { countSamples, decodePart, encodePart, type MachinePart } from '../../../protocols/telemetry/part.ts';
import { arbitraryPart, spelledPart } from './arbitrary-readings.ts';

const PART: MachinePart = {
  machine: 'mill-1',
  sampled: [
    {
      source: 'meter-1',
      everyMs: 1000,
      timesMs: [5000, 6001, 7000],
      columns: new Map([
        ['mill-1.supply.activePower', [412.5, 413, null]],
        ['mill-1.supply.activeEnergyImport', [1_000_001, 1_000_001, 1_000_002]],
      ]),
      quality: new Map([['mill-1.supply.activePower', [[2, 1, 'bad']]]]),
    },
  ],
  events: [
    {
      channel: 'mill-1.control.execution',
      source: 'control-1',
      timesMs: [5000, 5000],
      values: ['READY', 'ACTIVE'],
    },
  ],
  links: [{ source: 'meter-1', timesMs: [6500], up: [false], reasons: ['timeout'] }],
};

type Json = Record<string, unknown>;
type Raw = { sampled: Json[]; events: Json[]; links: Json[] } & Json;

/** The part's JSON with something changed. */
function changed(change: (raw: Raw) => void): string {
  const raw = JSON.parse(encodePart(PART)) as Raw;
  change(raw);
  return JSON.stringify(raw);
}

function codeOf(text: string): string {
  try {
    decodePart(text);
  } catch (error) {
    if (error instanceof MillwattError && error.remedy === 'quarantine') return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a part', () => {
  it('is columnar JSON in one fixed order', () => {
    expect(encodePart(PART)).toBe(
      '{"v":1,"machine":"mill-1","sampled":[{"source":"meter-1","every":1000,"t":[5000,1001,999],"cols":{' +
        '"mill-1.supply.activePower":{"e":-1,"d":[4125,5,null]},' +
        '"mill-1.supply.activeEnergyImport":{"e":0,"d":[1000001,0,1]}},' +
        '"q":{"mill-1.supply.activePower":[[2,1,"bad"]]}}],' +
        '"events":[{"channel":"mill-1.control.execution","source":"control-1","t":[5000,0],"v":["READY","ACTIVE"]}],' +
        '"links":[{"source":"meter-1","t":[6500],"up":[0],"why":["timeout"]}]}',
    );
  });

  it('comes back as it was', () => {
    expect(decodePart(encodePart(PART))).toEqual(PART);
    fc.assert(
      fc.property(arbitraryPart, (part) => {
        expect(decodePart(encodePart(part))).toEqual(spelledPart(part));
      }),
      { numRuns: 1000 },
    );
  });

  it('counts values, nulls and events', () => {
    expect(countSamples(PART)).toBe(3 * 2 + 2);
  });

  it('ignores keys that a later version may add', () => {
    const text = changed((raw) => {
      raw['later'] = { anything: [1] };
      raw.sampled[0]!['later'] = 1;
      raw.links[0]!['later'] = null;
    });
    expect(decodePart(text)).toEqual(PART);
  });

  it.each<[string, (raw: Raw) => void]>([
    ['another version', (raw) => (raw['v'] = 2)],
    ['a machine with a dot', (raw) => (raw['machine'] = 'mill.1')],
    ['no machine', (raw) => delete raw['machine']],
    ['a channel of another machine', (raw) => (raw['machine'] = 'mill-2')],
    ['a machine whose name begins like another', (raw) => (raw['machine'] = 'mill')],
    ['times that stand still', (raw) => (raw.sampled[0]!['t'] = [1, 0, 1])],
    ['a time before the boot', (raw) => (raw.sampled[0]!['t'] = [-1, 1, 1])],
    ['events that go back', (raw) => (raw.events[0]!['t'] = [5, -1])],
    ['a time beyond 2^53', (raw) => (raw.sampled[0]!['t'] = [2 ** 53 - 1, 1, 1])],
    ['fewer times than values', (raw) => (raw.sampled[0]!['t'] = [1, 1])],
    ['no cadence', (raw) => (raw.sampled[0]!['every'] = 0)],
    ['columns in a list', (raw) => (raw.sampled[0]!['cols'] = [])],
    ['a channel that is none', (raw) => (raw.sampled[0]!['cols'] = { 'mill-1': { e: 0, d: [1, 1, 1] } })],
    [
      'a channel named like an inherited property',
      (raw) => (raw.sampled[0]!['cols'] = { 'mill-1.constructor.x': { e: 0, d: [1, 1, 1] } }),
    ],
    [
      'quality of a column that is not there',
      (raw) => (raw.sampled[0]!['q'] = { 'mill-1.a.b': [[0, 1, 'bad']] }),
    ],
    ['quality null', (raw) => (raw.sampled[0]!['q'] = null)],
    [
      'quality beyond the rows',
      (raw) => (raw.sampled[0]!['q'] = { 'mill-1.supply.activePower': [[2, 2, 'bad']] }),
    ],
    [
      'an unknown quality',
      (raw) => (raw.sampled[0]!['q'] = { 'mill-1.supply.activePower': [[0, 1, 'fair']] }),
    ],
    [
      'quality runs that overlap',
      (raw) =>
        (raw.sampled[0]!['q'] = {
          'mill-1.supply.activePower': [
            [0, 2, 'bad'],
            [1, 1, 'good'],
          ],
        }),
    ],
    ['an event value in a list', (raw) => (raw.events[0]!['v'] = ['A', []])],
    ['a link neither up nor down', (raw) => (raw.links[0]!['up'] = [2])],
    ['a link reason that is no word', (raw) => (raw.links[0]!['why'] = [['timeout']])],
    ['a source that could leave a folder', (raw) => (raw.links[0]!['source'] = '../x')],
    ['an object for a version', (raw) => (raw['v'] = { v: 1 })],
  ])('is refused with %s', (_, change) => {
    expect(codeOf(changed(change))).toBe('malformed-part');
  });

  it.each(['', 'null', '[]', '"x"', '{"v":1', `\uFEFF${encodePart(PART)}`])('is refused as %j', (text) => {
    expect(codeOf(text)).toBe('malformed-part');
  });

  it('is refused, and not run through, where it is nested without end', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(codeOf(`{"v":${deep}}`)).toBe('malformed-part');
    for (const key of ['source', 'why', 'up', 't']) {
      const text = encodePart(PART).replace(`"links":[{`, `"links":[{"${key}":[${deep}],`);
      const last = text.replace(
        new RegExp(`(,"${key}":)(\\[[^\\]]*\\]|"[^"]*")(?=[,}][^{]*$)`),
        `$1[${deep}]`,
      );
      expect(codeOf(last)).toBe('malformed-part');
    }
  });

  it('says what is wrong in a short message, whatever it was sent', () => {
    const text = changed((raw) => (raw.links[0]!['source'] = 'x'.repeat(500_000)));
    expect(() => decodePart(text)).toThrow(/^.{1,300}$/);
  });
});

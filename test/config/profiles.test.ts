import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listProfiles, loadProfile, parseProfile } from '../../config/library/profile-library.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { makePointReader } from '../../protocols/modbus/profile/point-reader.ts';
import {
  canonicalScale,
  pointName,
  registerCount,
  type DeviceProfile,
  type ProfilePoint,
} from '../../protocols/modbus/profile/profile.ts';
import { isLegalRead, planReads } from '../../protocols/modbus/plan/read-plan.ts';
import { choosePoints } from '../../protocols/modbus/profile/wanted-points.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { toNumber, UNITS } from '../../protocols/telemetry/unit.ts';

const files = listProfiles().map((listed) => listed.id);
/** Every profile and every variant of one. */
const ids = files.flatMap((id) => [
  id,
  ...loadProfile(id).profile.variants.map((variant) => `${id}:${variant}`),
]);

/** In canonical units: between which sizes one step of a register lies, and what it must be able to show. */
const PLAUSIBLE: Readonly<Record<string, { step: [number, number]; shows: number }>> = {
  W: { step: [0.0001, 1000], shows: 3000 },
  VA: { step: [0.0001, 1000], shows: 3000 },
  var: { step: [0.0001, 1000], shows: 3000 },
  V: { step: [0.0001, 1], shows: 300 },
  A: { step: [0.0001, 1], shows: 30 },
  Hz: { step: [0.0001, 1], shows: 60 },
  '1': { step: [0.00001, 1], shows: 1 },
  Wh: { step: [0.001, 1_000_000], shows: 1_000_000 },
  varh: { step: [0.001, 1_000_000], shows: 1_000_000 },
  VAh: { step: [0.001, 1_000_000], shows: 1_000_000 },
  '1/min': { step: [0.01, 1], shows: 3000 },
  Nm: { step: [0.001, 1], shows: 30 },
  '%': { step: [0.01, 1], shows: 100 },
};

describe('a folder of profiles', () => {
  const makeFolder = () => mkdtempSync(join(tmpdir(), 'millwatt-profiles-'));

  it('may hold what is no profile: folders that are called like one, other files, links', () => {
    const folder = makeFolder();
    mkdirSync(join(folder, 'acme/m0.yaml'), { recursive: true });
    writeFileSync(join(folder, 'acme/readme.md'), 'mine');
    writeFileSync(join(folder, 'notes.yaml'), 'mine');
    writeFileSync(join(folder, 'acme/m1.yaml'), readFileSync(loadProfile('finder/7m38').file));
    symlinkSync(join(folder, 'acme'), join(folder, 'linked'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'lost'));
    const own = listProfiles(folder).map(({ id }) => id);
    expect(own.filter((id) => !files.includes(id))).toEqual(['acme/m1', 'linked/m1']);
    expect(loadProfile('linked/m1', folder).profile.vendor).toBe('Finder');
    expect(() => loadProfile('acme/m0', folder)).toThrow(/no device profile "acme\/m0"/);
  });

  it('may be a file, or not be there: then there are none of the operator', () => {
    const file = join(makeFolder(), 'profiles');
    for (const make of [() => {}, () => writeFileSync(file, '')]) {
      make();
      expect(listProfiles(file).map(({ id }) => id)).toEqual(files);
      expect(loadProfile('finder/7m38', file).profile.vendor).toBe('Finder');
    }
  });
});

describe('a variant', () => {
  it('of other models does not go by the other names of the profile', () => {
    expect(loadProfile('inepro/pro380').profile.aliases).toContain('WAGO 879-3000');
    expect(loadProfile('inepro/pro380:pro2').profile.aliases).toEqual([]);
    expect(loadProfile('eastron/sdm630:kilo').profile.aliases).toContain('Kostal KEM-P');
  });
});

describe('the profiles that come with millwatt', () => {
  it('are 40 meters and 6 drives', () => {
    const kinds = files.map((id) => loadProfile(id).profile.kind);
    expect(kinds.filter((kind) => kind === 'meter').length).toBeGreaterThanOrEqual(40);
    expect(kinds.filter((kind) => kind === 'drive').length).toBeGreaterThanOrEqual(6);
  });

  it.each(files)('%s is a short file that cites where it was read', (id) => {
    const { file, profile, sha256 } = loadProfile(id);
    const bytes = readFileSync(file);
    const lines = bytes.toString('utf8').trimEnd().split('\n').length;
    expect(lines).toBeGreaterThanOrEqual(20);
    expect(lines).toBeLessThanOrEqual(80);
    expect(profile.sources.length).toBeGreaterThanOrEqual(profile.confidence === 'high' ? 2 : 1);
    for (const text of [...profile.sources, ...profile.notes]) expect(text.trim()).toBe(text);
    for (const note of profile.notes) expect(note).toMatch(/\.$/);
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('base64url'));
    expect(profile.id).toBe(id);
    expect(profile.vendor.split(' ').some((word) => profile.title.includes(word))).toBe(true);
    // A name must lead to one profile.
    const names = [...profile.models, ...profile.aliases];
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
  });

  it.each(ids)('%s names every point once, in units of its quantity', (id) => {
    const { profile } = loadProfile(id);
    const names = profile.points.map(pointName);
    expect(new Set(names).size).toBe(names.length);
    expect(names.some((name) => /^active(Power|Energy(Import|Export|Sum))$/.test(name))).toBe(true);
    for (const point of profile.points) {
      const { unit, cumulative } = QUANTITIES[point.quantity];
      expect(UNITS[point.unit]?.canonical).toBe(point.scaleFrom === 'rated-power' ? '%' : unit);
      expect(point.counter !== undefined).toBe(cumulative);
      expectPlausibleScale(profile, point);
    }
  });

  it.each(ids)('%s can be read, the usual points and all of them, in legal requests', (id) => {
    const { profile } = loadProfile(id);
    const usual = choosePoints(profile, undefined, id);
    expect(usual.length).toBeGreaterThan(0);
    for (const points of [usual, profile.points]) {
      const wanted = points.flatMap((point) => makePointReader(profile, point).parts);
      const plan = planReads(wanted, profile.limits);
      expect(plan.flatMap((read) => read.wanted)).toHaveLength(wanted.length);
      for (const read of plan) {
        expect(isLegalRead(read.address, read.count, profile.limits)).toBe(true);
        for (const part of read.wanted) {
          expect(part.address).toBeGreaterThanOrEqual(read.address);
          expect(part.address + part.count).toBeLessThanOrEqual(read.address + read.count);
        }
      }
    }
  });
});

/** Raw steps of a hundredth of a volt or of a kilowatt, not of a megavolt: what a slipped power of ten would give. */
function expectPlausibleScale(profile: DeviceProfile, point: ProfilePoint): void {
  if (point.scaleFrom === 'operator') return;
  const what = `${profile.id} ${pointName(point)}`;
  const canonical = UNITS[point.unit]?.canonical ?? '';
  const { step, shows } = PLAUSIBLE[canonical] ?? { step: [0, Infinity], shows: 0 };
  const scale = toNumber(canonicalScale(point));
  expect(scale, what).toBeGreaterThanOrEqual(step[0]);
  expect(scale, what).toBeLessThanOrEqual(step[1]);
  if (point.type.startsWith('f')) return;
  const bits = registerCount(point.type) * 16 - (point.type.startsWith('i') ? 1 : 0);
  expect(scale * 2 ** bits, what).toBeGreaterThanOrEqual(shows);
}

describe('loading a profile', () => {
  const base = [
    'version: 1.0.0',
    'title: Test meter',
    'vendor: Test',
    'models: [T1]',
    'confidence: medium',
    'sources: [a manual]',
    'functionCode: 3',
    'points:',
  ];
  const parse = (...points: string[]) =>
    parseProfile('test/t1', Buffer.from([...base, ...points].join('\n')), 't1.yaml');
  const messageOf = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof MillwattError) return `${error.code}: ${error.message} ${error.cure}`;
      throw error;
    }
    return 'no error';
  };

  it('reads a minimal file', () => {
    const profile = parse('  - { quantity: activePower, address: 7, type: i16, unit: W }');
    expect(profile.points).toEqual([
      { quantity: 'activePower', phase: 'total', address: 7, type: 'i16', scale: '1', unit: 'W' },
    ]);
  });

  it('says where the profiles are listed when one is unknown, and which was meant', () => {
    expect(messageOf(() => loadProfile('siemens/pac320'))).toMatch(
      /unknown-profile: .*"siemens\/pac320".*Did you mean siemens\/pac3200\?.*`millwatt profiles` lists/,
    );
    expect(messageOf(() => loadProfile('../../etc/passwd'))).toContain('unknown-profile');
    expect(messageOf(() => loadProfile('siemens/pac3200:nonsense'))).toContain('no variant nonsense');
  });

  it.each([
    [
      'a unit of another quantity',
      'address: 7, type: f32, unit: kWh',
      /t1\.yaml:9:\d+: points\[0\]\.unit: .*W.*kWh/,
    ],
    ['an unknown unit', 'address: 7, type: f32, unit: hp', /t1\.yaml:9:\d+: points\[0\]\.unit/],
    [
      'an unknown key',
      'address: 7, type: f32, unit: W, adress: 8',
      /t1\.yaml:9:\d+: points\[0\]\.adress: .*Did you mean "address"/,
    ],
    ['an unknown type', 'address: 7, type: f16, unit: W', /t1\.yaml:9:\d+: points\[0\]\.type/],
    [
      'an impossible scale',
      'address: 7, type: f32, unit: W, scale: -1',
      /t1\.yaml:9:\d+: points\[0\]\.scale/,
    ],
    ['an address beyond the last', 'address: 65535, type: f32, unit: W', /points\[0\]\.address: .*65535/],
    [
      'a counter that does not count',
      'address: 1, type: f32, unit: W, counter: { behaviour: monotone }',
      /does not count/,
    ],
  ])('refuses %s with file and line', (_, fields, expected) => {
    expect(messageOf(() => parse(`  - { quantity: activePower, ${fields} }`))).toMatch(expected);
  });

  it('refuses overlaps and doubles, all of them at once', () => {
    const message = messageOf(() =>
      parse(
        '  - { quantity: activePower, address: 7, type: f32, unit: W }',
        '  - { quantity: apparentPower, address: 8, type: f32, unit: VA }',
        '  - { quantity: activePower, address: 20, type: f32, unit: W }',
      ),
    );
    expect(message).toMatch(/t1\.yaml:10:\d+: .*overlaps activePower in register 8/);
    expect(message).toMatch(/t1\.yaml:11:\d+: .*activePower is there twice/);
  });

  it('refuses values that the limits make unreadable', () => {
    const text = [...base.slice(0, -1), 'limits: { maxRegisters: 1 }', 'points:'];
    text.push('  - { quantity: activePower, address: 7, type: f32, unit: W }');
    const message = messageOf(() => parseProfile('test/t1', Buffer.from(text.join('\n')), 't1.yaml'));
    expect(message).toMatch(/activePower cannot be read/);
  });

  const POWER = '  - { quantity: activePower, address: 7, type: f32, unit: W }';
  const ENERGY = '  - { quantity: activeEnergyImport, address: 20, type: u32, unit: Wh }';

  it.each([
    [
      'a variant whose points overlap',
      ['variants: { v: { title: V, points: [{ quantity: current, address: 8, type: f32, unit: A }] } }'],
      /t1\.yaml:11:\d+: variants\.v\.points\[0\]\.address: current overlaps activePower in register 8/,
    ],
    [
      'a variant that takes away what is not there',
      ['variants: { v: { title: V, without: [voltage.l1] } }'],
      /t1\.yaml:11:\d+: variants\.v\.without\[0\]: .*no voltage\.l1/,
    ],
    [
      'a variant with a unit of another quantity',
      ['variants: { v: { title: V, points: [{ quantity: activePower, address: 8, type: f32, unit: A }] } }'],
      /t1\.yaml:11:\d+: variants\.v\.points\[0\]\.unit: .*W.*A is no unit of that/,
    ],
    [
      'a variant whose limits let nothing through',
      ['variants: { v: { title: V, limits: { maxRegisters: 1 } } }'],
      /activePower cannot be read within the limits of the profile \(variant v\)/,
    ],
    [
      'an identity that the limits bar',
      [
        'limits: { readable: [{ first: 0, last: 100 }] }',
        'identity: [{ title: id, functionCode: 3, address: 11, count: 200, oneOf: [1] }]',
      ],
      /identity\[0\]\.count/,
    ],
    [
      'an identity beyond what is readable',
      [
        'limits: { readable: [{ first: 0, last: 100 }] }',
        'identity: [{ title: id, functionCode: 3, address: 110, oneOf: [1] }]',
      ],
      /identity "id" cannot be read/,
    ],
    [
      'an id that its type cannot hold',
      ['identity: [{ title: id, functionCode: 3, address: 11, oneOf: [70000] }]'],
      /70000 does not fit u16/,
    ],
    [
      'a detail outside of its block',
      [
        'details: [{ is: serial, functionCode: 3, address: 40, type: u32, block: { address: 41, count: 9 } }]',
      ],
      /details\[0\]\.block: does not hold the registers of serial/,
    ],
    [
      'a piece of a whole block as a detail',
      [
        'limits: { whole: [{ first: 40, last: 49 }] }',
        'details: [{ is: serial, functionCode: 3, address: 40, type: u32 }]',
      ],
      /detail serial cannot be read/,
    ],
    [
      'serial settings of a device without a serial line',
      ['transports: [tcp]', 'serial: { baudRate: 9600, parity: even }'],
      /serial: belongs to a device with rtu/,
    ],
    [
      'a status word that is there twice',
      [
        'statuses:',
        '  - { status: mode, address: 1, type: u16, vocabulary: test/mode }',
        '  - { status: mode, address: 2, type: u16, vocabulary: test/mode }',
      ],
      /statuses\[1\]\.status: mode is there twice/,
    ],
  ])('refuses %s', (_, lines, expected) => {
    const text = [...base, POWER, ENERGY, ...lines].join('\n');
    expect(messageOf(() => parseProfile('test/t1', Buffer.from(text), 't1.yaml'))).toMatch(expected);
  });

  it.each([
    [
      'a factor inside a value',
      'factors: [{ address: 31, type: u16, as: factor }]',
      /overlaps activeEnergyExport/,
    ],
    [
      'a scaled power',
      'factors: [{ address: 9, type: u16, as: decimals, scale: 2 }]',
      /only a factor is scaled/,
    ],
    ['a register added to itself', 'plus: [30]', /adds a register to itself/],
    ['half of 32 bits', 'factors: [{ address: 9, type: u32, as: factor, byte: low }]', /high and a low byte/],
    ['a scale that is not to be known', 'scaleFrom: operator, scale: 10', /operator must find out/],
    ['a pattern too short', "notAvailable: ['0xFFFF']", /0xFFFF is not 32 bits wide/],
    ['a wrap of what saturates', 'counter: { behaviour: saturating, modulus: 10 }', /does not start again/],
  ])('refuses %s', (_, fields, expected) => {
    const line = `  - { quantity: activeEnergyExport, address: 30, type: u32, unit: Wh, ${fields} }`;
    expect(messageOf(() => parse(POWER, line))).toMatch(expected);
  });

  it('puts a variant together: limits one by one, points by name, notes added', () => {
    const text = [
      ...base.slice(0, -1),
      'limits: { maxRegisters: 60, even: true }',
      'notes: [One.]',
      'points:',
      '  - { quantity: activePower, address: 8, type: f32, unit: W }',
      ENERGY,
      'variants:',
      '  small:',
      '    title: Small',
      '    limits: { maxRegisters: 20 }',
      '    wordOrder: little',
      '    notes: [Two.]',
      '    points: [{ quantity: activePower, address: 10, type: f32, unit: kW }]',
      '    without: [activeEnergyImport]',
    ].join('\n');
    const profile = parseProfile('test/t1', Buffer.from(text), 't1.yaml', 'small');
    expect(profile).toMatchObject({
      id: 'test/t1:small',
      title: 'Small',
      limits: { maxRegisters: 20, even: true },
      wordOrder: 'little',
      notes: ['One.', 'Two.'],
      variants: [],
    });
    expect(profile.points.map((point) => [pointName(point), point.address, point.unit])).toEqual([
      ['activePower', 10, 'kW'],
    ]);
    expect(messageOf(() => parseProfile('test/t1', Buffer.from(text), 't1.yaml', 'large'))).toMatch(
      /no variant large.*small/,
    );
  });

  it('refuses broken YAML with its line', () => {
    expect(messageOf(() => parse('  - { quantity: activePower'))).toMatch(/bad-profile.*t1\.yaml:\d+/);
  });

  it('refuses aliases', () => {
    expect(
      messageOf(() => parse('  - &p { quantity: activePower, address: 7, type: i16, unit: W }', '  - *p')),
    ).toMatch(/bad-profile.*aliases/);
  });

  it("lets an operator's own file go before ours", () => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-profiles-'));
    mkdirSync(join(folder, 'siemens'));
    const line = '  - { quantity: activePower, address: 7, type: i16, unit: W }';
    writeFileSync(join(folder, 'siemens/pac3200.yaml'), [...base, line].join('\n'));
    writeFileSync(join(folder, 'siemens/own.yaml'), [...base, line].join('\n'));
    expect(loadProfile('siemens/pac3200', folder).profile.title).toBe('Test meter');
    expect(listProfiles(folder).filter((listed) => listed.id === 'siemens/pac3200')).toHaveLength(1);
    expect(listProfiles(folder).map((listed) => listed.id)).toContain('siemens/own');
  });
});

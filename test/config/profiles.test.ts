import { existsSync, readFileSync, mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listProfiles, loadProfile, parseProfile } from '../../config/profile-library.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { canonicalScale, functionCodeOf, pointName, registerCount } from '../../protocols/modbus/profile.ts';
import { isLegalRead, planReads } from '../../protocols/modbus/read-plan.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { toNumber, UNITS } from '../../protocols/telemetry/unit.ts';

const ids = listProfiles().map((listed) => listed.id);

/** Facts of a device that a profile leaves out, each for a reason the profile's notes or our names give. */
const LEFT_OUT = [
  /\bavg$/, // a mean of phases is no phase
  /^current (sum|total)$/, // a sum of phase currents means nothing
  /_total /, // meaning configurable
  /_t2 /, // tariff 2
  /^phase_angle /, // no quantity of ours
];

const FACTS: Readonly<Record<string, string>> = {
  'siemens/pac3200': 'siemens-pac3200',
  'eastron/sdm630': 'eastron-sdm630',
  'carlo-gavazzi/em340': 'carlo-gavazzi-em330-em340',
  'schneider/iem3000': 'schneider-iem3000',
  'shelly/pro-3em': 'shelly-pro-3em',
};

describe('the profiles that come with millwatt', () => {
  it('are at least the five we began with', () => {
    expect(ids).toEqual(expect.arrayContaining(Object.keys(FACTS)));
  });

  it.each(ids)('%s is a file of 30 to 60 lines that cites where it was read', (id) => {
    const { file, profile, sha256 } = loadProfile(id);
    const bytes = readFileSync(file);
    const lines = bytes.toString('utf8').trimEnd().split('\n').length;
    expect(lines).toBeGreaterThanOrEqual(30);
    expect(lines).toBeLessThanOrEqual(60);
    expect(profile.sources.length).toBeGreaterThanOrEqual(profile.confidence === 'high' ? 2 : 1);
    expect(sha256).toBe(createHash('sha256').update(bytes).digest('base64url'));
    expect(profile.id).toBe(id);
  });

  it.each(ids)('%s names every point once, in units of its quantity, without overlap', (id) => {
    const { profile } = loadProfile(id);
    const names = profile.points.map(pointName);
    expect(new Set(names).size).toBe(names.length);
    // One meter has energies only, another an energy whose direction is a setting of its own.
    expect(names.some((name) => name === 'activePower' || name === 'activeEnergyImport')).toBe(true);
    const taken = new Set<number>();
    for (const point of profile.points) {
      expect(UNITS[point.unit]?.canonical).toBe(QUANTITIES[point.quantity].unit);
      expect(point.counter !== undefined).toBe(QUANTITIES[point.quantity].cumulative);
      for (let i = 0; i < registerCount(point.type); i++) {
        expect(taken.has(point.address + i)).toBe(false);
        taken.add(point.address + i);
      }
    }
  });

  it.each(ids)('%s can be read whole, in legal requests', (id) => {
    const { profile } = loadProfile(id);
    const wanted = profile.points.map((point) => ({
      functionCode: functionCodeOf(profile, point),
      address: point.address,
      count: registerCount(point.type),
    }));
    const plan = planReads(wanted, profile.limits);
    expect(plan.flatMap((read) => read.wanted)).toHaveLength(profile.points.length);
    for (const read of plan) expect(isLegalRead(read.address, read.count, profile.limits)).toBe(true);
    expect(plan.length).toBeLessThanOrEqual(7);
  });
});

interface Facts {
  functionCode: number;
  wordOrder: string;
  byteOrder: string;
  maxRegistersPerRead: number | null;
  accuracyClass: object | null;
  points: {
    quantity: string;
    phase: string;
    address: number;
    type: string;
    scale: number;
    unit: string;
    functionCode: number;
    wordOrder?: string;
  }[];
}

const factFolder = join(import.meta.dirname, '../../../shared/facts/devices');

describe.skipIf(!existsSync(factFolder))('the profiles and the collected facts', () => {
  it.each(Object.entries(FACTS))('%s agrees in every address, type, scale and order', (id, name) => {
    const facts = JSON.parse(readFileSync(join(factFolder, `${name}.json`), 'utf8')) as Facts;
    const { profile } = loadProfile(id);
    expect(profile.functionCode).toBe(facts.functionCode);
    expect(profile.wordOrder).toBe(facts.wordOrder);
    expect(profile.byteOrder).toBe(facts.byteOrder);
    expect(profile.limits.maxRegisters).toBe(facts.maxRegistersPerRead ?? 125);
    expect(profile.accuracyClass !== undefined).toBe(facts.accuracyClass !== null);
    const ours = profile.points.map((point) => ({
      name: pointName(point),
      address: point.address,
      type: point.type,
      scale: toNumber(canonicalScale(point)),
      unit: QUANTITIES[point.quantity].unit,
      functionCode: functionCodeOf(profile, point),
      wordOrder: point.wordOrder ?? profile.wordOrder,
    }));
    const theirs = facts.points
      .filter((fact) => !LEFT_OUT.some((pattern) => pattern.test(`${fact.quantity} ${fact.phase}`)))
      .map((fact) => ({
        name: nameOfFact(fact.quantity, fact.phase),
        address: fact.address,
        type: fact.type,
        scale: fact.scale,
        unit: fact.unit,
        functionCode: fact.functionCode,
        wordOrder: fact.wordOrder ?? facts.wordOrder,
      }));
    const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
    expect(ours.sort(byName)).toEqual(theirs.sort(byName));
  });
});

function nameOfFact(quantity: string, phase: string): string {
  const name = quantity
    .replace(/_l[ln]$/, '')
    .replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  const letter = phase.toLowerCase().replace('-l', '');
  return phase === 'total' ? name : `${name}.${letter}`;
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

  it('names the profiles there are when one is unknown', () => {
    const message = messageOf(() => loadProfile('siemens/pac9999'));
    expect(message).toContain('unknown-profile');
    expect(message).toContain('siemens/pac3200');
    expect(messageOf(() => loadProfile('../../etc/passwd'))).toContain('unknown-profile');
  });

  it.each([
    [
      'a unit of another quantity',
      'address: 7, type: f32, unit: kWh',
      /t1\.yaml:9: points\.0\.unit: .*W.*kWh/,
    ],
    ['an unknown unit', 'address: 7, type: f32, unit: hp', /t1\.yaml:9: points\.0\.unit/],
    ['an unknown key', 'address: 7, type: f32, unit: W, adress: 8', /t1\.yaml:9: points\.0: .*adress/],
    ['an unknown type', 'address: 7, type: f16, unit: W', /t1\.yaml:9: points\.0\.type/],
    ['an impossible scale', 'address: 7, type: f32, unit: W, scale: -1', /t1\.yaml:9: points\.0\.scale/],
    ['an address beyond the last', 'address: 65535, type: f32, unit: W', /points\.0\.address: .*65535/],
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
    expect(message).toMatch(/t1\.yaml:10: .*overlaps activePower in register 8/);
    expect(message).toMatch(/t1\.yaml:11: .*activePower is there twice/);
  });

  it('refuses values that the limits make unreadable', () => {
    const text = [...base.slice(0, -1), 'limits: { maxRegisters: 1 }', 'points:'];
    text.push('  - { quantity: activePower, address: 7, type: f32, unit: W }');
    const message = messageOf(() => parseProfile('test/t1', Buffer.from(text.join('\n')), 't1.yaml'));
    expect(message).toMatch(/activePower cannot be read/);
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

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listProfiles, loadProfile } from '../../config/library/profile-library.ts';
import {
  canonicalScale,
  functionCodeOf,
  pointName,
  type DeviceProfile,
  type ProfilePoint,
} from '../../protocols/modbus/profile/profile.ts';
import { QUANTITIES, QUANTITY_NAMES } from '../../protocols/telemetry/quantity.ts';
import { multiply, rationalOf, UNITS } from '../../protocols/telemetry/unit.ts';
import {
  FACT_FOLDER,
  factsOf,
  LIMITS_IN_OUR_WORDS,
  nameFact,
  readFacts,
  type DeviceFacts,
  type FactPoint,
} from './profile-facts.ts';

/*
 * Every address, function code, type, scale, order, limit and not-available pattern of every profile against what was
 * collected from manuals and implementations: a profile says nothing that the facts do not, and leaves nothing out that
 * we have a name for, but for what profile-facts.ts lists with its reason.
 */

const all = existsSync(FACT_FOLDER) ? readFacts() : [];
const profiles = listProfiles().map(({ id }) => id);

describe.skipIf(all.length === 0)('the profiles and the collected facts', () => {
  it.each(profiles)('%s', (id) => {
    const facts = factsOf(all, id);
    if (facts === undefined) throw new Error(`${id} has no facts; see NAMED_OTHERWISE in profile-facts.ts`);
    const { profile } = loadProfile(id);
    expect([...faultsOfDevice(profile, facts), ...faultsOfPoints(profile, facts)]).toEqual([]);
  });

  it.each(profiles.flatMap((id) => loadProfile(id).profile.variants.map((variant) => `${id}:${variant}`)))(
    '%s',
    (id) => {
      const facts = factsOf(all, id.replace(/:.*/, ''));
      if (facts === undefined) throw new Error(`${id} has no facts`);
      const { profile } = loadProfile(id);
      // A variant differs from what was collected in the orders it says, and may lack points.
      const points = [...facts.points, ...Object.values(facts.variants ?? {}).flat()];
      const known = { ...facts, points, wordOrder: profile.wordOrder, functionCode: profile.functionCode };
      expect(faultsOfPoints(profile, known, 'may lack points')).toEqual([]);
    },
  );
});

describe.skipIf(all.length === 0)('the check itself', () => {
  it('leaves no device without a profile', () => {
    const without = all.filter((facts) => !profiles.some((id) => factsOf([facts], id) !== undefined));
    expect(without.map(({ id }) => id)).toEqual([]);
  });

  it('finds every slip that a hand makes', () => {
    const { profile } = loadProfile('siemens/pac2200');
    const facts = factsOf(all, profile.id);
    if (facts === undefined) throw new Error('no facts');
    const faultsWith = (change: Partial<DeviceProfile>) => {
      const changed = { ...profile, ...change };
      return [...faultsOfDevice(changed, facts), ...faultsOfPoints(changed, facts)].join('; ');
    };
    const faultsWithPoint = (name: string, change: Partial<ProfilePoint>) =>
      faultsWith({
        points: profile.points.map((point) => (pointName(point) === name ? { ...point, ...change } : point)),
      });
    expect(faultsWith({})).toBe('');
    expect(faultsWithPoint('frequency', { address: 46 })).toMatch(
      /frequency: address is 46, the facts say 55/,
    );
    expect(faultsWithPoint('frequency', { type: 'u32' })).toMatch(/type is u32, the facts say f32/);
    expect(faultsWithPoint('frequency', { scale: '0.1' })).toMatch(
      /scale .* is 1\/10 Hz, the facts say 1\/1 Hz/,
    );
    expect(faultsWithPoint('frequency', { wordOrder: 'little' })).toMatch(/wordOrder is little/);
    expect(faultsWithPoint('frequency', { functionCode: 4 })).toMatch(/functionCode is 4, the facts say 3/);
    expect(faultsWithPoint('frequency', { confidence: 'medium' })).toMatch(/confidence is medium/);
    expect(faultsWithPoint('frequency', { scaleFrom: 'operator' })).toMatch(/scaleFrom is operator/);
    expect(faultsWithPoint('activeEnergyImport', { plus: [813] })).toMatch(
      /plus is \[813\], the facts say \[805\]/,
    );
    expect(
      faultsWithPoint('current.l1', { factors: [{ address: 4711, type: 'u16', as: 'factor', scale: '1' }] }),
    ).toMatch(/factor at 4711 is in no fact/);
    expect(faultsWith({ points: profile.points.slice(1) })).toMatch(/has no voltage\.l1, the facts do/);
    expect(faultsWith({ notAvailable: { u16: ['0xFFFF'] } })).toMatch(/notAvailable\.u16 is \[0xFFFF\]/);
    expect(faultsWith({ accuracyClass: '0.5' })).toMatch(/accuracyClass/);
    expect(faultsWith({ limits: { ...profile.limits, wholeValues: false } })).toMatch(/wholeValues/);
    expect(faultsWith({ identity: [] })).toMatch(/identity is empty/);
  });
});

function faultsOfDevice(profile: DeviceProfile, facts: DeviceFacts): string[] {
  const faults: string[] = [];
  const compare = (what: string, ours: unknown, theirs: unknown) => {
    if (JSON.stringify(ours) !== JSON.stringify(theirs))
      faults.push(
        `${profile.id}: ${what} is ${JSON.stringify(ours)}, the facts say ${JSON.stringify(theirs)}`,
      );
  };
  compare('functionCode', profile.functionCode, facts.functionCode);
  if (facts.wordOrder === 'big' || facts.wordOrder === 'little')
    compare('wordOrder', profile.wordOrder, facts.wordOrder);
  compare('byteOrder', profile.byteOrder, facts.byteOrder);
  compare('confidence', profile.confidence, facts.confidence);
  compare('kind', profile.kind, facts.kind.includes('drive') ? 'drive' : 'meter');
  compare(
    'transports',
    [...profile.transports].sort(),
    facts.transport.filter((one) => one !== 'rest').sort(),
  );
  // No limit known is the limit of the protocol; an operator's own experience may go below it, not above.
  const inOurWords = LIMITS_IN_OUR_WORDS[facts.id];
  const maxRegisters = inOurWords?.maxRegisters ?? facts.maxRegistersPerRead;
  if (maxRegisters) compare('limits.maxRegisters', profile.limits.maxRegisters, maxRegisters);
  const rules = [...(facts.readRules ?? []), ...facts.quirks].join('; ');
  compare(
    'limits.even',
    profile.limits.even,
    /even start/.test(rules) || /address and count must be even/.test(rules),
  );
  compare(
    'limits.wholeValues',
    profile.limits.wholeValues,
    inOurWords?.wholeValues ?? /never split a value|inside a value/.test(rules),
  );
  const accuracyClass = facts.accuracyClass?.activeEnergy.split(' ')[0];
  compare('accuracyClass', profile.accuracyClass, accuracyClass);
  return [...faults, ...faultsOfPatterns(profile, facts), ...faultsOfIdentity(profile, facts)];
}

/** Patterns by type as the facts write them; those of floats are NaN, which never is a value. */
function patternsOf({ notANumber }: DeviceFacts, type: string): string[] {
  const width = Number(type.slice(1));
  const said =
    notANumber?.[type] ??
    (type.startsWith('f') ? undefined : notANumber?.[type.startsWith('u') ? 'unsigned' : 'signed']);
  if (said === undefined || type.startsWith('f')) return [];
  if (said.startsWith('all bytes 0xFF')) return [`0x${'F'.repeat(width / 4)}`];
  if (said.startsWith('largest positive')) return [`0x7${'F'.repeat(width / 4 - 1)}`];
  const highWord = /^high word 0x([0-9A-F]{4})/.exec(said)?.[1];
  if (highWord !== undefined) return [`0x${highWord}${'X'.repeat(width / 4 - 4)}`];
  return [/^0x[0-9A-F]+/.exec(said)?.[0] ?? ''];
}

function faultsOfPatterns(profile: DeviceProfile, facts: DeviceFacts): string[] {
  const types = new Set<string>([
    ...profile.points.map((point) => point.type),
    ...Object.keys(profile.notAvailable),
  ]);
  return [...types]
    .filter((type) => !type.startsWith('f'))
    .flatMap((type) => {
      const ours = (profile.notAvailable[type as ProfilePoint['type']] ?? []).join(', ');
      const theirs = patternsOf(facts, type).join(', ');
      return ours === theirs
        ? []
        : [`${profile.id}: notAvailable.${type} is [${ours}], the facts say [${theirs}]`];
    });
}

function faultsOfIdentity(profile: DeviceProfile, facts: DeviceFacts): string[] {
  const registers = facts.identify?.registers ?? [];
  const said = (address: number) =>
    registers.some((one) => one.address === address) ||
    registers.some(
      (block) =>
        block.address !== undefined &&
        registers.some(
          (one) => one.offsetInBlock !== undefined && (block.address ?? 0) + one.offsetInBlock === address,
        ),
    );
  const faults: string[] = [];
  for (const check of profile.identity) {
    if (!said(check.address))
      faults.push(`${profile.id}: identity ${check.title}: ${check.address} is no register of the facts`);
    for (const value of [
      ...(check.oneOf ?? []),
      ...(check.between ? [check.between.first, check.between.last] : []),
    ])
      if (!new RegExp(`\\b${value}\\b`).test(JSON.stringify(registers)))
        faults.push(`${profile.id}: identity ${check.title}: ${value} is in no fact`);
  }
  for (const detail of profile.details)
    if (!said(detail.address))
      faults.push(`${profile.id}: detail ${detail.is}: ${detail.address} is no register of the facts`);
  const tellsItself = registers.some(({ equals, range }) => equals !== undefined || range !== undefined);
  if (tellsItself && profile.identity.length === 0 && !JSON.stringify(registers).includes('"see"'))
    faults.push(`${profile.id}: identity is empty, the facts have registers that tell the device`);
  return faults;
}

function faultsOfPoints(profile: DeviceProfile, facts: DeviceFacts, lack?: 'may lack points'): string[] {
  const faults: string[] = [];
  const byName = new Map<string, { fact: FactPoint; added: boolean; optional: boolean }[]>();
  for (const fact of facts.points) {
    const selected = /^(active|reactive)_energy_selected$/.exec(fact.quantity)?.[1];
    if (selected !== undefined && lack !== undefined) {
      // A variant says which direction the operator has chosen in the device.
      for (const direction of ['Import', 'Export'])
        byName.set(`${selected}Energy${direction}`, [{ fact, added: false, optional: true }]);
      continue;
    }
    const named = nameFact(fact);
    if ('leftOut' in named) continue;
    if (!QUANTITY_NAMES.includes(named.quantity)) {
      faults.push(`${facts.id}: the fact ${fact.quantity} has no name here; add it to profile-facts.ts`);
      continue;
    }
    const name = pointName(isOnlyConductor(fact, facts) ? { ...named, phase: 'total' } : named);
    byName.set(name, [
      ...(byName.get(name) ?? []),
      { fact, added: named.addedTo === true, optional: named.optional !== undefined },
    ]);
  }
  for (const point of profile.points) {
    const name = pointName(point);
    const found = byName.get(name) ?? [];
    const own = found.filter((one) => !one.added).map((one) => one.fact);
    // Several facts may have one name: a coarse and a fine counter, input and output power of a drive.
    const [fewest] = own
      .map((fact) => faultsOfPoint(profile, point, fact, facts))
      .sort((a, b) => a.length - b.length);
    if (fewest === undefined) {
      faults.push(`${profile.id}: ${name} is in no fact`);
      continue;
    }
    faults.push(...fewest);
    const added = listOf(found.filter((one) => one.added).map((one) => one.fact.address));
    const plus = listOf(point.plus ?? []);
    if (plus !== added) faults.push(`${profile.id}: ${name} plus is [${plus}], the facts say [${added}]`);
  }
  if (lack === undefined) {
    const ours = new Set(profile.points.map(pointName));
    for (const [name, found] of byName)
      if (!ours.has(name) && found.some((one) => !one.optional))
        faults.push(
          `${profile.id}: has no ${name}, the facts do: ${found
            .map(({ fact }) => `${fact.quantity} ${fact.phase ?? ''} at ${fact.address}`)
            .join(', ')}`,
        );
  }
  return faults;
}

/** What a meter of one conductor says of it is the total; voltage and current are those of the conductor. */
function isOnlyConductor({ quantity, phase }: FactPoint, { points }: DeviceFacts): boolean {
  return (
    phase === 'L1' &&
    quantity.includes('power') &&
    !points.some((other) => other.quantity === quantity && other.phase !== 'L1')
  );
}

function listOf(addresses: readonly number[]): string {
  return addresses.toSorted((a, b) => a - b).join(', ');
}

function faultsOfPoint(
  profile: DeviceProfile,
  point: ProfilePoint,
  fact: FactPoint,
  facts: DeviceFacts,
): string[] {
  const faults: string[] = [];
  const compare = (what: string, ours: unknown, theirs: unknown) => {
    if (ours !== theirs)
      faults.push(
        `${profile.id}: ${pointName(point)}: ${what} is ${String(ours)}, the facts say ${String(theirs)}${fact.note === undefined ? '' : ` (${fact.note})`}`,
      );
  };
  compare('address', point.address, fact.address);
  compare('type', point.type, fact.type);
  compare('functionCode', functionCodeOf(profile, point), fact.functionCode ?? facts.functionCode);
  const wordOrder = fact.wordOrder ?? facts.wordOrder;
  if (wordOrder === 'big' || wordOrder === 'little')
    compare('wordOrder', point.wordOrder ?? profile.wordOrder, wordOrder);
  const confidence = fact.confidence ?? facts.confidence;
  compare('confidence', point.confidence ?? profile.confidence, confidence);
  compare('scaleFrom', point.scaleFrom, scaleOriginOf(fact));
  if (scaleOriginOf(fact) === undefined) {
    const dynamic = point.factors?.some((factor) => factor.as === 'decimals') === true;
    compare('scale to canonical unit', scaleText(point), factScale(fact, dynamic));
  }
  if (/4-quadrant/.test(fact.note ?? '')) compare('encoding', point.encoding, 'four-quadrant');
  const prose = JSON.stringify({ ...facts, points: [fact.note] });
  for (const factor of point.factors ?? []) {
    const { address, scale } = factor;
    const hex = address.toString(16).toUpperCase().padStart(4, '0');
    if (!new RegExp(`\\b(${address}|0x${hex})\\b`).test(prose))
      faults.push(`${profile.id}: ${pointName(point)}: factor at ${address} is in no fact`);
    const register = facts.ctHandling?.registers?.find((one) => one.address === address);
    if (register !== undefined) {
      compare(`type of the factor at ${address}`, factor.type, register.type);
      compare(`scale of the factor at ${address}`, scale, register.what.endsWith('*10') ? '0.1' : '1');
    }
  }
  return faults;
}

function scaleOriginOf({ scale, unit }: FactPoint): ProfilePoint['scaleFrom'] {
  if (unit.startsWith('% of nominal')) return 'rated-power';
  return scale === null || unit === 'as configured' ? 'operator' : undefined;
}

function scaleText(point: ProfilePoint): string {
  const { num, den } = canonicalScale(point);
  return `${num}/${den} ${QUANTITIES[point.quantity].unit}`;
}

function factScale({ scale, unit }: FactPoint, dynamic: boolean): string {
  const known = UNITS[unit === 'rpm' ? '1/min' : unit];
  if (known === undefined) return `in ${unit}`;
  // Where a register says how many decimals there are, the raw value has none of its own.
  const { num, den } = multiply(rationalOf(dynamic ? 1 : (scale ?? 1)), known.factor);
  return `${num}/${den} ${known.canonical}`;
}

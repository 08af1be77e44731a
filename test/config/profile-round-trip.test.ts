import { afterAll, describe, expect, it } from 'vitest';
import { listProfiles, loadProfile } from '../../config/library/profile-library.ts';
import { patternsOf } from '../../protocols/modbus/profile/not-available.ts';
import {
  detailRequest,
  identityRequest,
  judgeIdentity,
  readDetail,
} from '../../protocols/modbus/profile/identity-reader.ts';
import { makePointReader } from '../../protocols/modbus/profile/point-reader.ts';
import {
  pointName,
  type DeviceProfile,
  type ProfilePoint,
  type StatusPoint,
} from '../../protocols/modbus/profile/profile.ts';
import { planReads, type WantedRegisters } from '../../protocols/modbus/plan/read-plan.ts';
import { makeStatusReader, type StatusValue } from '../../protocols/modbus/profile/status-reader.ts';
import { ModbusTcpClient } from '../../protocols/modbus/tcp/tcp-client.ts';
import { createProfileBank } from '../../protocols/simulator/modbus-bank.ts';
import { startModbusServer, type RegisterBank } from '../../protocols/simulator/modbus-server.ts';
import {
  decimalOf,
  multiplyDecimals,
  readingOfDecimal,
  shortestFloat32,
  type Reading,
} from '../../protocols/telemetry/decimal.ts';

/*
 * Every point, status word, detail and identification of every profile and variant, through a simulated device of that
 * profile on a real socket, our client, the read plan and the decoders, at the edges of its type.
 */

const ids = listProfiles().flatMap(({ id }) => [
  id,
  ...loadProfile(id).profile.variants.map((variant) => `${id}:${variant}`),
]);

/** What the registers of a point are to hold, added up, before the factors. */
const SITUATIONS = ['nothing', 'zero', 'largest', 'smallest', 'some', 'negative', 'fraction'] as const;
type Situation = (typeof SITUATIONS)[number];

/** One server for all: the bank of unit 1 is put in place by each test. */
const units = new Map<number, RegisterBank>();
const server = await startModbusServer({ host: '127.0.0.1', port: 0, units });
const client = new ModbusTcpClient('127.0.0.1', server.port);
afterAll(async () => {
  client.close();
  await server.close();
});

async function ask({ functionCode, address, count }: WantedRegisters): Promise<Uint16Array> {
  return client.readRegisters(1, functionCode, address, count, 10_000);
}

/** The slices of every part, read as the plan says, each part found in the request that holds it. */
async function readParts(
  profile: DeviceProfile,
  parts: readonly WantedRegisters[],
): Promise<Map<WantedRegisters, { registers: Uint16Array; offset: number }>> {
  const slices = new Map<WantedRegisters, { registers: Uint16Array; offset: number }>();
  for (const read of planReads(parts, profile.limits)) {
    const registers = await ask(read);
    for (const part of read.wanted) slices.set(part, { registers, offset: part.address - read.address });
  }
  return slices;
}

/** A factor that is not 1 wherever one is possible, so that a forgotten one is seen. */
function factorOf({ as, scale }: { as: string; scale: string }): number {
  if (as === 'decimals') return 3;
  if (as === 'thousands') return 1;
  return Number(scale) === 1 ? 20 : 25;
}

function multiplied(point: ProfilePoint, sum: Reading): Reading {
  if (point.factors === undefined) return sum;
  let product = decimalOf(sum);
  for (const factor of point.factors ?? []) {
    const value = factorOf(factor);
    if (factor.as === 'factor')
      product = multiplyDecimals(
        multiplyDecimals(product, decimalOf(value)),
        decimalOf(Number(factor.scale)),
      );
    else if (factor.as === 'decimals')
      product = multiplyDecimals(product, { mantissa: 1n, exponent: -value });
    else product = multiplyDecimals(product, { mantissa: 1000n ** BigInt(value), exponent: 0 });
  }
  return readingOfDecimal(product);
}

/** The sum of the point's registers, and null where this point cannot be in the situation. */
function sumFor(profile: DeviceProfile, point: ProfilePoint, situation: Situation): Reading | null {
  const sum = rawSum(point, situation);
  if (sum === null) return null;
  // What the device takes for "no value" is tested as that.
  return patternsOf(profile.notAvailable, point).some((pattern) => isPattern(pattern, point, sum)) ? 7 : sum;
}

function rawSum(point: ProfilePoint, situation: Situation): Reading | null {
  const { type } = point;
  const shares = BigInt(1 + (point.plus?.length ?? 0));
  if (situation === 'nothing') return null;
  if (situation === 'zero') return 0;
  if (point.encoding === 'four-quadrant') {
    const factors = { largest: 1, smallest: -1, some: 0.5, negative: -0.25, fraction: 0.125 };
    return factors[situation];
  }
  if (type.startsWith('f')) {
    if (situation === 'fraction') return 2029.4375;
    const largest = type === 'f32' ? 3.4028234663852886e38 : 1e15;
    // Where shares are added and multiplied, sizes that a reading holds to the last digit.
    const isComputed = point.plus !== undefined || point.factors !== undefined;
    if (situation === 'largest') return isComputed ? 8_388_607 : largest;
    if (situation === 'smallest')
      return isComputed ? 0.5 : type === 'f32' ? shortestFloat32(2 ** -100) : 2 ** -100;
    return situation === 'some' ? 4321 : -1234.5;
  }
  const bits = BigInt(type.slice(1));
  const signed = type.startsWith('i');
  const largest = (1n << (signed ? bits - 1n : bits)) - 1n;
  const narrow = (whole: bigint) => (Number.isSafeInteger(Number(whole)) ? Number(whole) : whole);
  if (situation === 'largest') return narrow(largest * shares);
  if (situation === 'smallest') return signed ? narrow(-(largest + 1n) * shares) : 1;
  if (situation === 'negative') return signed ? -2 * Number(shares) - 1 : 2;
  return situation === 'some' ? 4321 : 12_345;
}

function isPattern(pattern: string, { type, plus }: ProfilePoint, value: Reading): boolean {
  if (type.startsWith('f')) return false;
  const share = BigInt(value) / BigInt(1 + (plus?.length ?? 0));
  const digits = BigInt.asUintN(Number(type.slice(1)), share)
    .toString(16)
    .padStart(pattern.length - 2, '0');
  return new RegExp(`^${pattern.slice(2).replaceAll('X', '.')}$`, 'i').test(digits);
}

describe('every profile, simulated and read', () => {
  it.each(ids)('%s gives back every value', async (id) => {
    const { profile } = loadProfile(id);
    const readers = profile.points.map((point) => ({ point, reader: makePointReader(profile, point) }));
    const parts = readers.flatMap(({ reader }) => reader.parts);
    for (const situation of SITUATIONS) {
      const expected = new Map(
        profile.points.map((point) => {
          const sum = sumFor(profile, point, situation);
          return [point, sum === null ? null : multiplied(point, sum)];
        }),
      );
      units.set(
        1,
        createProfileBank(profile, (point) => expected.get(point) ?? null, {
          factorValueOf: factorOf,
          sumsShared: true,
        }),
      );
      const slices = await readParts(profile, parts);
      const read = readers.map(({ point, reader }) => [
        pointName(point),
        reader.read(reader.parts.map((part) => slices.get(part) ?? null)).value,
      ]);
      const wanted = profile.points.map((point) => [pointName(point), valueShown(profile, point, expected)]);
      expect(read, situation).toEqual(wanted);
    }
  });

  it.each(ids)('%s tells what it is', async (id) => {
    const { profile } = loadProfile(id);
    units.set(
      1,
      createProfileBank(profile, () => 0, { details: { serial: '4711', firmware: '207' } }),
    );
    for (const check of profile.identity)
      expect(judgeIdentity(check, await ask(identityRequest(check)), profile), check.title).toBe(true);
    for (const detail of profile.details) {
      const told = readDetail(detail, await ask(detailRequest(detail)), profile);
      expect(told, detail.is).not.toBeNull();
      if (detail.is === 'serial') expect(told).toBe('4711');
    }
    // No other device is taken for it.
    const blank = createProfileBank({ ...profile, identity: [], details: [] }, () => 0);
    for (const check of profile.identity) {
      const { functionCode, address, count } = check;
      const answer = blank.read(functionCode, address, count);
      if (answer instanceof Uint16Array) expect(judgeIdentity(check, answer, profile)).toBe(false);
    }
  });

  const withStatuses = ids.filter((id) => loadProfile(id).profile.statuses.length > 0);
  it.each(withStatuses)('%s says its words', async (id) => {
    const { profile } = loadProfile(id);
    for (const turn of [0, 1]) {
      const said = (status: StatusPoint): StatusValue => {
        if (status.type === 'ascii') return ['O1234', 'MPF'][turn] ?? null;
        return status.type === 'bit' ? turn === 1 : turn * 200 + 3;
      };
      units.set(
        1,
        createProfileBank(profile, () => 0, { statusOf: said }),
      );
      const readers = profile.statuses.map((status) => makeStatusReader(profile, status));
      const slices = await readParts(
        profile,
        readers.map(({ part }) => part),
      );
      expect(readers.map((reader) => reader.read(slices.get(reader.part) ?? null))).toEqual(
        profile.statuses.map(said),
      );
    }
  });
});

/** An integer that has no pattern for it shows 0 where there is no value; everything else comes back as it is. */
function valueShown(
  profile: DeviceProfile,
  point: ProfilePoint,
  expected: ReadonlyMap<ProfilePoint, Reading | null>,
): Reading | null {
  const value = expected.get(point) ?? null;
  const hasNone = point.type.startsWith('f') || patternsOf(profile.notAvailable, point).length > 0;
  return value === null && !hasNone ? 0 : value;
}

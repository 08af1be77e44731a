import * as fc from 'fast-check';
import type { ReadLimits, RegisterRange } from '../../../../protocols/modbus/profile/profile.ts';
import type { WantedRegisters } from '../../../../protocols/modbus/plan/read-plan.ts';

/** A device's rules and what is wanted of it; small, so that everything can be tried. One function code. */
export interface Scene {
  limits: ReadLimits;
  /** The device's values, wanted or not. */
  values: WantedRegisters[];
  wanted: WantedRegisters[];
  refused: WantedRegisters[];
  cost: { requestMs: number; registerMs: number };
}

interface Request {
  address: number;
  count: number;
}

const holds = (outer: Request, inner: Request) =>
  inner.address >= outer.address && inner.address + inner.count <= outer.address + outer.count;
const touches = (request: Request, { first, last }: RegisterRange) =>
  first < request.address + request.count && last >= request.address;

/** Register by register, and apart from the planner: whether the device takes the request. */
export function isAccepted({ address, count }: Request, { limits, values, wanted, refused }: Scene): boolean {
  if (count < 1 || count > limits.maxRegisters || count > 125) return false;
  if (address < 0 || address + count > 65_536) return false;
  if (limits.even && (address % 2 !== 0 || count % 2 !== 0)) return false;
  const request = { address, count };
  if (limits.forbidden.some((range) => touches(request, range))) return false;
  if (
    limits.readable.length > 0 &&
    !limits.readable.some(({ first, last }) =>
      holds({ address: first, count: last - first + 1 }, { address, count }),
    )
  )
    return false;
  for (const block of limits.whole)
    if (touches(request, block) && (block.first !== address || block.last !== address + count - 1))
      return false;
  if (limits.wholeValues)
    for (const edge of [address, address + count])
      for (const value of [...values, ...wanted])
        if (value.address < edge && edge < value.address + value.count) return false;
  return !refused.some((one) => holds(request, one));
}

/** The shortest request that the device takes and that holds the values; null where there is none. All are tried. */
export function shortestRequest(values: readonly WantedRegisters[], scene: Scene): Request | null {
  const first = Math.min(...values.map(({ address }) => address));
  const end = Math.max(...values.map(({ address, count }) => address + count));
  let shortest: Request | null = null;
  for (let address = first; address >= Math.max(0, first - 24); address--)
    for (let to = end; to <= end + 24; to++)
      if (
        (shortest === null || to - address < shortest.count) &&
        isAccepted({ address, count: to - address }, scene)
      )
        shortest = { address, count: to - address };
  return shortest;
}

/** As above, and without a hole longer than `maxGap` that the values before it do not force upon the request. */
export function requestOf(values: readonly WantedRegisters[], scene: Scene): Request | null {
  const end = Math.max(...values.map(({ address, count }) => address + count));
  const first = Math.min(...values.map(({ address }) => address));
  let hole = 0;
  for (let register = first; register < end; register++) {
    if (!scene.wanted.some(({ address, count }) => address <= register && register < address + count)) {
      hole++;
      continue;
    }
    if (hole > scene.limits.maxGap) {
      const before = shortestRequest(
        values.filter(({ address }) => address < register - hole),
        scene,
      );
      if (before === null || before.address + before.count < register) return null;
    }
    hole = 0;
  }
  return shortestRequest(values, scene);
}

/** What the greedy way costs: each value joins the request before it whenever that stays legal, or where that is cheaper. */
export function greedyCost(scene: Scene, isThrifty: boolean): number {
  const { requestMs, registerMs } = scene.cost;
  let totalMs = 0;
  let run: WantedRegisters[] = [];
  let runMs = 0;
  for (const value of scene.wanted.toSorted((a, b) => a.address - b.address || a.count - b.count)) {
    const joined = run.length === 0 ? null : requestOf([...run, value], scene);
    const alone = requestOf([value], scene);
    const aloneMs = requestMs + (alone?.count ?? Infinity) * registerMs;
    const joinedMs = requestMs + (joined?.count ?? Infinity) * registerMs;
    if (joined !== null && (!isThrifty || joinedMs <= runMs + aloneMs)) {
      run.push(value);
      runMs = joinedMs;
    } else {
      totalMs += runMs;
      run = [value];
      runMs = aloneMs;
    }
  }
  return totalMs + runMs;
}

/** The least that any way to share the values among requests costs: every partition is tried. At most 8 values. */
export function leastCost(scene: Scene): number {
  const { requestMs, registerMs } = scene.cost;
  const { wanted } = scene;
  const groupMs = Array.from({ length: 1 << wanted.length }, (_, mask) => {
    if (mask === 0) return 0;
    const request = requestOf(
      wanted.filter((_value, i) => (mask >> i) & 1),
      scene,
    );
    return request === null ? Infinity : requestMs + request.count * registerMs;
  });
  const least = [0];
  for (let mask = 1; mask < 1 << wanted.length; mask++) {
    let best = Infinity;
    for (let group = mask; group > 0; group = (group - 1) & mask)
      best = Math.min(best, (groupMs[group] ?? Infinity) + (least[mask ^ group] ?? Infinity));
    least.push(best);
  }
  return least.at(-1) ?? 0;
}

/** One value after another: most next to each other, some behind a hole, and some over the one before. */
const layout = (valuesMax: number, isTidy: boolean) =>
  fc
    .array(
      fc.record({
        gap: fc.constantFrom(0, 0, 0, 1, 2, 2, 5, 9, ...(isTidy ? [] : [-1, -2])),
        count: fc.constantFrom(1, 2, 2, 4),
        isWanted: fc.constantFrom(true, true, true, false),
      }),
      { minLength: 2, maxLength: valuesMax + 3 },
    )
    .map((steps) => {
      let end = 0;
      return steps.map(({ gap, count, isWanted }) => {
        const address = Math.max(0, end + gap);
        end = address + count;
        return { functionCode: 3 as const, address, count, isWanted };
      });
    });

const ranges = (most: number, longest: number) =>
  fc
    .array(fc.record({ first: fc.nat(50), length: fc.nat(longest) }), { maxLength: most })
    .map((list) => list.map(({ first, length }) => ({ first, last: first + length })));

const rarely = <Item>(arbitrary: fc.Arbitrary<Item[]>): fc.Arbitrary<Item[]> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant<Item[]>([]) }, { weight: 1, arbitrary });

const limits: fc.Arbitrary<ReadLimits> = fc.record({
  maxRegisters: fc.oneof(fc.integer({ min: 4, max: 16 }), fc.constant(125)),
  even: fc.boolean(),
  wholeValues: fc.boolean(),
  maxGap: fc.oneof(fc.nat(6), fc.constant(124)),
  forbidden: rarely(ranges(2, 1)),
  readable: rarely(ranges(3, 40).map((list) => [...list, { first: 0, last: 20 }])),
  whole: ranges(2, 12),
});

const costs = fc.record({
  requestMs: fc.constantFrom(0.1, 2, 5, 12, 25, 60),
  registerMs: fc.constantFrom(0.01, 1, 2.29),
});

const refusals = rarely(
  fc.array(
    fc.record({
      functionCode: fc.constant(3 as const),
      address: fc.nat(50),
      count: fc.integer({ min: 1, max: 8 }),
    }),
    { maxLength: 2 },
  ),
);

/** Scenes of up to `valuesMax` wanted values, each readable alone. They may overlap unless `isTidy`. */
export function scenes(valuesMax: number, isTidy = false): fc.Arbitrary<Scene> {
  return fc
    .record({
      limits,
      values: layout(valuesMax, isTidy),
      refused: isTidy ? fc.constant<WantedRegisters[]>([]) : refusals,
      cost: costs,
      isAligned: fc.boolean(),
    })
    .map(({ values, isAligned, ...rest }) => {
      // Devices with even requests have their values at even addresses, as a rule.
      const scale = isAligned && rest.limits.even ? 2 : 1;
      const all = values.map(({ isWanted, ...one }) => ({
        one: { ...one, address: one.address * scale, count: one.count * scale },
        isWanted,
      }));
      const scene = { ...rest, values: all.map(({ one }) => one), wanted: all.map(({ one }) => one) };
      // Wanted values are values of the device, so taking some away here makes nothing unreadable.
      const wanted = all.flatMap(({ one, isWanted }) =>
        isWanted && requestOf([one], scene) !== null ? [one] : [],
      );
      return { ...scene, wanted: wanted.slice(0, valuesMax) };
    });
}

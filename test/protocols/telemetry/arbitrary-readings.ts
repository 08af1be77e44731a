import * as fc from 'fast-check';
import { shortestFloat32, type Reading } from '../../../protocols/telemetry/decimal.ts';
import type { EventGroup, LinkGroup, MachinePart, SampledGroup } from '../../../protocols/telemetry/part.ts';
import { QUALITIES } from '../../../protocols/telemetry/quantity.ts';

/** The float that 32 bits write; may be not-a-number or infinite. */
export function floatOfBits(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits >>> 0);
  return view.getFloat32(0);
}

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true }).map(shortestFloat32);
const scaled = fc.tuple(fc.integer(), fc.integer({ min: 0, max: 9 })).map(([n, places]) => n / 10 ** places);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });
const double = fc.double({ noNaN: true, noDefaultInfinity: true });

/** Columns as devices give them, one number format a column, and columns of everything at once. */
export function arbitraryColumn(rows: number): fc.Arbitrary<(Reading | null)[]> {
  const kinds: fc.Arbitrary<Reading>[] = [
    float32,
    scaled,
    int64,
    double,
    fc.integer(),
    fc.oneof(float32, scaled, int64, double, fc.constant(-0)),
  ];
  return fc
    .constantFrom(...kinds)
    .chain((kind) => fc.array(fc.option(kind, { freq: 8 }), { minLength: rows, maxLength: rows }));
}

/** The same decimal in its one spelling: no negative zero, a bigint only beyond 2^53. */
export function spelled(reading: Reading | null): Reading | null {
  if (typeof reading !== 'bigint') return reading === null ? null : reading + 0;
  return Number.isSafeInteger(Number(reading)) ? Number(reading) : reading;
}

const times = (rows: number, stepMin: number) =>
  fc
    .tuple(
      fc.integer({ min: 0, max: 2 ** 45 }),
      fc.array(fc.integer({ min: stepMin, max: 100_000 }), { minLength: rows, maxLength: rows }),
    )
    .map(([start, steps]) => {
      let time = start;
      return steps.map((step, row) => (time += row === 0 ? 0 : step));
    });

const POINTS = ['activePower', 'voltage.l1', 'activeEnergyImport', 'current.l3'];

function arbitrarySampled(machine: string): fc.Arbitrary<SampledGroup> {
  return fc.integer({ min: 0, max: 12 }).chain((rows) =>
    fc
      .record({
        timesMs: times(rows, 1),
        columns: fc.array(arbitraryColumn(rows), { maxLength: POINTS.length }),
        everyMs: fc.integer({ min: 1, max: 3_600_000 }),
        flaw: fc.option(fc.tuple(fc.nat(11), fc.integer({ min: 1, max: 12 }), fc.constantFrom(...QUALITIES))),
      })
      .map(({ timesMs, columns, everyMs, flaw }) => {
        const ids = columns.map((_, index) => `${machine}.supply.${POINTS[index]}`);
        const group: SampledGroup = {
          source: 'meter-1',
          everyMs,
          timesMs,
          columns: new Map(columns.map((column, index) => [ids[index] ?? '', column])),
          quality: new Map(),
        };
        const [first] = ids;
        if (flaw !== null && first !== undefined && flaw[0] + flaw[1] <= rows)
          group.quality.set(first, [flaw]);
        return group;
      }),
  );
}

function arbitraryEvents(machine: string): fc.Arbitrary<EventGroup> {
  const word = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.boolean(),
    fc.integer(),
    double.map((value) => value + 0),
    fc.constant(null),
  );
  return fc
    .integer({ min: 0, max: 6 })
    .chain((rows) =>
      fc
        .record({ timesMs: times(rows, 0), values: fc.array(word, { minLength: rows, maxLength: rows }) })
        .map((group) => ({ channel: `${machine}.control.execution`, source: 'control-1', ...group })),
    );
}

const arbitraryLinks: fc.Arbitrary<LinkGroup> = fc.integer({ min: 0, max: 6 }).chain((rows) =>
  fc
    .record({
      timesMs: times(rows, 0),
      up: fc.array(fc.boolean(), { minLength: rows, maxLength: rows }),
    })
    .map(({ timesMs, up }) => ({
      source: 'meter-1',
      timesMs,
      up,
      reasons: up.map((isUp) => (isUp ? '' : 'timeout')),
    })),
);

/** Whole parts of one machine. */
export const arbitraryPart: fc.Arbitrary<MachinePart> = fc
  .constantFrom('mill-1', 'lathe_2', 'M3')
  .chain((machine) =>
    fc.record({
      machine: fc.constant(machine),
      sampled: fc.array(arbitrarySampled(machine), { maxLength: 3 }),
      events: fc.array(arbitraryEvents(machine), { maxLength: 2 }),
      links: fc.array(arbitraryLinks, { maxLength: 2 }),
    }),
  );

/** What decoding must give for a part: the same, with every reading in its one spelling. */
export function spelledPart(part: MachinePart): MachinePart {
  return {
    ...part,
    sampled: part.sampled.map((group) => ({
      ...group,
      columns: new Map([...group.columns].map(([id, column]) => [id, column.map(spelled)])),
    })),
  };
}

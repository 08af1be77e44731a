import { rational, toNumber, multiply, type Rational } from '../../../protocols/telemetry/unit.ts';
import type { Amendment } from '../amendment.ts';

/** What becomes of the readings of one column, when every amendment that holds has been applied to it. */
export interface ColumnFate {
  component: string;
  /** True when import and export have changed places, and power its sign. */
  turned: boolean;
  /** Readings times this, in lowest terms. */
  factor: Rational;
  /** The meter that they are of; null for powers. */
  meter: string | null;
}

const ONE = rational(1n);

/**
 * The fate of the readings of a component at a time; null when they are left out. A counter tells of the time that it ends:
 * its scale is the one that held just before, so that an amendment that begins or ends with a reading leaves the time before
 * that reading as it was. Amendments compose in the order of entry:
 * each speaks of components and meters as the ones before it left them, so a later one can correct an earlier one. Factors
 * are multiplied as fractions before anything is scaled, so an amendment and its inverse leave no trace.
 */
export function fateOf(
  column: { component: string; meter: string | null },
  amendments: readonly Amendment[],
  atMs: number,
): ColumnFate | null {
  const fate: ColumnFate = { ...column, turned: false, factor: ONE };
  const scaledMs = column.meter === null ? atMs : atMs - 1;
  for (const amendment of amendments) {
    const holdsMs = amendment.kind === 'scale' ? scaledMs : atMs;
    if (amendment.component !== fate.component || !holdsAt(amendment, holdsMs)) continue;
    if (amendment.kind === 'exclude') return null;
    if (amendment.kind === 'scale')
      fate.factor = multiply(fate.factor, rational(BigInt(amendment.num), BigInt(amendment.den)));
    else if (amendment.kind === 'direction') fate.turned = !fate.turned;
    else if (amendment.kind === 'component') fate.component = amendment.becomes;
    else if (amendment.kind === 'same-meter' && fate.meter !== null)
      fate.meter = renameMeter(fate.meter, amendment.meter, amendment.is);
  }
  return fate;
}

/**
 * Where an amendment of a component's scale or direction begins or ends: by what a power that was read just then has to be
 * multiplied to be what it was just before. As it stands it speaks of the time after it.
 */
export function powerEdgesOf(
  component: string,
  amendments: readonly Amendment[],
): ReadonlyMap<number, number> {
  const edges = new Map<number, number>();
  if (amendments.length === 0) return edges;
  const own = amendments.filter((one) => one.component === component && isOfTransformers(one));
  for (const { fromMs, toMs } of own)
    for (const atMs of toMs === null ? [fromMs] : [fromMs, toMs]) {
      const [before, after] = [atMs - 1, atMs].map((ms) => fateOf({ component, meter: null }, own, ms));
      if (before && after) edges.set(atMs, powerFactorOf(before) / powerFactorOf(after));
    }
  return edges;
}

/** True for what changes the value of a reading, not whose it is. */
function isOfTransformers({ kind }: Amendment): boolean {
  return kind === 'scale' || kind === 'direction';
}

/** True while an amendment holds. */
export function holdsAt({ fromMs, toMs }: Pick<Amendment, 'fromMs' | 'toMs'>, atMs: number): boolean {
  return fromMs <= atMs && (toMs === null || atMs < toMs);
}

/** True where two columns of a record meet the same fate. */
export function isSameFate(a: ColumnFate | null, b: ColumnFate | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.component === b.component &&
    a.turned === b.turned &&
    a.meter === b.meter &&
    a.factor.num === b.factor.num &&
    a.factor.den === b.factor.den
  );
}

/** What a power is multiplied with; exactly 1 or -1 where no scale is amended. */
export function powerFactorOf({ turned, factor }: ColumnFate): number {
  return turned ? -toNumber(factor) : toNumber(factor);
}

/** A meter is named with its point or without: `serial 4711` stands for all points of it. */
function renameMeter(meter: string, from: string, to: string): string {
  if (meter === from) return to;
  return meter.startsWith(`${from} `) ? to + meter.slice(from.length) : meter;
}

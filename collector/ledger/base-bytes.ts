import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { BaseEnergy } from '../energy/calendar/base-hour.ts';
import type { HourBase } from '../energy/hour-base.ts';

/** Minutes in which nothing happened and states nobody was in are most of an hour: [length, index, value, index, value ...]. */
type Sparse = number[] | null;

type StoredBase = Omit<HourBase, 'timeMs' | 'measuredMs' | 'components' | 'exportMwh'> & {
  timeMs: Sparse;
  measuredMs: Sparse;
  components: Record<string, { counter: Sparse; integrated: Sparse; bridged: Sparse }>;
  exportMwh: Sparse;
};

/** The base of an hour as it is kept: JSON in a zstd frame, about a kilobyte. */
export function encodeBase(base: HourBase): Uint8Array {
  const stored: StoredBase = {
    ...base,
    timeMs: pack(base.timeMs),
    measuredMs: pack(base.measuredMs),
    components: mapComponents(base.components, ({ counter, integrated, bridged }) => ({
      counter: pack(counter),
      integrated: pack(integrated),
      bridged: pack(bridged),
    })),
    exportMwh: pack(base.exportMwh),
  };
  return zstdCompressSync(JSON.stringify(stored));
}

/** The base that `encodeBase` wrote. */
export function decodeBase(bytes: Uint8Array): HourBase {
  const stored = JSON.parse(zstdDecompressSync(bytes).toString()) as StoredBase;
  return {
    ...stored,
    timeMs: unpack(stored.timeMs) ?? [],
    measuredMs: unpack(stored.measuredMs) ?? [],
    components: mapComponents(stored.components, ({ counter, integrated, bridged }): BaseEnergy => ({
      counter: unpack(counter),
      integrated: unpack(integrated),
      bridged: unpack(bridged),
    })),
    exportMwh: unpack(stored.exportMwh),
  };
}

function mapComponents<A, B>(components: Readonly<Record<string, A>>, map: (one: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(components).map(([name, one]) => [name, map(one)]));
}

function pack(cells: ArrayLike<number> | null): Sparse {
  if (cells === null) return null;
  const packed = [cells.length];
  for (let index = 0; index < cells.length; index++) {
    const value = cells[index] ?? 0;
    if (value !== 0) packed.push(index, value);
  }
  return packed;
}

function unpack(packed: Sparse): number[] | null {
  if (packed === null) return null;
  const cells = Array.from({ length: packed[0] ?? 0 }, () => 0);
  for (let at = 1; at < packed.length; at += 2) cells[packed[at] ?? 0] = packed[at + 1] ?? 0;
  return cells;
}

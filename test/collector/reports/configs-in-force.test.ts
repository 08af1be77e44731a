import { describe, expect, it } from 'vitest';
import { orderConfigs, snapshotsInForce } from '../../../collector/reports/configs-in-force.ts';
import type { ConfigSnapshot } from '../../../protocols/telemetry/snapshot.ts';

/** Hours with the snapshots they rest on, which an hour names in the order of their hashes. */
const hours = (...configs: string[]) =>
  configs.map((names) => ({ basis: { configs: Array.from(names).sort() } }));
const views = {
  snapshot: (hash: string): ConfigSnapshot | undefined =>
    hash === '?'
      ? undefined
      : {
          v: 1,
          site: 'plant',
          // Those of the second gateway are written small.
          agent: hash === hash.toLowerCase() ? 'gateway-2' : 'gateway-1',
          software: { name: 'millwatt', version: hash },
          sources: [],
          channels: [],
        },
};
const inForce = (...configs: string[]) => snapshotsInForce(views, hours(...configs));

describe('the wiring in force', () => {
  it('is the newer one in the hour of a change, whichever hash comes first', () => {
    expect(inForce('A', 'AB').configs).toEqual(['B']);
    expect(inForce('B', 'AB').configs).toEqual(['A']);
    expect(inForce('B', 'BA', 'A').snapshots.map(({ software }) => software.version)).toEqual(['A']);
  });

  it('is the earlier one again for who goes back to it', () => {
    expect(orderConfigs(hours('A', 'AB', 'B', 'BA', 'A'))).toEqual(['B', 'A']);
    expect(inForce('A', 'AB', 'B', 'AB').configs).toEqual(['A']);
  });

  it('is that of each gateway, and nothing of what the newest hour does not rest on', () => {
    expect(inForce('Az', 'ABz').configs.toSorted()).toEqual(['B', 'z']);
    expect(inForce('Az', 'B').configs).toEqual(['B']);
    expect(inForce('A?').configs).toEqual(['A']);
    expect(inForce().configs).toEqual([]);
  });
});

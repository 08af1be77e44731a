import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  DURATION,
  ENERGY,
  ITEMS,
  MASS,
} from '../../../../../collector/footprint/exports/openlca/reference-data.ts';
import { sharedFile } from '../../../../support/shared-files.ts';

const UNITS = sharedFile('schemas/olca-schema/units.csv');

describe.skipIf(!existsSync(UNITS))('openLCA’s list of units', () => {
  // unit name, unit uuid, unit group name, unit group uuid, flow property name, flow property uuid
  const rows = existsSync(UNITS) ? readFileSync(UNITS, 'utf8').split(/\r?\n/) : [];

  it.each([ENERGY, DURATION, ITEMS, MASS])('has ours: $property.name', ({ property, group, units }) => {
    for (const unit of Object.values(units))
      expect(rows).toContain(
        [unit.name, unit['@id'], group.name, group['@id'], property.name, property['@id']].join(','),
      );
  });
});

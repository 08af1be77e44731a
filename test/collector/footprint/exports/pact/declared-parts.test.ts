import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkAas } from '../../../../../collector/footprint/exports/aas/check-aas.ts';
import { writeAas } from '../../../../../collector/footprint/exports/aas/write-aas.ts';
import { checkCatenaX } from '../../../../../collector/footprint/exports/catena-x/check-catena-x.ts';
import { writeCatenaX } from '../../../../../collector/footprint/exports/catena-x/write-catena-x.ts';
import { checkPact } from '../../../../../collector/footprint/exports/pact/check-pact.ts';
import type { ProductFootprint } from '../../../../../collector/footprint/exports/pact/product-footprint.ts';
import { writePact } from '../../../../../collector/footprint/exports/pact/write-pact.ts';
import { textOf, wholeDecimal } from '../../../../../collector/footprint/figures/decimal.ts';
import type { UpstreamPart } from '../../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../../protocols/evidence/uuid5.ts';
import { d, samplePart } from '../../sample-record.ts';
import { catenaXSchemaFaults, hasCatenaXSchema } from '../catena-x/catena-x-schema.ts';
import { aasCoreFaults } from '../aas/aas-core.ts';
import { hasPactSchema, pactSchemaFaults } from './pact-schema.ts';

/** The electricity of the sample part, mg. */
const ELECTRICITY_MG = 1_209_798;
const inKg = (mg: number) => textOf(wholeDecimal(mg, 6));

const part = fc.record({
  stage: fc.constantFrom<UpstreamPart['stage']>(
    'material',
    'transport',
    'purchased-part',
    'process',
    'packaging',
    'waste',
  ),
  emittedMg: fc.integer({ min: 0, max: 10_000_000_000 }),
  takenUpMg: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 10_000_000_000 })),
  name: fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => name.trim() !== ''),
  primaryPercent: fc.constantFrom(d('0'), d('50'), d('100')),
});

it('has one total in every format, to the mg, whatever parts are declared', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
      const upstream = parts.map(({ stage, name, emittedMg, takenUpMg, primaryPercent }): UpstreamPart => ({
        stage,
        name,
        kgCo2ePerUnit: inKg(emittedMg - takenUpMg),
        biogenicUptakeKgCo2ePerUnit: inKg(-takenUpMg),
        source: 'declared',
        primaryPercent,
        precedingId: null,
      }));
      const record = { ...samplePart(), upstream };
      const emitted = ELECTRICITY_MG + parts.reduce((sum, { emittedMg }) => sum + emittedMg, 0);
      const takenUp = parts.reduce((sum, { takenUpMg }) => sum + takenUpMg, 0);

      const pact = writePact(record, { uuidOf });
      expect(checkPact(pact)).toEqual([]);
      const footprint = JSON.parse(String(pact[0]?.content)) as ProductFootprint;
      expect(footprint.pcf).toMatchObject({
        pcfExcludingBiogenicUptake: inKg(emitted),
        pcfIncludingBiogenicUptake: inKg(emitted - takenUp),
        biogenicCO2Uptake: inKg(-takenUp),
        packagingEmissionsIncluded: parts.some(({ stage }) => stage === 'packaging'),
      });
      expect(footprint.comment.startsWith('Partial footprint:')).toBe(parts.length === 0);
      if (hasPactSchema) expect(pactSchemaFaults('ProductFootprint', footprint)).toEqual([]);

      const catenaX = writeCatenaX(record, { uuidOf });
      expect(checkCatenaX(catenaX)).toEqual([]);
      const text = String(catenaX[0]?.content);
      expect(text).toContain(`"pcfExcludingBiogenicUptake": ${inKg(emitted)},`);
      expect(text).toContain(`"pcfIncludingBiogenicUptake": ${inKg(emitted - takenUp)},`);
      if (hasCatenaXSchema) expect(catenaXSchemaFaults(JSON.parse(text))).toEqual([]);

      const aas = writeAas(record, { uuidOf });
      expect(checkAas(aas)).toEqual([]);
      expect(String(aas[0]?.content)).toContain(`"value": "${inKg(emitted)}"`);
      expect(aasCoreFaults(JSON.parse(String(aas[0]?.content)))).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

import type { PactCaller } from '../../../../../../collector/footprint/exports/pact/api/pact-caller.ts';
import type { ProductFootprint } from '../../../../../../collector/footprint/exports/pact/product-footprint.ts';
import { pactFootprint } from '../../../../../../collector/footprint/exports/pact/write-pact.ts';
import type { FootprintRecord } from '../../../../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../../../../protocols/evidence/uuid5.ts';
import { d, samplePart, sampleUsePhase } from '../../../sample-record.ts';

/** A caller that may see everything. */
export const PARTNER: PactCaller = { isSecure: true, token: 'valid', isGranted: () => true };

function inGermany(): FootprintRecord {
  const record = sampleUsePhase();
  return {
    ...record,
    id: uuidOf('a machine-hour in Germany'),
    issued: '2026-07-04T08:00:00.000Z',
    subject: {
      ...record.subject,
      productIds: ['urn:pact:example.com:machine-hour:mill-9', 'urn:gtin:4712345060507'],
      classifications: ['urn:pact:productclassification:un-cpc:8876'],
    },
    issuer: {
      ...record.issuer,
      company: { ...record.issuer.company, ids: ['urn:lei:391200FLTUXLHQVW6Y55'] },
      region: { country: 'DE', subdivision: null },
    },
  };
}

/**
 * What a small provider has, oldest first: the first issue of a part, which is deprecated by the second; a machine-hour in
 * Viet Nam; one in Germany, valid for a year only.
 */
export function sampleFootprints(): ProductFootprint[] {
  return [
    {
      ...pactFootprint({ ...samplePart(), issued: '2026-07-02T08:00:00.000Z' }, { uuidOf }),
      status: 'Deprecated',
    },
    pactFootprint(sampleUsePhase(), { uuidOf }),
    pactFootprint(inGermany(), { uuidOf, validUntil: '2027-06-30T17:00:00.000Z' }),
    pactFootprint({ ...samplePart(), version: d('2'), issued: '2026-07-05T08:00:00.000Z' }, { uuidOf }),
  ];
}

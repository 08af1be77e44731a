import { spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zipOf } from '../../../collector/exports/zip-file.ts';
import { writeBrightway } from '../../../collector/footprint/exports/brightway/write-brightway.ts';
import { writeOpenlca } from '../../../collector/footprint/exports/openlca/write-openlca.ts';
import { logNormalOf } from '../../../collector/footprint/figures/log-normal.ts';
import type { FootprintRecord } from '../../../collector/footprint/record/footprint-record.ts';
import { uuidOf } from '../../../protocols/evidence/uuid5.ts';
import { d, samplePart, sampleUsePhase } from '../../collector/footprint/sample-record.ts';
import { requireTool } from '../../support/tools.ts';

/** What the tools of others made of a record's exports, per functional unit. */
interface Read {
  olcaSchema: Figures & {
    spread: [geomMean: number, geomSd: number][];
    dqEntry: string[];
    version: string;
    isPartialTold: boolean;
    counts: Record<string, number>;
  };
  jsonLd: Figures & { unlinked: number; location: string; spread: (number | null)[] };
  csv: Figures & { unlinked: number; spread: [number, number, number][] };
}
interface Figures {
  kwh: number;
  kg: number;
}

/** Brightway's matrices hold single-precision amounts. */
const SINGLE = 1e-6;
const python = requireTool('lca');
const folder = mkdtempSync(join(tmpdir(), 'millwatt-interop-lca-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A part on a pallet of wood, of which nobody told the transport. */
const partialPart = (): FootprintRecord => {
  const part = samplePart();
  const [steel] = part.upstream;
  if (steel === undefined) throw new Error('no declared part');
  const figures = { kgCo2ePerUnit: d('-0.3'), biogenicUptakeKgCo2ePerUnit: d('-0.5') };
  return {
    ...part,
    version: d('2'),
    completeness: { isPartial: true, because: ['No transport was declared'] },
    upstream: [steel, { ...steel, ...figures, stage: 'packaging', name: 'pallet' }],
  };
};
const records = [sampleUsePhase(), partialPart()];
let read: Record<string, Read> = {};

describe.skipIf(python === undefined)('olca-schema and Brightway', () => {
  beforeAll(async () => {
    for (const record of records) {
      const own = join(folder, record.id);
      mkdirSync(own);
      await pipeline(zipOf(writeOpenlca(record, { uuidOf })), createWriteStream(join(own, 'package.zip')));
      for (const { path, content } of writeBrightway(record, { uuidOf }))
        writeFileSync(join(own, path), content);
    }
    const script = join(import.meta.dirname, 'read-exports.py');
    const ids = records.map(({ id }) => id);
    const run = spawnSync(python ?? '', [script, folder, ...ids], { encoding: 'utf8' });
    if (run.status !== 0) throw new Error(`read-exports.py ended with ${String(run.status)}: ${run.stderr}`);
    read = JSON.parse(readFileSync(join(folder, 'read.json'), 'utf8')) as typeof read;
  }, 180_000);

  it.each(records.map((record) => [record.functionalUnit.description, record] as const))(
    'read the kWh and the kg of CO2e that the record says, of %s',
    (_, record) => {
      const found = read[record.id];
      if (found === undefined) throw new Error('not read');
      const kwh = Number(record.activity.perUnitKwh);
      const declared = record.upstream.reduce((sum, part) => sum + Number(part.kgCo2ePerUnit), 0);
      const kg = Number(record.emissions[0]?.perUnitKgCo2e) + declared;
      expect(found.olcaSchema.kwh).toBe(kwh);
      expect(found.csv.kwh).toBe(kwh);
      expect(found.jsonLd.kwh / kwh).toBeCloseTo(1, 14);
      for (const figures of [found.olcaSchema, found.jsonLd, found.csv])
        expect(Math.abs(figures.kg / kg - 1)).toBeLessThan(SINGLE);
      expect([found.jsonLd.unlinked, found.csv.unlinked]).toEqual([0, 0]);
    },
  );

  it('read version, place, uncertainty, and that a footprint is partial', () => {
    const [hour, part] = records.map(({ id }) => read[id]);
    const spread = logNormalOf(d('2.626'), 0.0115);
    expect(part?.olcaSchema).toMatchObject({
      version: '02.00.000',
      isPartialTold: true,
      spread: [[spread?.geomMean, spread?.geomSd]],
      dqEntry: ['(1;1;1;1;1)'],
      counts: { Process: 4, Flow: 6, Location: 2, DQSystem: 1 },
    });
    expect(hour?.olcaSchema).toMatchObject({ version: '01.00.000', isPartialTold: true });
    expect(part?.jsonLd.location).toBe('VN');
    expect(part?.csv.spread).toEqual([[2, spread?.mu, spread?.sigma]]);
    // bw2io leaves the uncertainty of JSON-LD unread, which docs/lca-practitioner.md says.
    expect(part?.jsonLd.spread).toEqual([null]);
  });
});

import { describeError } from '../../protocols/errors.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import type { MachineModel } from '../energy/machine-model.ts';
import type { FootprintRecord } from '../footprint/record/footprint-record.ts';
import { checkRecord } from '../footprint/record/check-record.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import { amendmentsInForce } from '../journal/amendments-in-force.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { algorithmNamed, knownAlgorithms } from './algorithms.ts';
import { checkFootprintFacts } from './check-footprint-facts.ts';
import { checkFootprintHours } from './check-footprint-hours.ts';
import { checkFactors, checkShipped, readAmendments, readHours, readModel } from './check-inputs.ts';
import type { CheckLines } from './check-line.ts';
import type { CheckedRecords } from './check-records.ts';
import { isObject, type Manifest } from './manifest.ts';
import type { PackageFiles } from './package-files.ts';
import { areCertificates, metersOf, type PackedCertificate, type PackedMeter } from './packed-meters.ts';
import { provenanceOf } from './provenance.ts';
import type { Recomputable } from './recompute-hours.ts';

/** What figures are computed anew with. */
export interface FigureOptions {
  /** Ends the computation: what was not computed is a fault. */
  signal?: AbortSignal;
  /** Told now and then how far it has come, 0..1, and with what. */
  show?: (what: string, share: number) => void;
}

/** Checks what follows from other files of the package: meters and provenance. */
export async function checkDerived(
  files: PackageFiles,
  manifest: Manifest,
  { ledger, chains }: CheckedRecords,
  lines: CheckLines,
): Promise<{ meters: readonly PackedMeter[]; certificates: readonly PackedCertificate[] }> {
  let certificates: readonly PackedCertificate[] = [];
  let meters: readonly PackedMeter[] = [];
  await lines.run(
    'meters',
    'meters.json',
    'The meters are those that the agents sealed in their config snapshots.',
    () => {
      const value = files.json('meters.json');
      const told = isObject(value) ? value : {};
      meters = metersOf(ledger.snapshotTexts(), manifest.machine);
      if (canonicalText(told['meters'] ?? null) !== canonicalText(meters))
        lines.fail('meters', 'meters.json', 'It names other meters than the config snapshots.');
      if (areCertificates(told['certificates'])) certificates = told['certificates'];
      else lines.fail('meters', 'meters.json', 'It has no list of certificates.');
    },
  );
  await lines.run('provenance', 'prov.jsonld', 'It says what the manifest and the chains say.', () => {
    if (canonicalText(files.json('prov.jsonld')) !== canonicalText(provenanceOf(manifest, chains)))
      lines.fail('provenance', 'prov.jsonld', 'It says something else than the manifest and the chains.');
  });
  return { meters, certificates };
}

/** What of figures was read, as far as it could be. */
export interface CheckedFigures {
  hours: MachineHour[];
  amendments: JournalEntry[];
  footprints: FootprintRecord[];
}

/** Checks what the hours rest on, and computes them anew. */
export async function checkFigures(
  files: PackageFiles,
  manifest: Manifest,
  { ledger }: CheckedRecords,
  lines: CheckLines,
  options: FigureOptions,
): Promise<CheckedFigures> {
  const model = await lines.run('model', 'model.json', 'It is a model of the machine.', () =>
    readModel(files, manifest, lines),
  );
  const entries = await lines.run(
    'amendments',
    'amendments.jsonl',
    'Every amendment is signed by the collector.',
    () => readAmendments(files, manifest, lines),
  );
  const hours = await lines.run('hours', 'hours.jsonl', 'Every hour is of this machine and time.', () =>
    readHours(files, manifest, lines),
  );
  const footprints = await checkFootprints(
    files,
    manifest,
    { hours: hours ?? new Map(), tree: model?.tree },
    lines,
  );
  if (model !== undefined && entries !== undefined && hours !== undefined) {
    const amendments = amendmentsInForce(entries);
    await checkHours({ manifest, ledger, model, amendments, hours }, lines, options);
  } else lines.unproven('recomputation', PLACE, NOT_COMPUTED);
  return { hours: [...(hours?.values() ?? [])], amendments: entries ?? [], footprints };
}

const PLACE = 'hours.jsonl';
const NOT_COMPUTED = 'The hours were not computed anew: what they rest on failed.';

/** Computes the hours anew by the algorithm that made them, where this version has it. */
async function checkHours(
  input: Recomputable,
  lines: CheckLines,
  { signal, show }: FigureOptions,
): Promise<void> {
  const { manifest, hours } = input;
  const { algorithm, software } = manifest;
  const others = [...hours.values()].find(
    ({ basis }) => (isObject(basis) ? basis.algorithm : undefined) !== algorithm,
  );
  if (others !== undefined)
    lines.fail(
      'hours',
      `hour ${new Date(others.hourMs).toISOString()}`,
      `It was not computed by ${algorithm}, as manifest.json says of all hours.`,
    );
  if (lines.hasFailed()) return lines.unproven('recomputation', PLACE, NOT_COMPUTED);
  const recompute = algorithmNamed(algorithm);
  if (recompute === undefined)
    return lines.beyond(
      'recomputation',
      PLACE,
      `The hours were computed by ${algorithm}, which this version does not have (it has ${knownAlgorithms()}): they were not computed anew. Verify with ${software.name} ${software.version}, which made the package.`,
    );
  try {
    const found = await recompute(input, {
      ...(signal === undefined ? {} : { signal }),
      show: (share) => show?.('computing all hours anew', share),
    });
    for (const { hourMs, field, stored, computed } of found.firstDifferences)
      lines.fail(
        'recomputation',
        `hour ${new Date(hourMs).toISOString()}`,
        `${field} is ${JSON.stringify(stored)} in the package, and comes to ${JSON.stringify(computed)}.`,
      );
    if (found.hoursThatDiffer === 0)
      lines.pass(
        'recomputation',
        PLACE,
        `All ${found.hours} hours were computed anew from the records and are the same to the last mWh.`,
      );
    const open = [...hours.values()].filter(({ status }) => status !== 'final').length;
    if (open > 0)
      lines.unproven(
        'recomputation',
        PLACE,
        `${open === 1 ? '1 hour was' : `${open} hours were`} not final when the package was made.`,
      );
  } catch (error) {
    lines.fail('recomputation', PLACE, `The hours cannot be computed anew: ${describeError(error)}.`);
  }
}

/** Factors, and footprints: in themselves, and that they rest on these factors and hours. */
async function checkFootprints(
  files: PackageFiles,
  manifest: Manifest,
  { hours, tree }: { hours: ReadonlyMap<number, MachineHour>; tree: MachineModel['tree'] | undefined },
  lines: CheckLines,
): Promise<FootprintRecord[]> {
  const all: FootprintRecord[] = [];
  let hashes = new Map<string, string>();
  await lines.run(
    'factors',
    'factors.json',
    'Every factor has the hash of its row, and is that of the table that comes with millwatt where it names one.',
    () => {
      hashes = checkFactors(files.json('factors.json'), 'factors.json', lines);
      checkShipped(hashes, 'factors.json', lines);
    },
  );
  const saying = 'Its figures follow from its energies and factors, to the last digit.';
  for (const { path } of files.list.filter((file) => file.path.startsWith('records/')))
    await lines.run('footprints', path, saying, () => {
      const record = files.json(path);
      const faults = checkRecord(record);
      for (const fault of faults.slice(0, 5)) lines.fail('footprints', path, `${fault}.`);
      if (faults.length > 0) return;
      const sound = record as FootprintRecord;
      all.push(sound);
      for (const [id, sha256] of checkFactors(sound.evidence.factors, path, lines))
        if (hashes.get(id) !== sha256)
          lines.fail('factors', path, `${id} is another row in factors.json, or none.`);
      if (all.some((other) => other !== sound && other.id === sound.id))
        lines.fail('footprints', path, `It has the id ${sound.id} of another record of the package.`);
      checkFootprintFacts(sound, manifest, path, lines);
      checkFootprintHours(sound, manifest, { hours, tree }, path, lines);
    });
  return all;
}

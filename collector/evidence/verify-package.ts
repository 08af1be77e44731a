import { fingerprint } from '../../protocols/evidence/keys.ts';
import { describeError } from '../../protocols/errors.ts';
import type { PackageBytes } from './canonical-zip.ts';
import { checkDerived, checkFigures, type CheckedFigures, type FigureOptions } from './check-figures.ts';
import { CheckLines, type CheckLine } from './check-line.ts';
import type { ShownDay } from './check-day-times.ts';
import { checkRecords, type CheckedRecords } from './check-records.ts';
import { checkRoots } from './check-roots.ts';
import { checkStamps } from './check-stamps.ts';
import { checkTrust, requireTrusted } from './check-trust.ts';
import { isManifest, type Manifest, type PackedChain } from './manifest.ts';
import { peekManifest } from './other-format.ts';
import { PackageFiles } from './package-files.ts';
import type { PackedCertificate, PackedMeter } from './packed-meters.ts';
import { statementFault } from './statement.ts';

/** What a package is verified with. */
export interface VerifyPackageOptions extends FigureOptions {
  /** Fingerprints or public keys of collectors and agents that the verifier knows from elsewhere; none: keys are not asked about. */
  trusted: readonly string[];
  /** Certificates of time-stamping authorities that the verifier trusts, PEM; none: no stamp proves anything. */
  timeStampTrust?: string;
}

/** What a package holds, for a report: each file was checked. */
export interface PackageContents extends CheckedFigures {
  manifest: Manifest;
  chains: readonly PackedChain[];
  meters: readonly PackedMeter[];
  certificates: readonly PackedCertificate[];
}

/**
 * What a verification comes to: `consistent` where nothing failed, but no key is known to be whose it says; `not-judged` where
 * nothing failed, and another version of millwatt has to judge the rest.
 */
export interface PackageVerdict {
  result: 'verified' | 'consistent' | 'not-judged' | 'failed';
  lines: CheckLine[];
  /** Undefined where anything failed, or the format is another. */
  contents: PackageContents | undefined;
}

/**
 * Verifies an evidence package with nothing but its bytes and the keys that the verifier trusts. Never throws or rejects on what a
 * package holds: each fault is a line that names the place. It does not judge whether the meter was right.
 */
export async function verifyPackage(
  from: PackageBytes,
  options: VerifyPackageOptions,
): Promise<PackageVerdict> {
  const lines = new CheckLines();
  let found: Verified | undefined;
  try {
    found = await verifyInto(lines, from, options);
  } catch (error) {
    lines.fail('package', '', `It cannot be verified further: ${describeError(error)}.`);
  }
  const sound = found?.isTrusted === true ? 'verified' : 'consistent';
  const result = lines.hasFailed() ? 'failed' : lines.isBeyond() ? 'not-judged' : sound;
  return { result, lines: lines.lines, contents: result === 'failed' ? undefined : found?.contents };
}

interface Verified {
  /** The collector's key is one that the verifier trusts. */
  isTrusted: boolean;
  contents: PackageContents;
}

/** @returns undefined where it is not read to its end */
async function verifyInto(
  lines: CheckLines,
  from: PackageBytes,
  options: VerifyPackageOptions,
): Promise<Verified | undefined> {
  const peeked = peekManifest(from);
  if (peeked?.otherVersion !== undefined) {
    const saying = `The package is of version ${peeked.otherVersion} of the format, and this version of millwatt reads version 1: nothing was checked. Verify with the version that made it.`;
    lines.beyond('container', 'manifest.json', saying);
    return undefined;
  }
  const files = await lines.run(
    'container',
    'package',
    'It is a package in the one form that millwatt writes.',
    () => takeSteps(PackageFiles.open(from, peeked), 'reading the package', options),
  );
  if (files === undefined) return undefined;
  const manifest = await lines.run(
    'manifest',
    'manifest.json',
    'Every file has the length and the SHA-256 that the manifest names.',
    () => readManifest(files, lines),
  );
  if (manifest === undefined) return undefined;
  await lines.run(
    'statement',
    'statement.dsse.json',
    `The collector's key ${fingerprint(manifest.collector)} signed the manifest.`,
    () => {
      const text = Buffer.from(files.bytes('statement.dsse.json')).toString('utf8');
      const fault = statementFault(text, files.bytes('manifest.json'), manifest);
      if (fault !== undefined) lines.fail('statement', 'statement.dsse.json', fault);
    },
  );
  if (options.trusted.length > 0) requireTrusted(manifest, options.trusted, lines);
  // What follows costs time, and says nothing where the files are not those that were signed, or a stranger signed them.
  if (lines.hasFailed()) return undefined;
  const checked = await readRecords(files, manifest, lines, options);
  if (checked === undefined) return undefined;
  const isTrusted = checkTrust(manifest, checked, options.trusted, lines);
  const days = await readDays(files, manifest, checked, lines, options);
  if (options.signal?.aborted === true) return undefined;
  if (days !== undefined) await checkStamps(files, manifest, days, options.timeStampTrust, lines);
  const metering = await checkDerived(files, manifest, checked, lines);
  const figures = await checkFigures(files, manifest, checked, lines, options);
  lines.unproven(
    'meters',
    'meters.json',
    'That the meters were right is not proven: calibration and a comparison with a main meter do that.',
  );
  lines.unproven(
    'amendments',
    'amendments.jsonl',
    'That no amendment was left out is the word of the collector: other entries of its journal are not in the package.',
  );
  lines.unproven(
    'model',
    'model.json',
    'What the machine is (rated power, bands, metering tree) was declared to the collector and signed by it; nothing measured proves it.',
  );
  return { isTrusted, contents: { manifest, chains: checked.chains, ...metering, ...figures } };
}

/** Takes all steps, with a turn for others after each. Rejects when the signal says so. */
async function takeSteps<T>(
  steps: Generator<number, T>,
  what: string,
  { signal, show }: VerifyPackageOptions,
): Promise<T> {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    show?.(what, step.value);
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}

function readManifest(files: PackageFiles, lines: CheckLines): Manifest | undefined {
  const fail = (place: string, saying: string) => lines.fail('manifest', place, saying);
  const manifest = files.json('manifest.json');
  if (!isManifest(manifest)) {
    fail('manifest.json', 'It is no manifest of version 1.');
    return undefined;
  }
  const listed = files.list.filter(({ path }) => !['manifest.json', 'statement.dsse.json'].includes(path));
  for (const [index, file] of listed.entries()) {
    const named = manifest.files[index];
    if (named?.path !== file.path)
      fail(file.path, `It stands where the manifest names ${named?.path ?? 'nothing'}.`);
    else if (named.sha256 !== file.sha256 || named.bytes !== file.bytes)
      fail(file.path, 'It is not the file that the manifest names: length or SHA-256 differ.');
  }
  for (const { path } of manifest.files.slice(listed.length))
    fail(path, 'The manifest names it, and it is not here.');
  return manifest;
}

/** The signed days; undefined where they cannot be read. */
async function readDays(
  files: PackageFiles,
  manifest: Manifest,
  checked: CheckedRecords,
  lines: CheckLines,
  options: VerifyPackageOptions,
): Promise<ShownDay[] | undefined> {
  try {
    return await takeSteps(checkRoots(files, manifest, checked, lines), 'checking the signed days', options);
  } catch (error) {
    lines.fail('day-roots', 'roots.json', `It cannot be read: ${describeError(error)}.`);
    return undefined;
  }
}

async function readRecords(
  files: PackageFiles,
  manifest: Manifest,
  lines: CheckLines,
  options: VerifyPackageOptions,
): Promise<CheckedRecords | undefined> {
  const checked = await lines.run('records', 'raw/', 'Every file of records can be read.', () =>
    takeSteps(checkRecords(files, manifest, lines), 'checking every record', options),
  );
  if (checked === undefined) return undefined;
  const { records, chains } = checked;
  const all = `${records} records in ${chains.length === 1 ? '1 chain' : `${chains.length} chains`}`;
  const say = (check: string, saying: string) => {
    if (!lines.hasFailed(check)) lines.pass(check, 'raw/', saying);
  };
  say('signatures', `${all}: each is signed by the key of its agent.`);
  say('parts', 'Every part that is here has the hash that its agent signed.');
  say('chain', 'Every record follows the one before it.');
  say(
    'completeness',
    "Each chain is whole from its first record to the last: what is not here is gone by its agent's signed word.",
  );
  say('configs', 'Every config snapshot that readings rest on is here and has its hash.');
  say('one-machine', `No readings of another machine than ${manifest.machine} are here.`);
  return checked;
}

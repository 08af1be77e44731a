import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { verifyPackage, type PackageVerdict } from '../../collector/evidence/verify-package.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { requireFree, writeWhole } from '../export/write-file.ts';
import { describeFailure } from '../failure.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { wrapLines } from '../text-wrap.ts';
import { VERSION } from '../version.ts';
import { totalsOf, type HoursTotals } from './hours-totals.ts';
import { openPackage, type PackageFile } from './package-file.ts';
import { createStageProgress, type ShowStage } from './stage-progress.ts';
import { readAuthorities, readTrusted } from './trusted-keys.ts';
import { verdictJson } from './verdict-json.ts';
import { verdictLines } from './verdict-lines.ts';
import { EXIT_CODES, type Verification } from './verification.ts';

/** No package is larger. */
const PACKAGE_BYTES_MAX = 4 * 1024 ** 3;
const CHUNK_BYTES = 1024 * 1024;
const CHUNKS_A_TURN = 16;
/** The command line is wrong, or a file that it names cannot be read or written. */
const USAGE = 2;

/** The options of `millwatt verify` as they are written. */
export interface VerifyOptions {
  trust?: string[];
  tsaCa?: string;
  report?: string;
  force?: true;
  json?: true;
}

/**
 * `millwatt verify PACKAGE`: whether an evidence package is what it says, with nothing but the file and the keys that the verifier
 * trusts. Sets the exit code (`EXIT_CODES`, 2 for what cannot be read).
 */
export async function runVerify(path: string, options: VerifyOptions): Promise<void> {
  try {
    const verification = await verifyFile(path, options);
    if (options.json) process.stdout.write(`${JSON.stringify(verdictJson(verification), null, 2)}\n`);
    else {
      const width = widthOf();
      const lines = verdictLines(verification, width).flatMap((line) => wrapLines(line, width));
      process.stdout.write(`${lines.join('\n')}\n`);
    }
    process.exitCode = EXIT_CODES[verification.verdict.result];
    if (options.report !== undefined && options.json !== true)
      process.stdout.write(`The report is in ${options.report}.\n`);
  } catch (error) {
    // 1 would say that the package failed, and nobody has looked at it.
    const { text, report } = describeFailure(error, widthOf(process.stderr));
    process.stderr.write(text);
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
    process.exitCode = USAGE;
  }
}

async function verifyFile(path: string, options: VerifyOptions): Promise<Verification> {
  const trusted = readTrusted(options.trust ?? []);
  const stamps = options.tsaCa === undefined ? {} : { timeStampTrust: await readAuthorities(options.tsaCa) };
  const reportPath = options.report === undefined ? undefined : resolve(options.report);
  if (reportPath !== undefined) {
    if (reportPath === resolve(path))
      throw new MillwattError('refuse', 'usage', `--report ${options.report} is the package itself.`, {
        cure: 'Name another file.',
      });
    requireFree(reportPath, options.force === true, '--report');
  }
  const signal = listenForStop();
  const progress = createStageProgress(options.json === true);
  const file = openPackage(path);
  try {
    const { show } = progress;
    const verdict = await verifyPackage(file, {
      ...stamps,
      trusted: trusted.map(({ text }) => text),
      signal,
      show,
    });
    requireRunning(signal);
    const sha256 = await digestOf(file, signal, show);
    if (file.hasChanged())
      throw new MillwattError('refuse', 'no-package', `${path} was changed while it was read.`, {
        cure: 'Verify a copy that nobody writes to.',
      });
    const verification: Verification = {
      file: path,
      bytes: file.size,
      sha256,
      atMs: Date.now(),
      software: `millwatt ${VERSION}`,
      trusted,
      authorities: options.tsaCa ?? null,
      verdict,
      totals: recomputedTotals(verdict),
    };
    if (reportPath !== undefined) {
      const { reportHtml } = await import('./report-html.ts');
      await writeWhole(reportPath, reportHtml(verification), { signal });
    }
    return verification;
  } finally {
    file.close();
    progress.end();
  }
}

/** Hours that were not computed anew are somebody's word. */
function recomputedTotals({ result, contents }: PackageVerdict): HoursTotals | undefined {
  return result === 'verified' || result === 'consistent' ? totalsOf(contents?.hours ?? []) : undefined;
}

async function digestOf(file: PackageFile, signal: AbortSignal, show: ShowStage): Promise<string | null> {
  if (file.size > PACKAGE_BYTES_MAX) return null;
  const hash = createHash('sha256');
  for (let at = 0, count = 1; at < file.size; at += CHUNK_BYTES, count++) {
    hash.update(file.read(at, Math.min(CHUNK_BYTES, file.size - at)));
    if (count % CHUNKS_A_TURN !== 0) continue;
    show('hashing the package', at / file.size);
    await setImmediate();
    requireRunning(signal);
  }
  return hash.digest('hex');
}

function requireRunning(signal: AbortSignal): void {
  if (signal.aborted) throw new MillwattError('refuse', 'stopped', 'Stopped; nothing was decided.');
}

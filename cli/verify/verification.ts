import type { PackageVerdict } from '../../collector/evidence/verify-package.ts';
import type { HoursTotals } from './hours-totals.ts';
import type { TrustedKey } from './trusted-keys.ts';

/** A verification that was done, for people and for scripts. */
export interface Verification {
  /** Path of the package as it was given. */
  file: string;
  bytes: number;
  /** Of the file, hex; null for one that is larger than any package. */
  sha256: string | null;
  /** When, wall ms. */
  atMs: number;
  /** With what: `millwatt 0.1.0`. */
  software: string;
  trusted: readonly TrustedKey[];
  /** The file of time-stamping authorities that were trusted; null where none were. */
  authorities: string | null;
  verdict: PackageVerdict;
  /** Of the hours that were computed anew and are the same; undefined where they are not. */
  totals: HoursTotals | undefined;
}

/** What `millwatt verify` ends with; 2 is a command line that is wrong, or a file that cannot be read. */
export const EXIT_CODES = { verified: 0, failed: 1, consistent: 3, 'not-judged': 4 } as const;

/** The result in a word or two, for a heading. */
export const RESULT_WORDS: Readonly<Record<PackageVerdict['result'], string>> = {
  verified: 'VERIFIED',
  consistent: 'CONSISTENT, KEYS UNTRUSTED',
  'not-judged': 'NOT JUDGED',
  failed: 'FAILED',
};

/** What a result means, as sentences. */
export function resultSentence({ result, lines }: Pick<PackageVerdict, 'result' | 'lines'>): string {
  const faults = lines.filter((line) => line.result === 'fail');
  if (faults.length === 1 && faults[0]?.check === 'trust' && faults[0].place === 'manifest.json')
    return 'It is signed by a collector that is none of those you trust, and nothing of it was looked at further. Compare the fingerprint digit by digit, and ask the operator again, by another way than the package.';
  if (result !== 'verified') return RESULT_SENTENCES[result];
  const left = lines.filter((line) => line.result === 'not-proven' && COULD_BE.has(line.check));
  const open = left.length;
  if (open === 0) return RESULT_SENTENCES.verified;
  const places = [...new Set(left.map(({ check }) => check))];
  return `${RESULT_SENTENCES.verified} ${open === 1 ? 'One point' : `${open} points`} that a package can prove ${open === 1 ? 'stays' : 'stay'} open: see "not proven" at ${places.join(', ')}.`;
}

/** Checks of which a plant can prove what this package may leave open. */
const COULD_BE: ReadonlySet<string> = new Set(['trust', 'completeness', 'day-roots', 'time']);

const RESULT_SENTENCES: Readonly<Record<PackageVerdict['result'], string>> = {
  verified:
    "Nothing was changed since it was signed, every hour follows from what was measured, and the collector's key is one that you trust.",
  consistent:
    'Nothing contradicts anything, and every hour follows from what was measured; but nobody said whose keys these are. Whoever signs all of it anew with keys of his own gets the same result. Ask the operator for the fingerprint of the collector by another way than the package, and verify again with --trust.',
  'not-judged':
    'Nothing that was looked at contradicts anything, and this version of millwatt cannot judge the rest. Verify with the version that is named below.',
  failed:
    'Something is not as it was signed, or does not follow from what was measured: see each line that failed. Do not rely on any figure of this package.',
};

import type { CheckLines } from './check-line.ts';
import { tellStampTimes, type ShownDay } from './check-day-times.ts';
import { signedDayText, type DayEntry, type DayOwner } from './days/day-entry.ts';
import { STAMPS_FOLDER as PLACE, stampPath } from './days/packed-days.ts';
import type { PackageFiles } from './package-files.ts';
import type { VerifiedStamp } from './stamps/time-stamp.ts';

const CHECK = 'time';
const STAMPS_A_TURN = 20;

interface Found extends VerifiedStamp {
  entry: DayEntry;
}

/**
 * Checks the stamps of the days: a stamp vouches for its day, and for every day before it. A stamp that is none fails; one of an
 * authority that is not trusted proves nothing.
 *
 * @param trustedPem certificates of authorities that the verifier trusts, PEM; none: nobody said whom to trust
 */
export async function checkStamps(
  files: PackageFiles,
  owner: DayOwner,
  shown: readonly ShownDay[],
  trustedPem: string | undefined,
  lines: CheckLines,
): Promise<void> {
  const paths = files.list.flatMap(({ path }) => (path.startsWith(PLACE) ? [path] : []));
  if (paths.length === 0) {
    lines.unproven(
      CHECK,
      PLACE,
      'No time-stamping authority vouches for the days: when records were taken in is the word of the collector.',
    );
    return;
  }
  // Only where there are stamps: it brings a parser of ASN.1.
  const { verifyStamp } = await import('./stamps/time-stamp.ts');
  const { readCertificates } = await import('./stamps/certificate-path.ts');
  const trusted = trustedPem === undefined ? [] : readCertificates(trustedPem, 'What was given to trust');
  const found: Found[] = [];
  for (const [count, path] of paths.entries()) {
    const entry = shown[Number(path.slice(PLACE.length, -'.tsr'.length)) - 1]?.entry;
    if (entry === undefined) lines.fail(CHECK, path, 'It is of a day that is not here.');
    else
      try {
        const stamp = verifyStamp(files.bytes(path), { text: signedDayText(owner, entry), trusted });
        found.push({ ...stamp, entry });
      } catch (error) {
        lines.fail(CHECK, path, error instanceof Error ? error.message : String(error));
      }
    if (count % STAMPS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  if (lines.hasFailed(CHECK)) return;
  tell(found, shown.length, trustedPem !== undefined, lines);
  const proven = found.filter(({ doubt }) => doubt === undefined);
  tellStampTimes(shown, proven, ({ number }) => stampPath(number), lines);
}

function tell(found: readonly Found[], days: number, isAsked: boolean, lines: CheckLines): void {
  const proven = found.filter(({ doubt }) => doubt === undefined);
  for (const [authority, own] of Map.groupBy(proven, (stamp) => stamp.authority)) {
    const [first, last] = [own[0], own.at(-1)];
    if (first === undefined || last === undefined) continue;
    const more =
      own.length === 1
        ? ''
        : ` The first of its ${own.length} stamps is of ${sayDay(first.entry)}, ${iso(first.atMs)}.`;
    lines.pass(
      CHECK,
      stampPath(last.entry.number),
      `${upper(sayDay(last.entry))}, and with it every day before, existed at ${iso(last.atMs)}, says ${authority}.${more}`,
    );
  }
  const doubtful = found.filter(({ doubt }) => doubt !== undefined);
  for (const [authority, own] of Map.groupBy(doubtful, (stamp) => stamp.authority)) {
    const [last] = own.slice(-1);
    if (last === undefined) continue;
    lines.unproven(
      CHECK,
      stampPath(last.entry.number),
      `${upper(sayDay(last.entry))} has a stamp of ${iso(last.atMs)} whose certificate says ${authority}. ${isAsked ? `It ${last.doubt}.` : 'Nobody said which authorities to trust.'}`,
    );
  }
  const reach = proven.at(-1)?.entry.number ?? 0;
  const after = days - reach;
  if (proven.length > 0 && after > 0)
    lines.unproven(
      CHECK,
      PLACE,
      `${after === 1 ? 'The last signed day has' : `The last ${after} signed days have`} no stamp that is trusted yet.`,
    );
}

function sayDay({ number, day }: DayEntry): string {
  return `day ${number} (${day})`;
}

function upper(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

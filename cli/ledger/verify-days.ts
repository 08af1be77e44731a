import { join } from 'node:path';
import { verifyDays, type DaysVerdict } from '../../collector/evidence/days/check-days.ts';
import { readDays } from '../../collector/evidence/days/day-store.ts';
import { readLedger } from '../../collector/ledger/read-ledger.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { silentLog } from '../../protocols/log.ts';
import { createReadProgress } from '../calibrate/read-progress.ts';
import { takeTurns } from './take-turns.ts';

/** The last signed day as it was noted. */
export interface DaysHead {
  entries: number;
  hash: string;
}

/**
 * Checks the signed days of a ledger against each other and its records, with a bar; a file of them that is damaged is a fault.
 * Rejects when the signal says so.
 */
export async function verifyDaysShown(
  { dataFolder, site, publicKey }: { dataFolder: string; site: string; publicKey: string },
  since: DaysHead | undefined,
  isQuiet: boolean,
  signal: AbortSignal,
): Promise<DaysVerdict> {
  const none = { days: 0, hash: '', records: 0, replaced: [], faults: [] };
  const faultOf = (says: string) => ({ ...none, faults: [{ number: 0, day: '', says }] });
  const progress = createReadProgress('checking the signed days', isQuiet);
  const ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog });
  let days: ReturnType<typeof readDays>;
  try {
    days = readDays(dataFolder);
    if (days === undefined)
      return since === undefined || since.entries === 0
        ? none
        : faultOf(`${since.entries} days were noted before, and days.db is not there.`);
    if (days.collector !== publicKey || days.site !== site)
      return faultOf(
        `days.db is signed by ${fingerprint(days.collector)} for site ${days.site}, not by this collector for ${site}.`,
      );
    return await takeTurns(verifyDays(days, ledger, since), (share) => progress.show(share), signal, 1);
  } catch (error) {
    if (signal.aborted || !(error instanceof MillwattError && error.remedy === 'refuse')) throw error;
    return faultOf(error.message);
  } finally {
    progress.end();
    days?.close();
    ledger.close();
  }
}

/** What was found of the days, for people. */
export function daysLines({ days, hash, records, replaced, faults }: DaysVerdict): string[] {
  const lines = days === 0 ? [] : [`Head of the days: day ${days}, ${hash}`];
  if (faults.length > 0) return [...lines, ...faults.map(({ says }) => says)];
  if (days === 0) return ['No day of the ledger is signed yet.'];
  return [
    ...lines,
    `All ${days} signed days follow each other, and the ${records} records in them are those of the ledger.`,
    ...(replaced.length === 0
      ? []
      : [
          `${replaced.length} of them were signed before the ledger was set back, and later ones replace them: ${replaced.slice(0, 20).join(', ')}${replaced.length > 20 ? ' ...' : ''}.`,
        ]),
  ];
}

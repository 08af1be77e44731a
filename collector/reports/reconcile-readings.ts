import { energyOfReadings, type MainReading, type ReadEnergy } from '../diagnostics/main-readings.ts';
import { displayedMwh } from '../journal/displayed-energy.ts';
import type { JournalReader } from '../journal/journal.ts';

/** What a journal entry of kind `reading` says: what a person read from a main meter or a bill. */
export interface ReadingEvidence {
  v: 1;
  /** Wall ms of the reading, and by how much that may be wrong, ms. */
  readAtMs: number;
  withinMs: number;
  /** As it was written down: `123456.7` and its unit. */
  shown: string;
  unit: 'Wh' | 'kWh' | 'MWh';
  /** Largest error of the meter by its class, %; null where nobody said. */
  errorPercent: number | null;
  note: string;
}

/** Readings of a main meter in the order in which they were entered; of one moment, the later entry holds. */
export function keptReadings(journal: Pick<JournalReader, 'entries'>, mainMeter: string): MainReading[] {
  const byTime = new Map<number, MainReading>();
  for (const { body } of journal.entries('reading', mainMeter)) {
    const evidence = body as unknown as ReadingEvidence;
    const shownMwh = evidence.v === 1 ? displayedMwh(evidence.shown, evidence.unit) : undefined;
    if (shownMwh === undefined) continue;
    const { readAtMs, withinMs, shown, unit, errorPercent } = evidence;
    const decimals = shown.split('.')[1]?.length ?? 0;
    const stepMwh = Math.round((displayedMwh('1', unit) ?? 0) / 10 ** decimals);
    byTime.set(readAtMs, { atMs: readAtMs, withinMs, shownMwh, stepMwh, errorPercent });
  }
  return [...byTime.values()];
}

/** The energy of a main meter by its readings nearest to both ends. */
export function readMain(
  journal: Pick<JournalReader, 'entries'>,
  mainMeter: string,
  fromMs: number,
  toMs: number,
): ReadEnergy | undefined {
  return energyOfReadings(mainMeter, keptReadings(journal, mainMeter), fromMs, toMs);
}

import type { DerivationStats } from './derivation/deriver.ts';
import type { DailyRootsStats } from './evidence/days/daily-roots.ts';
import type { ProjectorStats } from './influx/projector.ts';
import type { RetentionStats } from './retention/retention.ts';

type FiguresOf<Stats> = {
  [Name in keyof Stats & string]: Stats[Name] extends number ? Name : never;
}[keyof Stats & string];
type Figure =
  | `derivation ${FiguresOf<DerivationStats>}`
  | `evidence ${FiguresOf<DailyRootsStats>}`
  | `influx ${FiguresOf<ProjectorStats>}`
  | `retention ${FiguresOf<RetentionStats>}`;

// So typed that a new figure asks for its words.
const WORDS: Record<Figure, string> = {
  'derivation ordinal': 'Number of the last ledger record that is in the machine-hours.',
  'derivation records': 'Ledger records taken into machine-hours since the start.',
  'derivation malformedParts': 'Parts of records that could not be read since the start.',
  'derivation undatedRecords': 'Records whose wall time is not known, left out of machine-hours.',
  'derivation waitingRecords': 'Records that wait for the wiring (config record) they rest on.',
  'derivation conflicts': 'Readings of one channel and one time with different values.',
  'derivation rewinds': 'How often late readings made a machine be computed again from an earlier hour.',
  'derivation provisionalHours': 'Machine-hours that may still change.',
  'derivation failures': 'Passes over the ledger that failed and were tried again.',
  'retention monthsPruned': 'Months of the ledger of which old readings were let go.',
  'retention fullSinceSeconds':
    'Begin of the oldest month that is kept at full resolution, seconds since the Unix epoch; 0 for none.',
  'retention frozenToSeconds':
    'Hours that begin before this stay as they are (their readings were let go), seconds since the Unix epoch; 0 for none.',
  'retention failures': 'Times that old readings could not be let go, since the start.',
  'evidence days': 'Days of the ledger that are signed.',
  'evidence rootedToSeconds':
    'End of the last day of the ledger that is signed, seconds since the Unix epoch; 0 for none.',
  'evidence openRecords': 'Records of the ledger behind its last signed day.',
  'evidence failures': 'Times that no root of a day could be signed, since the start.',
  'evidence stampedDay':
    'Number of the last signed day that a time-stamping authority stamped; 0 for none, or where none is configured.',
  'evidence stampFailures': 'Times that no stamp was got for a day, since the start.',
  'influx failingSeconds': 'For how long nothing could be written to InfluxDB; 0 while all is well.',
  'influx cursor': 'Number of the last ledger record that is in InfluxDB.',
  'influx lagRecords': 'Ledger records that are not in InfluxDB yet.',
  'influx lagSeconds':
    'Age of the oldest record that is not in InfluxDB, as far as it was tried to write it; 0 when all are.',
  'influx waitingRecords':
    'Records not in InfluxDB because the wiring (config record) they rest on is not here yet, or the clock of their boot was never set.',
  'influx undatedRecords': 'Records whose wall time is not known, left out of InfluxDB.',
  'influx samples': 'Readings made into points since the start, also such as were written again.',
  'influx hours': 'Machine-hours written since the start; each revision counts.',
  'influx lines': 'Points that InfluxDB took since the start.',
  'influx requests': 'Write requests to InfluxDB since the start, also failed ones.',
  'influx quarantinedLines':
    'Points that InfluxDB refused for good, kept in the quarantine (`millwatt project --quarantine`).',
  'influx quarantinedRecords': 'Records and machine-hours that could not be made into points.',
  'influx expired': 'Points older than InfluxDB keeps, which it dropped.',
  'influx badReadings': 'Readings left out because their quality is bad or no float can hold them.',
  'influx unknownReadings': 'Readings left out because no wiring names their channel.',
};

/** What the figures of the derivation and of the projection to InfluxDB mean, by the part's name and theirs. */
export const FIGURE_WORDS: Readonly<Record<string, string>> = WORDS;

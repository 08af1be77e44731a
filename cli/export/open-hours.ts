import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { formatTime } from '../format.ts';

const HOUR_MS = 3_600_000;

/** What is to be done about hours that are not final yet. */
export interface OpenHours {
  /** How many. */
  count: number;
  /** The end of the last final hour in front of them, wall ms; null where the first one is open. */
  finalToMs: number | null;
  /** For people: what to wait for, and which --to is final already. */
  saying: string;
}

/** Of the hours of a package, in their order; undefined where all are final. */
export function openHoursOf(hours: readonly Pick<MachineHour, 'hourMs' | 'status'>[]): OpenHours | undefined {
  const open = hours.filter(({ status }) => status !== 'final');
  const [firstOpen] = open;
  const last = hours.at(-1);
  if (firstOpen === undefined || last === undefined) return undefined;
  const before = hours[hours.indexOf(firstOpen) - 1];
  const finalToMs = before === undefined ? null : before.hourMs + HOUR_MS;
  const lastOpenMs = (open.at(-1) ?? firstOpen).hourMs;
  const sevenDays = formatTime(lastOpenMs + 7 * 24 * HOUR_MS + HOUR_MS).replace(/:\d\d (?=[+-])/, ' ');
  const finalTo =
    finalToMs === null
      ? ''
      : ` Or end it where all is final: --to ${new Date(finalToMs).toISOString().replace(':00.000Z', 'Z')}.`;
  return {
    count: open.length,
    finalToMs,
    saying: `${open.length === 1 ? 'An hour is' : `${open.length} hours are`} not final yet, and may still change: export again when the agents have delivered everything up to then and the counter was read again, mostly some minutes after the hour, at the latest at ${sevenDays}.${finalTo}`,
  };
}

import { readLocal } from '../../energy/calendar/local-time.ts';
import { parseDay } from '../../energy/calendar/civil-date.ts';
import type { SiteCalendar } from '../../energy/calendar/site-calendar.ts';
import type { EnergyPiece } from '../../footprint/emissions/energy-piece.ts';
import { emissionsOfRecord, type RecordEmissions } from '../../footprint/emissions/record-emissions.ts';
import type { Supply } from '../../footprint/emissions/supplies.ts';
import { DEFAULT_SET, OFFICIAL_SET, setOfTables } from '../../footprint/factors/factor-set.ts';
import type { DecimalText } from '../../footprint/figures/decimal.ts';
import { MillwattError } from '../../../protocols/errors.ts';
import type { FootprintPlan, ToldSupply } from './footprint-plan.ts';

const AVERAGES = ['generation', 'consumption'];

/** Emissions of some electricity by all that a site declares: each factor set, market-based, and what other choices would change. */
export function emissionsByPlan(
  plan: FootprintPlan,
  calendar: SiteCalendar,
  use: {
    pieces: readonly EnergyPiece[];
    count: DecimalText | null;
    energyExpandedPercent: DecimalText | null;
  },
): RecordEmissions {
  const { region } = plan.issuer;
  // A table of contracts alone has no averages, and makes no set.
  const own = plan.ownTables.filter((table) =>
    plan.rows.some((row) => row.table === table && AVERAGES.includes(row.basis)),
  );
  const { rows, hourly, lossPercent } = plan;
  return emissionsOfRecord(
    { ...use, rows, hourly, lossPercent, place: { ...region, elsewhere: plan.elsewhere } },
    {
      sets: [DEFAULT_SET, OFFICIAL_SET, ...own.map((table) => setOfTables(table, [table]))],
      residuals: [setOfTables('own', plan.ownTables), OFFICIAL_SET],
      supplies: plan.supplies.map((supply) => supplyOf(supply, plan, calendar)),
    },
  );
}

/** A supply with its row, its days as moments. */
function supplyOf(
  { name, factor, fromDay, toDay, part }: ToldSupply,
  { rows }: FootprintPlan,
  calendar: SiteCalendar,
): Supply {
  const row = rows.find(({ id }) => id === factor);
  if (row === undefined)
    throw new MillwattError('refuse', 'bad-supply', `${name} has the factor ${factor}, which no table has.`, {
      cure: 'Name a row of a table: `millwatt check` lists what is wrong.',
    });
  return { name, factor: row, part, from: midnight(fromDay, calendar), to: midnight(toDay, calendar) };
}

function midnight(day: string, { zone }: SiteCalendar): string {
  const number = parseDay(day);
  if (number === null)
    throw new MillwattError('refuse', 'bad-supply', `${day} is not a day.`, { cure: 'Write 2026-01-01.' });
  return new Date(readLocal(zone, number, 0).atMs).toISOString();
}

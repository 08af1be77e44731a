import { MillwattError } from '../../../protocols/errors.ts';
import { formatLocal } from '../../energy/calendar/local-time.ts';
import type { SiteCalendar } from '../../energy/calendar/site-calendar.ts';
import { UNCERTAINTY_MODEL } from '../../energy/uncertainty/uncertainty-statement.ts';
import type { EmissionFactor } from '../../footprint/factors/emission-factor.ts';
import { checkRecord } from '../../footprint/record/check-record.ts';
import type {
  FootprintRecord,
  FootprintView,
  RecordEvidence,
  RecordPeriod,
} from '../../footprint/record/footprint-record.ts';
import type { PeriodSource } from '../period-source.ts';
import type { FootprintPlan, RecordPorts } from './footprint-plan.ts';
import { figureText } from './footprint-texts.ts';
import type { MachineFacts } from './gather-machine.ts';
import { recordMeters } from './record-meters.ts';

/** What records are made from: what was measured, and what was declared. */
export interface RecordSource<S extends PeriodSource = PeriodSource> {
  source: S;
  plan: FootprintPlan;
  calendar: SiteCalendar;
  ports: RecordPorts;
}

/** The period with the name that people give it: a month's, or its first and last moments on the clocks of the site. */
export function recordPeriod(calendar: SiteCalendar, fromMs: number, toMs: number): RecordPeriod {
  const months = calendar.periodsIn('month', fromMs, toMs);
  const [month] = months;
  const isMonth = months.length === 1 && month?.fromMs === fromMs && month.toMs === toMs;
  const say = (atMs: number) =>
    formatLocal(calendar.zone, atMs).slice(0, 16).replace('T', ' ').replace(' 00:00', '');
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    zone: calendar.zone.name,
    name: isMonth ? month.key : `${say(fromMs)} to ${say(toMs)}`,
  };
}

/** Year on the clocks of the site. */
export const yearAt = ({ zone }: SiteCalendar, atMs: number): number =>
  Number(formatLocal(zone, atMs).slice(0, 4));

/** Id of a record: of site, subject, period and view, the same in every issue. */
export function recordId(
  { plan, ports }: Pick<RecordSource, 'plan' | 'ports'>,
  { kind, id, machines }: { kind: string; id: string; machines: readonly string[] },
  { from, to }: RecordPeriod,
  view: FootprintView,
): string {
  return ports.uuidOf(
    ['footprint', plan.issuer.site, kind, id, machines.join(' '), from, to, view].join('\n'),
  );
}

/** What the figures rest on. @param sha256 over the canonical texts of the hours, machine by machine */
export function recordEvidence(
  all: readonly MachineFacts[],
  { plan }: Pick<RecordSource, 'plan'>,
  factors: EmissionFactor[],
  sha256: string,
  further: { algorithms: readonly string[]; isProvisional: boolean },
): RecordEvidence {
  const each = <T extends string>(of: (facts: MachineFacts) => readonly T[]): T[] =>
    [...new Set(all.flatMap(of))].sort();
  const count = (of: (facts: MachineFacts) => number) =>
    figureText(
      all.reduce((sum, facts) => sum + of(facts), 0),
      0,
    );
  return {
    hours: {
      count: count(({ span }) => span.basis.hours.count),
      revisedCount: count(({ span }) => span.basis.hours.revised),
      sha256,
    },
    algorithms: [...each(({ span }) => span.basis.algorithms), ...further.algorithms],
    uncertaintyModel: UNCERTAINTY_MODEL,
    configs: each(({ span }) => span.basis.configs),
    amendments: each(({ span }) => span.basis.amendments),
    plan: plan.hash,
    factors,
    records: joinChains(all.flatMap(({ records }) => records)).map(({ agent, epoch, from, to }) => ({
      agent,
      epoch,
      from: figureText(from, 0),
      to: figureText(to, 0),
    })),
    status:
      further.isProvisional || all.some(({ span }) => span.status === 'provisional')
        ? 'provisional'
        : 'final',
  };
}

/** Machines of one agent rest on the same chain. */
function joinChains(records: MachineFacts['records']): MachineFacts['records'] {
  const chains = new Map<string, MachineFacts['records'][number]>();
  for (const range of records) {
    const name = `${range.agent} ${range.epoch}`;
    const known = chains.get(name);
    const from = Math.min(range.from, known?.from ?? Infinity);
    chains.set(name, { ...range, from, to: Math.max(range.to, known?.to ?? 0) });
  }
  return [...chains.values()].sort((a, b) => (`${a.agent} ${a.epoch}` < `${b.agent} ${b.epoch}` ? -1 : 1));
}

/** The meters of all machines, in their order. */
export const metersOf = ({ source }: Pick<RecordSource, 'source'>, all: readonly MachineFacts[]) =>
  all.flatMap((facts) => recordMeters(source, facts));

/** Refuses a period in which no energy of a machine is known (code `no-energy`). */
export function requireEnergy(all: readonly MachineFacts[], { from, to }: RecordPeriod): void {
  for (const { machine, span } of all)
    if (span.energy.supplyMwh === null)
      throw new MillwattError(
        'refuse',
        'no-energy',
        `No energy of ${machine} is known from ${from} to ${to}.`,
        {
          cure: `Give --from and --to a time in which its supply was metered: \`millwatt hours --machine ${machine}\` shows it.`,
        },
      );
}

/** The record, once its own check passes; what does not add up is a fault of ours and never written. */
export function soundRecord(record: FootprintRecord): FootprintRecord {
  const faults = checkRecord(record);
  if (faults.length === 0) return record;
  throw new Error(
    `the footprint record of ${record.subject.id} does not add up: ${faults.slice(0, 5).join('; ')}`,
  );
}

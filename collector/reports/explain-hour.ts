import type { HourBase } from '../energy/hour-base.ts';
import { HOUR_MS } from '../energy/hour-account.ts';
import { BRIDGE_METHODS, type BridgeMethod, type MachineHour } from '../energy/machine-hour.ts';
import { groupDigits, sayKwh } from '../energy/use-phase/say-kwh.ts';
import type { JournalReader } from '../journal/journal.ts';
import type { Views } from '../ledger/views.ts';
import { explainAmendments } from './explain-amendments.ts';
import { explainBasis } from './explain-basis.ts';
import { explainClosure } from './explain-closure.ts';
import { explainCounter } from './explain-counter.ts';
import { explainCurve } from './explain-curve.ts';
import { explainGaps } from './explain-gaps.ts';
import { explainMeters } from './explain-meters.ts';
import { explainStates, sumStates } from './explain-states.ts';
import { sayDifference, saySeconds, sayTimeShare, sayTotal } from './explain-sums.ts';
import { AmendedReadings } from './reading-fate.ts';
import { explainUncertainty } from './explain-uncertainty.ts';
import type { ExplainedHour, Figure } from './explained-hour.ts';
import type { ComponentUncertainty } from './uncertain-period.ts';

/** More changes of state than one hour is told in. */
const SPANS_MAX = 20_000;

/** Where an explanation is read from. */
export interface ExplainSources {
  views: Pick<Views, 'hour' | 'bases' | 'minutes' | 'snapshot' | 'states'>;
  /** What people told; null where it is not at hand. */
  journal: Pick<JournalReader, 'entries'> | null;
  /** The uncertainty of the supply in one hour, or a sentence why there is none. */
  assess: (hour: MachineHour) => ComponentUncertainty | string;
}

/**
 * Everything that one hour rests on. Undefined where there is no such hour.
 * @param hourMs start of the hour, ms since the Unix epoch (UTC)
 */
export function explainHour(
  { views, journal, assess }: ExplainSources,
  machine: string,
  hourMs: number,
): ExplainedHour | undefined {
  const hour = views.hour(machine, hourMs);
  if (hour === undefined) return undefined;
  const [base = emptyBase(machine, hourMs)] = views.bases(machine, hourMs, hourMs + HOUR_MS);
  const spans = views.states(machine, hourMs, hourMs + HOUR_MS, SPANS_MAX);
  const components = Object.keys(hour.energy.componentMwh).sort(
    (a, b) => Number(b === 'supply') - Number(a === 'supply') || (a < b ? -1 : 1),
  );
  const meters = explainMeters(views, machine, hour.basis.configs);
  const amended = {
    amendments: new AmendedReadings(journal, machine).of(hour.basis.amendments),
    known: [...new Set(meters.map(({ component }) => component))],
  };
  const counters = components.flatMap(
    (component) => explainCounter(views, hour, { component, meters, base, amended }) ?? [],
  );
  const before = counters.find(({ component }) => component === 'supply')?.before ?? null;
  const curve = explainCurve(views, base, before, amended);
  return {
    v: 1,
    machine,
    hourMs,
    hour,
    time: sayTime(hour),
    energy: sayEnergy(hour),
    states: explainStates(hour, spans),
    sums: sumStates(hour),
    meters,
    counters,
    closure: explainClosure(hour, base, curve, readEveryMs(views, hour)),
    components: sayComponents(hour, components),
    gaps: explainGaps(base, curve),
    decisions: base.decisions,
    amendments: explainAmendments(journal, machine, hour.basis.amendments),
    uncertainty: explainUncertainty(hour, assess(hour)),
    basis: explainBasis(hour),
    curve,
    spans,
  };
}

/** How far apart readings of the supply's power are; null where none were. */
function readEveryMs(
  views: Pick<Views, 'minutes'>,
  { machine, hourMs, measuredMs }: MachineHour,
): number | null {
  const minutes = views.minutes(`${machine}.supply.activePower`, hourMs, hourMs + HOUR_MS);
  const count = minutes.reduce((sum, minute) => sum + minute.count, 0);
  return count === 0 ? null : measuredMs / count;
}

function sayTime({ spanMs, measuredMs, coverage }: MachineHour): Figure[] {
  const time: Figure[] = [
    {
      label: 'watched',
      value: spanMs,
      unit: 'ms',
      saying:
        spanMs === HOUR_MS
          ? `${saySeconds([spanMs])}, all of the hour`
          : `${saySeconds([HOUR_MS])} - ${saySeconds([HOUR_MS - spanMs])} = ${saySeconds([spanMs])}`,
    },
  ];
  if (spanMs > 0)
    time.push({
      label: 'measured',
      value: coverage.time,
      unit: 'share',
      saying: sayTimeShare(measuredMs, spanMs),
    });
  return time;
}

function sayEnergy({ energy, obtained }: MachineHour): Figure[] {
  const { supplyMwh, exportMwh } = energy;
  if (supplyMwh === null)
    return [
      { label: 'energy', value: null, unit: 'mWh', saying: 'not known: no meter tells of the whole machine' },
    ];
  const { counterMwh, bridgedMwh, integratedMwh } = obtained;
  const part = (label: string, value: number, how: string): Figure[] =>
    value === 0 ? [] : [{ label, value, unit: 'mWh', saying: `${sayKwh(value)} ${how}` }];
  return [
    {
      label: 'energy',
      value: supplyMwh,
      unit: 'mWh',
      saying: sayTotal([counterMwh, bridgedMwh, integratedMwh]),
    },
    ...part('from the counter', counterMwh, 'between readings close enough to each other'),
    ...part('bridged', bridgedMwh, `over gaps, ${sayBridging(obtained.bridgedBy)}`),
    ...part('from power', integratedMwh, 'as power x time, because no counter tells it'),
    ...part('fed back', exportMwh, 'never netted with what was drawn'),
  ];
}

const BRIDGED: Record<BridgeMethod, string> = {
  stateMean: 'by what the machine has drawn so far in the state that its control told',
  linear: 'spread evenly',
  profile: 'as in the same hours of the week before',
};

function sayBridging(bridgedBy: Record<BridgeMethod, number>): string {
  const used = BRIDGE_METHODS.filter((method) => bridgedBy[method] !== 0);
  return used
    .map((method) => `${used.length > 1 ? `${sayKwh(bridgedBy[method])} ` : ''}${BRIDGED[method]}`)
    .join(', ');
}

function sayComponents({ energy, media }: MachineHour, components: readonly string[]): Figure[] {
  const { componentMwh, supplyMwh, residualMwh } = energy;
  const children = components.filter((name) => name !== 'supply');
  const figures = components.map((name): Figure => {
    const mwh = componentMwh[name] ?? 0;
    return { label: name, value: mwh, unit: 'mWh', saying: sayKwh(mwh) };
  });
  if (supplyMwh !== null && residualMwh !== null) {
    const partsMwh = children.map((name) => Number(componentMwh[name] ?? 0));
    const lessMwh = supplyMwh - residualMwh;
    // Parts of parts are in their own part, not beside it.
    const isSum = children.length > 1 && partsMwh.reduce((sum, mwh) => sum + mwh, 0) === lessMwh;
    figures.push({
      label: 'residual of supply',
      value: residualMwh,
      unit: 'mWh',
      saying: `${isSum ? `${sayTotal(partsMwh)}; ` : ''}${sayDifference(supplyMwh, lessMwh)}`,
    });
  }
  for (const [name, mwh] of Object.entries(energy.residuals))
    if (mwh !== null)
      figures.push({
        label: `residual of ${name}`,
        value: mwh,
        unit: 'mWh',
        saying: sayDifference(componentMwh[name] ?? 0, (componentMwh[name] ?? 0) - mwh),
      });
  for (const [name, litres] of Object.entries(media))
    figures.push({
      label: name,
      value: litres,
      unit: 'litre',
      saying: `${groupDigits(litres, 0)} l = ${groupDigits(litres / 1000, 3)} Nm3, apart from energy`,
    });
  return figures;
}

/** An hour of which only the record is kept: nothing of its minutes is known. */
function emptyBase(machine: string, hourMs: number): HourBase {
  return {
    machine,
    hourMs,
    timeMs: [],
    measuredMs: [],
    components: {},
    exportMwh: null,
    media: {},
    marks: [],
    decisions: [],
  };
}

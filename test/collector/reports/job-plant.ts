import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import type { Journal, JournalEntry } from '../../../collector/journal/journal.ts';
import type { StateSpan } from '../../../collector/energy/state-span.ts';
import { apportion } from '../../../collector/energy/apportion.ts';
import { byState } from '../../../collector/energy/by-state.ts';
import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../../../collector/energy/hour-account.ts';
import type { HourBase } from '../../../collector/energy/hour-base.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { plainCalendar } from '../../../collector/energy/calendar/calendar-model.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import type { StoredWord, Views } from '../../../collector/ledger/views.ts';
import { takeMarks } from '../../../collector/reports/job-book.ts';
import type { JobSource } from '../../../collector/reports/job-source.ts';
import { readToldMark } from '../../../collector/reports/job-told-mark.ts';
import type { MachinePlan, SitePlan } from '../../../collector/reports/site-plan.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { silentLog } from '../../../protocols/log.ts';
import { OPERATING_STATES, type OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import { makeTempFolder } from '../ledger/temp-folder.ts';
import { sampleHour } from '../influx/machine-hour-sample.ts';

const NOW_MS = Date.UTC(2026, 11, 1);

/** A stretch of a state and what the machine drew in it, mWh. */
export interface PlantSpan {
  fromMs: number;
  toMs: number;
  state: OperatingState;
  mwh: number;
}

/** Views and journal on real files, as a collector leaves them. */
export interface JobPlant extends JobSource {
  views: Views;
  journal: Journal;
  plan: SitePlan;
  /** Enters what an MES sends; throws where it is refused. */
  tell(machine: string, marks: readonly object[]): void;
  close(): void;
}

export function openJobPlant(
  plan: Partial<Omit<SitePlan, 'machines'>> & { machines: Partial<MachinePlan>[] },
): JobPlant {
  const folder = makeTempFolder();
  const views = openViews({ folder });
  const journal = openJournal({ folder, key: generateSigningKey(), log: silentLog });
  return {
    views,
    journal,
    plan: planOf(plan),
    tell: (machine, marks) => tellMarks(journal, machine, marks),
    close: () => {
      views.close();
      journal.close();
    },
  };
}

/** Writes hours, minutes and spans of a machine; the energy of a span is spread evenly over its minutes. */
export function keepSpans(
  views: Views,
  machine: string,
  spans: readonly PlantSpan[],
  words: StoredWord[] = [],
): void {
  const all = hoursOf(machine, spans);
  views.commit({
    reader: 'derive',
    ordinal: 1,
    hours: all.map(({ hour }) => hour),
    bases: all.map(({ base }) => base),
    spans: [{ machine, spans: spans.map(stateSpanOf) }],
    words,
  });
}

/** The same in memory, for what is tried thousands of times. */
export function memoryViews(machine: string, spans: readonly PlantSpan[]): JobSource['views'] {
  const all = hoursOf(machine, spans);
  const within = (hourMs: number, fromMs: number, toMs: number) => hourMs >= fromMs && hourMs < toMs;
  const [first, last] = [spans[0], spans[spans.length - 1]];
  return {
    hours: (_, fromMs, toMs) => all.flatMap(({ hour }) => (within(hour.hourMs, fromMs, toMs) ? [hour] : [])),
    bases: (_, fromMs, toMs) => all.flatMap(({ base }) => (within(base.hourMs, fromMs, toMs) ? [base] : [])),
    states: (_, fromMs, toMs) =>
      spans
        .filter((span) => span.fromMs < toMs && span.toMs > fromMs)
        .map((span) => ({
          ...stateSpanOf(span),
          fromMs: Math.max(fromMs, span.fromMs),
          toMs: Math.min(toMs, span.toMs),
        })),
    watched: () => (first && last ? { fromMs: first.fromMs, toMs: last.toMs } : undefined),
    minutes: () => [],
    snapshot: () => undefined,
    channels: () => [],
    words: () => [],
  };
}

/** A journal in memory. */
export function memoryJournal(): Pick<Journal, 'entries' | 'lastSeq' | 'appendAll'> {
  const entries: JournalEntry[] = [];
  return {
    entries: (kind, machine) =>
      entries.filter((entry) => entry.kind === kind && (machine === undefined || entry.machine === machine)),
    lastSeq: () => entries.length,
    appendAll: (added) => {
      const sealed = added.map((entry, index) => ({
        ...entry,
        seq: entries.length + index + 1,
        prev: '',
        hash: '',
        signature: '',
      }));
      entries.push(...sealed);
      return sealed;
    },
  };
}

/** Enters what an MES sends; throws where it is refused. */
export function tellMarks(
  journal: Pick<Journal, 'entries' | 'appendAll'>,
  machine: string,
  marks: readonly object[],
): void {
  const read = marks.map((mark) => readToldMark(mark, NOW_MS));
  const taken = takeMarks(
    journal,
    machine,
    read.map((one) => {
      if ('faults' in one) throw new Error(JSON.stringify(one.faults));
      return one.mark;
    }),
    { by: 'MES', atMs: NOW_MS },
  );
  if ('conflicts' in taken) throw new Error(JSON.stringify(taken.conflicts));
}

/** A plan with what is left out filled in. */
export function planOf(
  plan: Partial<Omit<SitePlan, 'machines'>> & { machines: Partial<MachinePlan>[] },
): SitePlan {
  return {
    site: 'plant',
    calendar: plainCalendar('UTC'),
    mainMeters: [],
    sharedLoads: [],
    hash: 'plan',
    ...plan,
    machines: plan.machines.map((machine) => ({
      machine: 'mill',
      ratedPowerW: null,
      tree: {},
      metering: {},
      media: {},
      jobs: { rule: 'time', window: 'day' },
      duty: null,
      ...machine,
    })),
  };
}

function stateSpanOf({ fromMs, toMs, state }: PlantSpan): StateSpan {
  return { fromMs, toMs, state, decider: 'control', basis: 'test' };
}

function hoursOf(machine: string, spans: readonly PlantSpan[]): { hour: MachineHour; base: HourBase }[] {
  const hours = new Map<number, { base: HourBase; counter: number[]; timeMs: number[] }>();
  for (const span of spans) {
    const edges = [span.fromMs];
    for (let at = (Math.floor(span.fromMs / MINUTE_MS) + 1) * MINUTE_MS; at < span.toMs; at += MINUTE_MS)
      edges.push(at);
    edges.push(span.toMs);
    const lengths = edges.slice(1).map((at, index) => at - (edges[index] ?? 0));
    for (const [index, mwh] of apportion(milliwattHours(span.mwh), lengths).entries()) {
      const atMs = edges[index] ?? 0;
      const hourMs = Math.floor(atMs / HOUR_MS) * HOUR_MS;
      const { counter, timeMs } = hours.get(hourMs) ?? openHour(hours, machine, hourMs);
      const cell =
        Math.floor((atMs - hourMs) / MINUTE_MS) * STATE_COUNT + OPERATING_STATES.indexOf(span.state);
      counter[cell] = (counter[cell] ?? 0) + mwh;
      timeMs[cell] = (timeMs[cell] ?? 0) + (lengths[index] ?? 0);
    }
  }
  return [...hours.values()].map(({ base, counter, timeMs }) => ({
    hour: recordOf(base, counter, timeMs),
    base,
  }));
}

function openHour(
  hours: Map<number, { base: HourBase; counter: number[]; timeMs: number[] }>,
  machine: string,
  hourMs: number,
) {
  const counter = Array.from({ length: 60 * STATE_COUNT }, () => 0);
  const timeMs = Array.from({ length: 60 * STATE_COUNT }, () => 0);
  const base: HourBase = {
    machine,
    hourMs,
    timeMs,
    measuredMs: Array.from({ length: 60 }, () => MINUTE_MS),
    components: { supply: { counter, integrated: null, bridged: null } },
    exportMwh: null,
    media: {},
    marks: [],
    decisions: [],
  };
  const hour = { base, counter, timeMs };
  hours.set(hourMs, hour);
  return hour;
}

function recordOf({ machine, hourMs }: HourBase, counter: number[], timeMs: number[]): MachineHour {
  const sum = (cells: number[], state: number) =>
    cells.reduce((total, value, cell) => (cell % STATE_COUNT === state ? total + value : total), 0);
  const stateMwh = byState((_, state) => milliwattHours(sum(counter, state)));
  const supplyMwh = milliwattHours(counter.reduce((total, value) => total + value, 0));
  const times = byState((_, state) => sum(timeMs, state));
  return sampleHour(hourMs, {
    machine,
    timeMs: times,
    spanMs: timeMs.reduce((total, value) => total + value, 0),
    decidedMs: byState((state) => ({ control: times[state] })),
    measuredMs: HOUR_MS,
    energy: {
      supplyMwh,
      exportMwh: milliwattHours(0),
      stateMwh,
      componentMwh: { supply: supplyMwh },
      residualMwh: null,
      residuals: {},
    },
    obtained: {
      counterMwh: supplyMwh,
      integratedMwh: milliwattHours(0),
      bridgedMwh: milliwattHours(0),
      bridgedBy: { stateMean: milliwattHours(0), linear: milliwattHours(0), profile: milliwattHours(0) },
    },
    quality: 'measured',
    reasons: [],
    media: {},
  });
}

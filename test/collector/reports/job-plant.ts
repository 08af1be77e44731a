import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import type { Journal } from '../../../collector/journal/journal.ts';
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
    plan: {
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
    },
    tell: (machine, marks) => {
      const read = marks.map((mark) => readToldMark(mark, Date.UTC(2026, 11, 1)));
      const taken = takeMarks(
        journal,
        machine,
        read.map((one) => {
          if ('faults' in one) throw new Error(JSON.stringify(one.faults));
          return one.mark;
        }),
        { by: 'MES', atMs: Date.UTC(2026, 11, 1) },
      );
      if ('conflicts' in taken) throw new Error(JSON.stringify(taken.conflicts));
    },
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
  const all = [...hours.values()];
  views.commit({
    reader: 'derive',
    ordinal: 1,
    hours: all.map(({ base, counter, timeMs }) => recordOf(base, counter, timeMs)),
    bases: all.map(({ base }) => base),
    spans: [
      {
        machine,
        spans: spans.map(({ fromMs, toMs, state }) => ({
          fromMs,
          toMs,
          state,
          decider: 'control',
          basis: 'test',
        })),
      },
    ],
    words,
  });
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

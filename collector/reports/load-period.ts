import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { Amendment } from '../energy/amendment.ts';
import type { BaseEnergy } from '../energy/calendar/base-hour.ts';
import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../energy/hour-account.ts';
import { narrowStep } from '../energy/uncertainty/counter-step.ts';
import { LoadTally } from '../energy/uncertainty/load-tally.ts';
import { findLoadChannels, LoadMinutes } from './load-channels.ts';
import type { PeriodHour } from './period-hours.ts';
import type { PeriodSource } from './period-source.ts';
import {
  AmendedReadings,
  asRead,
  factorOfPower,
  fateOfReadings,
  isSameReading,
  type ReadingFate,
} from './reading-fate.ts';
import type { MeterTally } from './uncertain-period.ts';
import { toNumber } from '../../protocols/telemetry/unit.ts';
import { WiringFinder } from './uncertain-wiring.ts';

/** More stretches of states than fit into an hour. */
const SPANS_MAX = HOUR_MS;

/** Minutes of an hour that were read in one way. */
interface MinuteRun {
  fate: ReadingFate;
  amendments: readonly Amendment[];
  fromMinute: number;
  toMinute: number;
}

/** Gathers the loads of all meters of one machine, period by period. */
export class PeriodLoads {
  readonly #views: PeriodSource['views'];
  readonly #machine: string;
  readonly #wirings: WiringFinder;
  readonly #amended: AmendedReadings;
  readonly #known: ReadonlySet<string>;
  readonly #components: readonly string[];
  readonly #channels = new Map<string, ReturnType<typeof findLoadChannels>>();
  #tallies = new Map<string, Map<string, MeterTally>>();
  #visits: Partial<Record<OperatingState, number>> = {};
  #last: { state: OperatingState; toMs: number } | null = null;

  constructor({ views, journal }: Pick<PeriodSource, 'views' | 'journal'>, machine: string) {
    this.#views = views;
    this.#machine = machine;
    this.#wirings = new WiringFinder({ views }, machine);
    this.#amended = new AmendedReadings(journal, machine);
    this.#known = new Set(views.channels(machine));
    this.#components = [...new Set([...this.#known].map((id) => id.split('.')[1] ?? ''))].sort();
  }

  /** Adds the minutes [from, to) of an hour. */
  add(hour: PeriodHour, fromMinute: number, toMinute: number): void {
    this.#addVisits(hour.hourMs + fromMinute * MINUTE_MS, hour.hourMs + toMinute * MINUTE_MS);
    for (const [component, energy] of Object.entries(hour.components))
      for (const run of this.#runsOf(component, hour, fromMinute, toMinute))
        this.#addRun(component, energy, hour, run);
  }

  #addRun(component: string, energy: BaseEnergy, hour: PeriodHour, run: MinuteRun): void {
    const { fate, fromMinute, toMinute } = run;
    const range = [hour.hourMs + fromMinute * MINUTE_MS, hour.hourMs + toMinute * MINUTE_MS] as const;
    const tally = this.#tallyOf(component, hour, run);
    const minutes = fate.isRead
      ? new LoadMinutes(this.#views, this.#channelsOf(fate.origin), range, factorOfPower(fate))
      : null;
    const others = [energy.integrated, energy.bridged].filter((cells) => cells !== null);
    for (let minute = fromMinute; minute < toMinute; minute++) {
      const read = minutes?.at(hour.hourMs + minute * MINUTE_MS) ?? null;
      const cells = { counter: energy.counter, others };
      tally.load.addMinute(minute, hour.timeMs, hour.measuredMs[minute] ?? 0, cells, read);
    }
    tally.integratedMwh += sumCells(energy.integrated, fromMinute, toMinute);
    if (fate.isRead) this.#seeSteps(tally, energy, range, toNumber(fate.factor));
  }

  /** All minutes at once where nobody amended anything. */
  #runsOf(component: string, hour: PeriodHour, fromMinute: number, toMinute: number): MinuteRun[] {
    const amendments = this.#amended.of(hour.record.basis.amendments);
    if (amendments.length === 0) return [{ fate: asRead(component), amendments, fromMinute, toMinute }];
    const runs: MinuteRun[] = [];
    for (let minute = fromMinute; minute < toMinute; minute++) {
      const fate = fateOfReadings(component, this.#components, amendments, hour.hourMs + minute * MINUTE_MS);
      const last = runs.at(-1);
      if (last !== undefined && isSameReading(last.fate, fate)) last.toMinute = minute + 1;
      else runs.push({ fate, amendments, fromMinute: minute, toMinute: minute + 1 });
    }
    return runs;
  }

  /** What was gathered since the last call, by component. */
  take(): {
    components: Map<string, MeterTally[]>;
    visits: Partial<Record<OperatingState, number>>;
  } {
    const components = new Map([...this.#tallies].map(([name, byKey]) => [name, [...byKey.values()]]));
    const visits = this.#visits;
    this.#tallies = new Map();
    this.#visits = {};
    // A state that goes on into the next period has a reading of the counter at its begin, too.
    this.#last = null;
    return { components, visits };
  }

  #addVisits(fromMs: number, toMs: number): void {
    for (const { state, fromMs: at, toMs: endMs } of this.#views.states(
      this.#machine,
      fromMs,
      toMs,
      SPANS_MAX,
    )) {
      if (this.#last?.state !== state || this.#last.toMs !== at)
        this.#visits[state] = (this.#visits[state] ?? 0) + 1;
      this.#last = { state, toMs: endMs };
    }
  }

  /** A counter without a declared step is as coarse as it was seen to be. */
  #seeSteps(
    tally: MeterTally,
    { counter }: BaseEnergy,
    [fromMs, toMs]: readonly [number, number],
    factor: number,
  ): void {
    const channel = tally.wirings[0]?.channel;
    if (counter === null || channel === undefined || channel.quantity === 'activePower') return;
    if (channel.counter?.resolution !== undefined) return;
    const shownWh = this.#views.minutes(channel.id, fromMs, toMs).flatMap(({ min, max }) => [min, max]);
    tally.seenStepMwh = narrowStep(
      tally.seenStepMwh,
      shownWh.map((wh) => wh * factor),
    );
  }

  #channelsOf(component: string): ReturnType<typeof findLoadChannels> {
    let channels = this.#channels.get(component);
    if (channels === undefined)
      this.#channels.set(component, (channels = findLoadChannels(this.#machine, component, this.#known)));
    return channels;
  }

  /** Of an hour in which the wiring was changed, every one that it names is kept: the worst of them will count. */
  #tallyOf(component: string, hour: PeriodHour, { fate, amendments, fromMinute }: MinuteRun): MeterTally {
    const query = { ...fate, amendments, atMs: hour.hourMs + fromMinute * MINUTE_MS };
    const wirings = this.#wirings.find(query, hour.record.basis.configs);
    let byKey = this.#tallies.get(component);
    if (byKey === undefined) this.#tallies.set(component, (byKey = new Map()));
    const key = wirings
      .map((wiring) => wiring.key)
      .sort()
      .join('\n');
    let tally = byKey.get(key);
    if (tally === undefined) {
      const load = new LoadTally(this.#channelsOf(fate.origin).phases);
      byKey.set(key, (tally = { wirings, load, integratedMwh: 0, seenStepMwh: 0 }));
    }
    return tally;
  }
}

function sumCells(cells: ArrayLike<number> | null, fromMinute: number, toMinute: number): number {
  let sum = 0;
  for (let cell = fromMinute * STATE_COUNT; cell < toMinute * STATE_COUNT; cell++) sum += cells?.[cell] ?? 0;
  return sum;
}

import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { BaseEnergy } from '../energy/calendar/base-hour.ts';
import { HOUR_MS, MINUTE_MS, STATE_COUNT } from '../energy/hour-account.ts';
import { narrowStep } from '../energy/uncertainty/counter-step.ts';
import { LoadTally } from '../energy/uncertainty/load-tally.ts';
import { findLoadChannels, LoadMinutes } from './load-channels.ts';
import type { PeriodHour } from './period-hours.ts';
import type { PeriodSource } from './period-source.ts';
import type { MeterTally } from './uncertain-period.ts';
import { WiringFinder } from './uncertain-wiring.ts';

/** More stretches of states than fit into an hour. */
const SPANS_MAX = HOUR_MS;

/** Gathers the loads of all meters of one machine, period by period. */
export class PeriodLoads {
  readonly #views: PeriodSource['views'];
  readonly #machine: string;
  readonly #wirings: WiringFinder;
  readonly #known: ReadonlySet<string>;
  readonly #channels = new Map<string, ReturnType<typeof findLoadChannels>>();
  #tallies = new Map<string, Map<string, MeterTally>>();
  #visits: Partial<Record<OperatingState, number>> = {};
  #last: { state: OperatingState; toMs: number } | null = null;

  constructor({ views }: Pick<PeriodSource, 'views'>, machine: string) {
    this.#views = views;
    this.#machine = machine;
    this.#wirings = new WiringFinder({ views }, machine);
    this.#known = new Set(views.channels(machine));
  }

  /** Adds the minutes [from, to) of an hour. */
  add(hour: PeriodHour, fromMinute: number, toMinute: number): void {
    const [fromMs, toMs] = [hour.hourMs + fromMinute * MINUTE_MS, hour.hourMs + toMinute * MINUTE_MS];
    this.#addVisits(fromMs, toMs);
    for (const [component, energy] of Object.entries(hour.components)) {
      const tally = this.#tallyOf(component, hour.record.basis.configs);
      const minutes = new LoadMinutes(this.#views, this.#channelsOf(component), fromMs, toMs);
      const others = [energy.integrated, energy.bridged].filter((cells) => cells !== null);
      for (let minute = fromMinute; minute < toMinute; minute++) {
        const read = minutes.at(hour.hourMs + minute * MINUTE_MS);
        const cells = { counter: energy.counter, others };
        tally.load.addMinute(minute, hour.timeMs, hour.measuredMs[minute] ?? 0, cells, read);
      }
      tally.integratedMwh += sumCells(energy.integrated, fromMinute, toMinute);
      this.#seeSteps(tally, energy, fromMs, toMs);
    }
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
  #seeSteps(tally: MeterTally, { counter }: BaseEnergy, fromMs: number, toMs: number): void {
    const channel = tally.wiring?.channel;
    if (counter === null || channel?.counter === undefined || channel.counter.resolution !== undefined)
      return;
    const shownWh = this.#views.minutes(channel.id, fromMs, toMs).flatMap(({ min, max }) => [min, max]);
    tally.seenStepMwh = narrowStep(tally.seenStepMwh, shownWh);
  }

  #channelsOf(component: string): ReturnType<typeof findLoadChannels> {
    let channels = this.#channels.get(component);
    if (channels === undefined)
      this.#channels.set(component, (channels = findLoadChannels(this.#machine, component, this.#known)));
    return channels;
  }

  /** Of an hour in which the wiring was changed, the first that is named counts for all of it. */
  #tallyOf(component: string, configs: readonly string[]): MeterTally {
    const wiring = this.#wirings.find(component, configs)[0] ?? null;
    let byKey = this.#tallies.get(component);
    if (byKey === undefined) this.#tallies.set(component, (byKey = new Map()));
    const key = wiring?.key ?? '';
    let tally = byKey.get(key);
    if (tally === undefined) {
      const load = new LoadTally(this.#channelsOf(component).phases);
      byKey.set(key, (tally = { wiring, load, integratedMwh: 0, seenStepMwh: 0 }));
    }
    return tally;
  }
}

function sumCells(cells: ArrayLike<number> | null, fromMinute: number, toMinute: number): number {
  let sum = 0;
  for (let cell = fromMinute * STATE_COUNT; cell < toMinute * STATE_COUNT; cell++) sum += cells?.[cell] ?? 0;
  return sum;
}

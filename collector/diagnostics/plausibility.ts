import { HOUR_MS } from '../energy/hour-account.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { CounterStep } from './counter-step.ts';
import { componentsOf, ratingOf, unitOf, type DiagnosedMachine } from './diagnosed-machine.ts';
import { judgeChildren, judgeClosure, judgeExport } from './hour-rules.ts';
import { ChannelNames, ComponentMinute, type MachineMinute } from './machine-minute.ts';
import {
  BackwardsRule,
  judgeDirection,
  judgeUnbalance,
  LostCurrentRule,
  LostVoltageRule,
} from './phase-rules.ts';
import type { PlausibilityCode, PlausibilityFinding } from './plausibility-finding.ts';
import {
  floorOf,
  judgeApparent,
  judgePowerFactor,
  judgeRating,
  judgeSum,
  judgeVoltAmpere,
} from './power-rules.ts';
import { judgeOff, StillWorkRule } from './state-rules.ts';
import { Stretch, type Verdict } from './stretch.ts';
import { FrozenSourceRule, StillCounterRule } from './stuck-rules.ts';
import { VoltageRule } from './voltage-level.ts';

interface Rule<Row> {
  stretch: Stretch;
  judge: (row: Row) => Verdict;
}

/**
 * Looks for what cannot be in the readings of one machine, minute by minute in order of time; nothing is kept of the past
 * but what the rules need, so a year can be looked through. The same rows give the same findings.
 */
export class PlausibilityScan {
  readonly #machine: DiagnosedMachine;
  readonly #ofMachine: Rule<MachineMinute>[];
  readonly #ofComponent: { names: ChannelNames; rules: Rule<ComponentMinute>[] }[];
  readonly #ofHour: Rule<MachineHour>[];
  /** By component. */
  readonly #steps = new Map<string, CounterStep>();

  constructor(machine: DiagnosedMachine) {
    this.#machine = machine;
    this.#ofMachine = machine.sources.map(({ id }) => {
      const rule = new FrozenSourceRule(
        id,
        machine.channels.filter(({ source }) => source === id),
      );
      return {
        stretch: new Stretch(machine.machine, id, 'source-frozen', 1),
        judge: (minute) => rule.judge(minute),
      };
    });
    this.#ofComponent = componentsOf(machine).map((component) => ({
      names: new ChannelNames(machine.machine, component),
      rules: this.#rulesOf(component),
    }));
    this.#ofHour = this.#rulesOfHours();
  }

  /** Minutes in order of time. */
  takeMinute(minute: MachineMinute): void {
    for (const { stretch, judge } of this.#ofMachine) stretch.take(minute.minuteMs, judge(minute));
    for (const { names, rules } of this.#ofComponent) {
      const own = new ComponentMinute(minute, names);
      for (const { stretch, judge } of rules) stretch.take(minute.minuteMs, judge(own));
    }
  }

  /** Hours in order of time, each after its minutes: they tell the step of the counter. */
  takeHour(hour: MachineHour): void {
    for (const { stretch, judge } of this.#ofHour) stretch.take(hour.hourMs, judge(hour));
  }

  /** All that was found, in order of time. */
  end(): PlausibilityFinding[] {
    const rules = [
      ...this.#ofMachine,
      ...this.#ofComponent.flatMap(({ rules: own }) => own),
      ...this.#ofHour,
    ];
    return rules
      .flatMap(({ stretch }) => stretch.end())
      .sort((a, b) => a.fromMs - b.fromMs || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
  }

  #rulesOf(component: string): Rule<ComponentMinute>[] {
    const { machine, sources } = this.#machine;
    const channels = this.#machine.channels.filter((channel) => channel.component === component);
    const ratedW = ratingOf(this.#machine, component);
    const sourceId = channels.find(({ quantity }) => quantity === 'voltage')?.source;
    const voltage = new VoltageRule(sources.find(({ id }) => id === sourceId)?.vt);
    const lostCurrent = new LostCurrentRule(ratedW);
    const lostVoltage = new LostVoltageRule();
    const backwards = new BackwardsRule(ratedW);
    const rule = (
      code: PlausibilityCode,
      minutes: number,
      judge: (minute: ComponentMinute) => Verdict,
    ): Rule<ComponentMinute> => ({ stretch: new Stretch(machine, component, code, minutes), judge });
    const rules = [
      rule('power-factor-impossible', 5, judgePowerFactor),
      rule('power-over-apparent', 5, (minute) => judgeApparent(minute, ratedW)),
      rule('power-against-volt-ampere', 5, (minute) => judgeVoltAmpere(minute, ratedW)),
      rule('phases-not-total', 5, (minute) => judgeSum(minute, ratedW)),
      rule('voltage-lost', 2, (minute) => lostVoltage.judge(minute)),
      rule('voltage-outside', 10, (minute) => voltage.judge(minute)),
      rule('voltage-unbalanced', 30, judgeUnbalance),
      rule('phase-without-current', 15, (minute) => lostCurrent.judge(minute)),
      rule('transformer-turned', 10, (minute) => judgeDirection(minute, ratedW, 'turned')),
      rule('transformer-turned', 1, (minute) => backwards.judge(minute)),
      rule('pairs-interchanged', 10, (minute) => judgeDirection(minute, ratedW, 'interchanged')),
      rule('power-over-rated', 3, (minute) => judgeRating(minute, ratedW)),
    ];
    const counter = channels.find(
      ({ quantity, phase }) => quantity === 'activeEnergyImport' && phase === 'total',
    );
    if (counter !== undefined) {
      const step = new CounterStep(counter);
      this.#steps.set(component, step);
      const still = new StillCounterRule(step, floorOf(ratedW) / 2);
      rules.push(rule('counter-still', 1, (minute) => still.judge(minute)));
    }
    if (component === 'supply') {
      const power = channels.find(({ quantity, phase }) => quantity === 'activePower' && phase === 'total');
      const work = new StillWorkRule(ratedW, power === undefined ? null : unitOf(power));
      rules.push(
        rule('energy-while-off', 10, (minute) => judgeOff(minute, ratedW)),
        rule('still-while-processing', 1, (minute) => work.judge(minute)),
      );
    }
    return rules;
  }

  #rulesOfHours(): Rule<MachineHour>[] {
    const { machine, history } = this.#machine;
    const coarsestWh = () => Math.max(0, ...[...this.#steps.values()].map((step) => step.stepWh()));
    const rule = (
      code: PlausibilityCode,
      hours: number,
      judge: (hour: MachineHour) => Verdict,
    ): Rule<MachineHour> => ({ stretch: new Stretch(machine, 'supply', code, hours, HOUR_MS), judge });
    return [
      rule('counter-against-integral', 3, (hour) =>
        judgeClosure(hour, this.#steps.get('supply')?.stepWh() ?? null),
      ),
      rule('children-over-supply', 2, (hour) => judgeChildren(hour, coarsestWh())),
      rule('first-export', 1, (hour) => judgeExport(hour, history)),
    ];
  }
}

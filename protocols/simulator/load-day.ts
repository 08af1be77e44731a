import { planDay, type PlannedBlock } from './day-plan.ts';
import { basePowersW, CUT_SHARES, LOAD_PARTS, type Activity, type MachineKind } from './load-shares.ts';
import { partIndex, segmentEnergyUwh, type LoadSegment } from './load-segment.ts';
import { seedRandom, type SeededRandom } from './seeded-random.ts';

/** A whole day of a machine: segments without gaps over [0, 24 h), and the energy of each part before each segment. */
export interface LoadDay {
  segments: readonly LoadSegment[];
  /** uWh by part (outer, in the order of LOAD_PARTS) and segment; one entry more than segments, the day's total. */
  energyBeforeUwh: readonly Float64Array[];
  partsTotal: number;
}

const SPINDLE = partIndex('spindle');
const PAUSE_STANDBY_MS = 600_000;
const SPEEDS = [1200, 2500, 4200, 6000, 8000];

/** The day of a machine that (seed, day) decide: the same arguments give the same day for ever. */
export function createLoadDay(
  kind: MachineKind,
  ratedPowerW: number,
  seed: number | string,
  day: number,
): LoadDay {
  const random = seedRandom(seed, kind, day);
  const weekend = day % 7 >= 5;
  const builder = new DayBuilder(kind, ratedPowerW, weekend, random);
  for (const block of planDay(kind, weekend, random)) builder.add(block);
  return builder.finish();
}

class DayBuilder {
  readonly #kind: MachineKind;
  readonly #ratedW: number;
  readonly #weekend: boolean;
  readonly #random: SeededRandom;
  readonly #segments: LoadSegment[] = [];
  readonly #programs: readonly Program[];
  #nowMs = 0;
  #parts = 0;
  #program: Program;

  constructor(kind: MachineKind, ratedW: number, weekend: boolean, random: SeededRandom) {
    this.#kind = kind;
    this.#ratedW = ratedW;
    this.#weekend = weekend;
    this.#random = random;
    this.#programs = Array.from({ length: 3 }, () => drawProgram(kind, ratedW, random));
    this.#program = this.#programs[0]!;
  }

  add(block: PlannedBlock): void {
    switch (block.what) {
      case 'off':
        return this.#idle('off', block.untilMs, {});
      case 'boot':
        return this.#idle('standby', block.untilMs, { production: 'Initializing', mode: 'Manual' });
      case 'setup':
        return this.#idle('ready', block.untilMs, { mode: 'Setup' });
      case 'wait':
        return this.#idle('ready', block.untilMs, {});
      case 'pause':
        this.#idle('standby', Math.min(block.untilMs, this.#nowMs + PAUSE_STANDBY_MS), {});
        return this.#idle('extendedStandby', block.untilMs, {});
      case 'warmUp':
        return this.#warmUp(block.untilMs);
      case 'production':
        return this.#produce(block.untilMs);
    }
  }

  finish(): LoadDay {
    const energyBeforeUwh = LOAD_PARTS.map((_, part) => {
      const before = new Float64Array(this.#segments.length + 1);
      this.#segments.forEach((segment, index) => {
        before[index + 1] = before[index]! + segmentEnergyUwh(segment, part, segment.endMs);
      });
      return before;
    });
    return { segments: this.#segments, energyBeforeUwh, partsTotal: this.#parts };
  }

  /** The spindle runs up through three speeds without load. */
  #warmUp(untilMs: number): void {
    const stepMs = Math.floor((untilMs - this.#nowMs) / 3);
    for (const [index, share] of [0.06, 0.072, 0.085].entries()) {
      const spindleW = share * this.#ratedW;
      this.#push('warmUp', index === 2 ? untilMs : this.#nowMs + stepMs, {
        production: 'Running',
        program: 'O9001_WARMUP',
        spindleW: [spindleW, spindleW],
        rippleW: 0.004 * this.#ratedW,
        speed: [2000 * (index + 1), 2000 * (index + 1)],
      });
    }
  }

  #produce(untilMs: number): void {
    const random = this.#random;
    this.#program = this.#programs[random.whole(0, this.#programs.length - 1)]!;
    for (;;) {
      const program = this.#program;
      const loadMs = 1000 * (this.#weekend ? random.whole(60, 200) : random.whole(20, 60));
      const stopMs = random.chance(0.04) ? 1000 * random.whole(40, 240) : 0;
      if (this.#nowMs + loadMs + program.durationMs + stopMs > untilMs) break;
      this.#idle('ready', this.#nowMs + loadMs, {});
      const stopAfter = stopMs === 0 ? -1 : random.whole(0, program.operations.length - 1);
      for (const [index, operation] of program.operations.entries()) {
        this.#operate(operation);
        if (index === stopAfter)
          this.#idle('ready', this.#nowMs + stopMs, {
            production: random.chance(0.1) ? 'Aborted' : 'Interrupted',
          });
      }
      this.#parts++;
      if (random.chance(0.06)) this.#program = this.#programs[random.whole(0, this.#programs.length - 1)]!;
    }
    this.#idle('ready', untilMs, {});
  }

  /** Tool change, run-up of the spindle with its peak, the cut, and braking. */
  #operate(operation: Operation): void {
    const { cutW, peakW, speed } = operation;
    const run = { production: 'Running' } as const;
    this.#push('processing', this.#nowMs + operation.changeMs, run);
    this.#push('processing', this.#nowMs + operation.rampMs, {
      ...run,
      spindleW: [0.02 * this.#ratedW, peakW],
      speed: [0, speed],
    });
    this.#push('processing', this.#nowMs + operation.cutMs, {
      ...run,
      spindleW: [cutW, cutW * operation.drift],
      rippleW: 0.08 * cutW,
      speed: [speed, speed],
    });
    this.#push('processing', this.#nowMs + operation.rampMs, {
      ...run,
      spindleW: [0.3 * cutW, 0],
      speed: [speed, 0],
    });
  }

  #idle(
    activity: Activity,
    untilMs: number,
    is: { production?: LoadSegment['production']; mode?: LoadSegment['mode'] },
  ): void {
    this.#push(activity, untilMs, is);
  }

  #push(
    activity: Activity,
    untilMs: number,
    is: {
      production?: LoadSegment['production'];
      mode?: LoadSegment['mode'];
      program?: string;
      spindleW?: readonly [number, number];
      rippleW?: number;
      speed?: readonly [number, number];
    },
  ): void {
    if (untilMs <= this.#nowMs) return;
    const spanMs = untilMs - this.#nowMs;
    const base = basePowersW(this.#kind, activity, this.#ratedW);
    const [fromSpindleW, toSpindleW] = is.spindleW ?? [0, 0];
    const [fromSpeed, toSpeed] = is.speed ?? [0, 0];
    this.#segments.push({
      startMs: this.#nowMs,
      endMs: untilMs,
      activity,
      production: is.production ?? 'Ended',
      mode: is.mode ?? 'Automatic',
      program: is.program ?? this.#program.name,
      partsBefore: this.#parts,
      fromW: base.with(SPINDLE, fromSpindleW),
      toW: base.with(SPINDLE, toSpindleW),
      spindleRippleW: is.rippleW ?? 0,
      spindlePeriods: Math.max(1, Math.round(spanMs / 7000)),
      cabinetRippleW: activity === 'off' ? 0 : 0.004 * this.#ratedW,
      fromSpeed,
      toSpeed,
    });
    this.#nowMs = untilMs;
  }
}

interface Operation {
  changeMs: number;
  rampMs: number;
  cutMs: number;
  cutW: number;
  peakW: number;
  /** Power at the end of the cut over that at its beginning. */
  drift: number;
  speed: number;
}

interface Program {
  name: string;
  operations: readonly Operation[];
  durationMs: number;
}

function drawProgram(kind: MachineKind, ratedW: number, random: SeededRandom): Program {
  const [low, high] = CUT_SHARES[kind];
  const operations = Array.from({ length: random.whole(3, 6) }, () => {
    const cutW = random.between(low, high) * ratedW;
    return {
      changeMs: 100 * random.whole(30, 70),
      rampMs: 100 * random.whole(9, 24),
      cutMs: 100 * random.whole(180, 900),
      cutW,
      peakW: Math.min(0.6 * ratedW, 1.4 * cutW + 0.08 * ratedW),
      drift: random.between(0.9, 1.1),
      speed: SPEEDS[random.whole(0, SPEEDS.length - 1)]!,
    };
  });
  return {
    name: `O${random.whole(1000, 8999)}`,
    operations,
    durationMs: operations.reduce((sum, one) => sum + one.changeMs + 2 * one.rampMs + one.cutMs, 0),
  };
}

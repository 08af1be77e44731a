import type { Phase, Quantity } from '../../protocols/telemetry/quantity.ts';
import { measuredChannelId } from '../../protocols/telemetry/channel.ts';
import type { MinuteLoad } from '../energy/uncertainty/load-tally.ts';
import type { MinuteRollup, Views } from '../ledger/views.ts';

/** Channels of one meter that tell its load: of each group all together, summed or averaged. */
interface LoadChannels {
  power: string[];
  apparent: string[];
  reactive: string[];
  powerFactor: string[];
  currents: string[];
  lineVoltages: string[];
  phaseVoltages: string[];
  /** One voltage or current of the whole meter; what it is the mean of is not known. */
  voltage: string[];
  current: string[];
  phases: 1 | 3;
}

/** A voltage above this is one between two lines, V. */
const LINE_VOLTAGE_MIN_V = 300;
const LINES: readonly Phase[] = ['l1', 'l2', 'l3'];
const PAIRS: readonly Phase[] = ['l12', 'l23', 'l31'];

/** Which channels of a component tell its load. @param known ids of all channels of the machine */
export function findLoadChannels(
  machine: string,
  component: string,
  known: ReadonlySet<string>,
): LoadChannels {
  const of = (quantity: Quantity, phases: readonly Phase[]): string[] =>
    phases
      .map((phase) => measuredChannelId(machine, component, quantity, phase))
      .filter((id) => known.has(id));
  const total = (quantity: Quantity): string[] => {
    const whole = of(quantity, ['total']);
    return whole.length > 0 ? whole : of(quantity, LINES);
  };
  const others = new Set<string>([...LINES.slice(1), ...PAIRS]);
  const prefix = `${machine}.${component}.`;
  const hasPhases = [...known].some((id) => id.startsWith(prefix) && others.has(id.split('.')[3] ?? ''));
  const isSingle = [...known].some((id) => id.startsWith(prefix) && id.split('.')[3] === 'l1') && !hasPhases;
  return {
    power: total('activePower'),
    apparent: total('apparentPower'),
    reactive: total('reactivePower'),
    powerFactor: of('powerFactor', ['total']),
    currents: of('current', LINES),
    lineVoltages: of('voltage', PAIRS),
    phaseVoltages: of('voltage', LINES),
    voltage: of('voltage', ['total']),
    current: of('current', ['total']),
    // Machine tools have three; taking one for three makes currents smaller and limits larger, never the other way.
    phases: isSingle ? 1 : 3,
  };
}

/** The minutes of a stretch of time, by channel. */
export class LoadMinutes {
  readonly #channels: LoadChannels;
  readonly #factor: number;
  readonly #rows = new Map<string, Map<number, MinuteRollup>>();

  /** @param factor what was read times this is true: powers and currents, for ratios are amended where currents go in */
  constructor(
    views: Pick<Views, 'minutes'>,
    channels: LoadChannels,
    [fromMs, toMs]: readonly [number, number],
    factor = 1,
  ) {
    this.#channels = channels;
    this.#factor = factor;
    for (const ids of Object.values(channels)) {
      if (!Array.isArray(ids)) continue;
      for (const id of ids)
        this.#rows.set(id, new Map(views.minutes(id, fromMs, toMs).map((row) => [row.minuteMs, row])));
    }
  }

  /** What was read in a minute; null for nothing. */
  at(minuteMs: number): MinuteLoad | null {
    const { power, apparent, reactive, powerFactor, phases, ...rest } = this.#channels;
    const rows = (ids: readonly string[]): MinuteRollup[] =>
      ids.flatMap((id) => {
        const row = this.#rows.get(id)?.get(minuteMs);
        return row === undefined || row.count === 0 ? [] : [row];
      });
    const whole = (ids: readonly string[]): number | null => {
      const found = rows(ids);
      return ids.length === 0 || found.length < ids.length ? null : sumMeans(found);
    };
    const mean = (ids: readonly string[]): number | null => {
      const found = rows(ids);
      return found.length === 0 ? null : sumMeans(found) / found.length;
    };
    const powers = rows(power);
    const load = {
      power: powers.length === 0 || powers.length < power.length ? null : sumPowers(powers),
      apparentVa: whole(apparent),
      reactiveVar: whole(reactive),
      powerFactor: mean(powerFactor),
      currentA: mean(rest.currents),
      voltageV: voltageOf(mean, rest, phases),
    };
    // What one current of a whole meter is the mean or the sum of, nobody said: only where it cannot be derived.
    if (load.currentA === null && load.voltageV === null) load.currentA = mean(rest.current);
    return Object.values(load).every((value) => value === null) ? null : scaleLoad(load, this.#factor);
  }
}

/** Every ratio keeps the power factor; a voltage is taken as it was read. */
function scaleLoad(load: MinuteLoad, factor: number): MinuteLoad {
  if (factor === 1) return load;
  const { power } = load;
  const times = (value: number | null): number | null => (value === null ? null : value * factor);
  return {
    ...load,
    power:
      power === null
        ? null
        : {
            count: power.count,
            sum: power.sum * factor,
            squares: power.squares * factor ** 2,
            steps: power.steps * factor ** 2,
            min: (factor < 0 ? power.max : power.min) * factor,
            max: (factor < 0 ? power.min : power.max) * factor,
            last: power.last * factor,
          },
    apparentVa: times(load.apparentVa),
    reactiveVar: times(load.reactiveVar),
    currentA: times(load.currentA),
  };
}

function voltageOf(
  mean: (ids: readonly string[]) => number | null,
  { lineVoltages, phaseVoltages, voltage }: Pick<LoadChannels, 'lineVoltages' | 'phaseVoltages' | 'voltage'>,
  phases: 1 | 3,
): number | null {
  const toLine = (voltageV: number | null): number | null =>
    voltageV === null ? null : phases === 3 ? voltageV * Math.sqrt(3) : voltageV;
  const whole = mean(voltage);
  return (
    mean(lineVoltages) ??
    toLine(mean(phaseVoltages)) ??
    (whole !== null && whole >= LINE_VOLTAGE_MIN_V ? whole : toLine(whole))
  );
}

function sumMeans(rows: readonly MinuteRollup[]): number {
  return rows.reduce((sum, row) => sum + row.sum / row.count, 0);
}

/** Readings of phases together, as if they were one: steps and squares of a sum are taken as those of phases that move alike. */
function sumPowers(rows: readonly MinuteRollup[]): NonNullable<MinuteLoad['power']> {
  const [first] = rows;
  const count = Math.min(...rows.map((row) => row.count));
  if (rows.length === 1 && first !== undefined) return first;
  const meanW = sumMeans(rows);
  const spreadW = rows.reduce(
    (sum, row) => sum + Math.sqrt(Math.max(0, row.squares / row.count - (row.sum / row.count) ** 2)),
    0,
  );
  const stepW = rows.reduce((sum, row) => sum + Math.sqrt(row.steps), 0);
  return {
    count,
    sum: meanW * count,
    squares: (meanW ** 2 + spreadW ** 2) * count,
    steps: stepW ** 2,
    min: rows.reduce((sum, row) => sum + row.min, 0),
    max: rows.reduce((sum, row) => sum + row.max, 0),
    last: rows.reduce((sum, row) => sum + row.last, 0),
  };
}

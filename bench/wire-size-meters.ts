import { shortestFloat32, type Reading } from '../protocols/telemetry/decimal.ts';

/** How a device writes its numbers: the format decides what a sample costs, because noise does not compress. */
export interface MeterFormat {
  name: string;
  /** An instantaneous value in its unit, as the driver hands on the register. */
  instant: (value: number, step: number) => Reading;
  /** Energy in Wh as the driver hands on the counter. */
  counter: (energyWh: number) => Reading;
}

const float32 = (value: number) => shortestFloat32(Math.fround(value));
const scaled = (value: number, step: number) => Math.round(value / step);

/** The number formats of the five meters that have profiles. */
export const METER_FORMATS: MeterFormat[] = [
  { name: 'Siemens PAC3200 (f32, f64 counter in Wh)', instant: float32, counter: (wh) => wh },
  { name: 'Eastron SDM630 (f32, f32 counter in kWh)', instant: float32, counter: (wh) => float32(wh / 1000) },
  {
    name: 'Carlo Gavazzi EM340 (i32 scaled, counter in 0.1 kWh)',
    instant: scaled,
    counter: (wh) => Math.floor(wh / 100),
  },
  { name: 'Schneider iEM3000 (f32, i64 counter in Wh)', instant: float32, counter: (wh) => Math.floor(wh) },
  { name: 'Shelly Pro 3EM (f32, f32 counter in Wh)', instant: float32, counter: float32 },
];

/** What the machine does while it is measured. */
export interface Scenario {
  name: string;
  everyMs: number;
  /** Supply power at a time, W, before noise. */
  powerW: (seconds: number) => number;
  /** Standard deviation of the power as a share of it. */
  noise: number;
}

/** Spindle ramps every 40 s between idling and cutting, with tooth passing on top. */
function cuttingPowerW(seconds: number): number {
  const phase = seconds % 40;
  if (phase < 8) return 1800;
  const ramp = phase < 10 ? ((phase - 8) / 2) * 6000 : 0;
  return 5200 + ramp + 900 * Math.sin(seconds * 1.7) + 300 * Math.sin(seconds * 9.1);
}

/** The three scenarios of the goal. */
export const SCENARIOS: Scenario[] = [
  { name: 'quiet', everyMs: 1000, powerW: () => 412, noise: 0.002 },
  { name: 'busy', everyMs: 1000, powerW: cuttingPowerW, noise: 0.04 },
  { name: '10 Hz', everyMs: 100, powerW: cuttingPowerW, noise: 0.04 },
];

/** One machine's meter, poll by poll: times in ms and a column a channel. */
export interface Recording {
  timesMs: number[];
  columns: Map<string, Reading[]>;
}

/** Twelve channels of a three-phase meter for `rows` polls; the same for the same seed. */
export function recordMeter(
  machine: string,
  format: MeterFormat,
  scenario: Scenario,
  rows: number,
  seed: number,
): Recording {
  const random = seededRandom(seed);
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const timesMs: number[] = [];
  const columns = new Map<string, Reading[]>();
  const put = (point: string, value: Reading) => {
    const id = `${machine}.supply.${point}`;
    const column = columns.get(id);
    if (column === undefined) columns.set(id, [value]);
    else column.push(value);
  };
  let energyWh = 18_336_667.5 + seed * 1000;
  let reactiveVarh = 6_158_300.25 + seed * 1000;
  let gridV = 230;
  const startMs = 1_000_000 + Math.floor(random() * 1_000_000);
  for (let row = 0; row < rows; row++) {
    // A poll comes within a few ms of its slot: times carry a jitter, as they do in the field.
    timesMs.push(startMs + row * scenario.everyMs + Math.floor(random() * 4));
    const seconds = (row * scenario.everyMs) / 1000;
    gridV += (230 - gridV) * 0.01 + gauss() * 0.05;
    const powerFactor = 0.82 + 0.01 * gauss();
    const powerW = scenario.powerW(seconds) * (1 + scenario.noise * gauss());
    const apparentVa = powerW / powerFactor;
    const reactiveVar = Math.sqrt(Math.max(0, apparentVa ** 2 - powerW ** 2));
    for (const [index, phase] of ['l1', 'l2', 'l3'].entries()) {
      const voltageV = gridV + index * 0.6 - 0.4 + gauss() * 0.08;
      put(`voltage.${phase}`, format.instant(voltageV, 0.1));
      put(`current.${phase}`, format.instant(apparentVa / 3 / voltageV + gauss() * 0.01, 0.001));
    }
    put('activePower', format.instant(powerW, 0.1));
    put('reactivePower', format.instant(reactiveVar, 0.1));
    put('powerFactor', format.instant(powerFactor, 0.001));
    put('frequency', format.instant(50 + gauss() * 0.012, 0.1));
    energyWh += (powerW * scenario.everyMs) / 3_600_000;
    reactiveVarh += (reactiveVar * scenario.everyMs) / 3_600_000;
    put('activeEnergyImport', format.counter(energyWh));
    put('reactiveEnergyImport', format.counter(reactiveVarh));
  }
  return { timesMs, columns };
}

/** mulberry32: small, and the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

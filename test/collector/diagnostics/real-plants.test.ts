import { describe, expect, it } from 'vitest';
import type { DiagnosedMachine } from '../../../collector/diagnostics/diagnosed-machine.ts';
import type { MachineMinute, MinuteReading } from '../../../collector/diagnostics/machine-minute.ts';
import type { MeasuredChannel } from '../../../protocols/telemetry/channel.ts';
import type { Phase, Quantity } from '../../../protocols/telemetry/quantity.ts';
import { channelOf, MINUTE_MS, randomOf, scanMinutes, START_MS } from './plant-minutes.ts';

/** What a meter shows at one moment, by `quantity` or `quantity.phase`. */
type Shown = Record<string, number>;

const LINE = ['l1', 'l2', 'l3'] as const;
const three = (quantity: string, values: readonly [number, number, number]): Shown =>
  Object.fromEntries(LINE.map((line, index) => [`${quantity}.${line}`, values[index] ?? 0]));
const rounded = (value: number, step: number) => Math.round(value / step) * step;

/** A balanced load of three phases at a power factor; per phase U I cos(phi). */
function balanced(totalW: number, voltageV: number, factor: number): Shown {
  const powerW = totalW / 3;
  const currentA = Math.abs(powerW) / factor / voltageV;
  return {
    ...three('voltage', [voltageV, voltageV * 1.003, voltageV * 0.998]),
    ...three('current', [currentA, currentA, currentA]),
    ...three('activePower', [powerW, powerW * 1.003, powerW * 0.998]),
    ...three('powerFactor', [factor, factor, factor]),
    ...three('apparentPower', [currentA * voltageV, currentA * voltageV, currentA * voltageV]),
    activePower: powerW * 3.001,
    apparentPower: 3 * currentA * voltageV,
    powerFactor: factor,
  };
}

/** Of two wattmeters: U12 I1 cos(30 + phi) on l1, U32 I3 cos(30 - phi) on l3, nothing on l2; voltages to a made-up neutral. */
function aron(totalW: number, phiDegrees: number, told: { lineV: number; currentL2: boolean }): Shown {
  const phi = (phiDegrees * Math.PI) / 180;
  const currentA = totalW / (Math.sqrt(3) * told.lineV * Math.cos(phi));
  const phaseV = told.lineV / Math.sqrt(3);
  return {
    ...three('voltage', [phaseV, phaseV, phaseV]),
    ...three('current', [currentA, told.currentL2 ? currentA : 0, currentA]),
    ...three('activePower', [
      told.lineV * currentA * Math.cos(Math.PI / 6 + phi),
      0,
      told.lineV * currentA * Math.cos(Math.PI / 6 - phi),
    ]),
    activePower: totalW,
    powerFactor: Math.cos(phi),
  };
}

interface Plant {
  name: string;
  /** 15 kW without. */
  ratedW?: number | null;
  /** Traits of channels, by name. */
  traits?: Record<string, Partial<MeasuredChannel>>;
  minutes?: number;
  state?: (minute: number) => MachineMinute['controlState'];
  /** What is shown in a minute; a counter is added for the power unless there is one, in Wh. */
  show: (minute: number, chance: () => number) => Shown;
  counterStepWh?: number;
}

const working = (minute: number) => (minute % 90 < 60 ? 6000 : 400);

const PLANTS: Plant[] = [
  {
    name: 'one phase of a three-phase meter is wired, the others never were',
    ratedW: 2000,
    show: (minute, chance) => {
      const powerW = minute % 30 < 20 ? 900 + 50 * chance() : 60;
      return {
        ...three('voltage', [228 + 4 * chance(), 0, 0]),
        ...three('current', [powerW / 228, 0, 0]),
        ...three('activePower', [powerW, 0, 0]),
        ...three('powerFactor', [0.98, 0, 0]),
        activePower: powerW,
      };
    },
  },
  {
    name: 'a machine between two phases at 200 V in Japan, the third not wired',
    ratedW: 3000,
    show: (minute, chance) => {
      const powerW = minute % 30 < 20 ? 1900 + 50 * chance() : 80;
      const voltageV = 114 + 2 * chance();
      return {
        ...three('voltage', [voltageV, voltageV, 0]),
        ...three('current', [powerW / 180, powerW / 180, 0]),
        ...three('activePower', [powerW / 2, powerW / 2, 0]),
        activePower: powerW,
      };
    },
  },
  ...[0, 37, 60, 75, 85].map((phi): Plant => ({
    name: `two wattmeters at ${phi} degrees: one of them feeds back beyond 60`,
    show: (minute, chance) =>
      aron(working(minute) + 50 * chance(), phi, { lineV: 400 + chance(), currentL2: phi % 2 === 0 }),
  })),
  {
    name: 'a meter of two wattmeters that shows no power of the phases but zeros',
    show: (minute, chance) => ({
      ...balanced(working(minute) + 50 * chance(), 230 + chance(), 0.8),
      ...three('activePower', [0, 0, 0]),
      ...three('powerFactor', [0, 0, 0]),
    }),
  },
  {
    name: 'drives that brake into the mains for minutes, with an import counter that counts each instant',
    show: (minute, chance) =>
      balanced(minute % 7 === 3 ? -2500 - 300 * chance() : 6000 + 900 * chance(), 230 + chance(), 0.95),
  },
  {
    name: 'a DC drive with a power factor of 0.3',
    show: (minute, chance) => balanced(working(minute) / 2 + 100 * chance(), 231 + chance(), 0.3),
  },
  ...(
    [
      ['277/480 V at 60 Hz', 277],
      ['120/208 V at 60 Hz', 120],
      ['347/600 V in Canada', 347],
      ['220/380 V, 7 % low', 204.6],
      ['240/415 V, 4 % high', 249.6],
      ['100 V in Japan', 101],
      ['127/220 V in Brazil', 127],
      ['400/690 V', 400],
    ] as const
  ).map(([name, voltageV]): Plant => ({
    name,
    show: (minute, chance) =>
      balanced(working(minute) + 99 * chance(), voltageV * (1 + 0.02 * chance()), 0.8),
  })),
  {
    name: '120/240 V with a high leg, 60 Hz',
    show: (minute, chance) => {
      const shown = balanced(working(minute) + 99 * chance(), 120, 0.8);
      const legs: [number, number, number] = [120 + chance(), 208 + 2 * chance(), 120 + chance()];
      const currentA = (shown['current.l1'] ?? 0) * 0.8;
      return {
        ...shown,
        ...three('voltage', legs),
        ...three('current', [currentA, currentA, currentA]),
        ...three('activePower', [
          legs[0] * currentA * 0.8,
          legs[1] * currentA * 0.8,
          legs[2] * currentA * 0.8,
        ]),
        ...three('apparentPower', [legs[0] * currentA, legs[1] * currentA, legs[2] * currentA]),
        apparentPower: (legs[0] + legs[1] + legs[2]) * currentA,
        activePower: (legs[0] + legs[1] + legs[2]) * currentA * 0.8,
      };
    },
  },
  {
    name: 'an isolated network: each phase stands elsewhere against earth, the lines are alike',
    show: (minute, chance) => ({
      ...three('voltage', [150, 131, 119]),
      activePower: working(minute) + 99 * chance(),
      'voltage.l12': 230 + chance(),
      'voltage.l23': 230 + chance(),
      'voltage.l31': 230 + chance(),
    }),
  },
  {
    name: 'only a total and its counter',
    show: (minute, chance) => ({ activePower: working(minute) + 50 * chance() }),
  },
  {
    name: 'only a total, in whole kilowatts, of a furnace that holds its power',
    ratedW: 60_000,
    traits: { activePower: { scale: ['1000', '1'] } },
    state: () => 'processing',
    show: () => ({ activePower: 41_000, ...three('current', [59, 60, 59]) }),
  },
  {
    name: 'a counter of single precision that has grown large: its steps are 64 Wh',
    counterStepWh: 64,
    traits: { activeEnergyImport: { counter: { behaviour: 'monotone' } } },
    minutes: 900,
    show: (minute, chance) => balanced(minute % 200 < 60 ? 6000 : 110 + 20 * chance(), 230 + chance(), 0.7),
  },
  {
    name: 'a heater on one phase at night, after a day of motors',
    minutes: 600,
    show: (minute, chance) => {
      if (minute < 300) return balanced(6000 + 300 * chance(), 230 + chance(), 0.8);
      const powerW = 1900 + 20 * chance();
      const voltageV = 230 + chance();
      return {
        ...three('voltage', [voltageV, voltageV, voltageV]),
        ...three('current', [powerW / voltageV, 0, 0]),
        ...three('activePower', [powerW, 0, 0]),
        ...three('apparentPower', [powerW, 0, 0]),
        activePower: powerW,
        apparentPower: powerW,
      };
    },
  },
  {
    name: 'off for three weeks behind its main switch, then on',
    minutes: 1200,
    show: (minute, chance) =>
      minute > 200 && minute < 1000
        ? balanced(0, chance() < 0.3 ? 3 * chance() : 0.001, 1)
        : balanced(working(minute) + 99 * chance(), 230 + chance(), 0.8),
  },
  {
    name: 'off for weeks, with the mains on the meter in whole volts and amperes',
    minutes: 1200,
    show: (_, chance) => ({
      ...three('voltage', [rounded(230 + chance() / 3, 1), 230, 230]),
      ...three('current', [0, 0, 0]),
      ...three('activePower', [0, 0, 0]),
      activePower: 0,
    }),
  },
];

function* minutesOfPlant(plant: Plant, seed: number): Iterable<MachineMinute> {
  const chance = randomOf(seed);
  const step = plant.counterStepWh ?? 10;
  let importWh = 1_234_560;
  for (let minute = 0; minute < (plant.minutes ?? 480); minute++) {
    const first = plant.show(minute, chance);
    const later = plant.show(minute, chance);
    const readings = new Map<string, MinuteReading>();
    const put = (name: string, one: number, other: number) => {
      const [low, high] = [Math.min(one, other), Math.max(one, other)];
      readings.set(`mill.supply.${name}`, {
        count: 30,
        min: low,
        max: high,
        sum: 15 * (one + other),
        last: other,
      });
    };
    for (const [name, value] of Object.entries(first)) put(name, value, later[name] ?? value);
    const before = importWh;
    importWh += Math.max(0, ((first['activePower'] ?? 0) + (later['activePower'] ?? 0)) / 120);
    const shownWh = (value: number) => step * Math.floor(value / step);
    put('activeEnergyImport', shownWh(before), shownWh(importWh));
    yield { minuteMs: START_MS + minute * MINUTE_MS, readings, controlState: plant.state?.(minute) ?? null };
  }
}

function machineOf(plant: Plant): DiagnosedMachine {
  const names = new Set([...Object.keys(plant.show(0, () => 0.5)), 'activeEnergyImport']);
  return {
    machine: 'mill',
    ratedPowerW: plant.ratedW === undefined ? 15_000 : plant.ratedW,
    componentRatedPowerW: {},
    channels: [...names].map((name) => {
      const [quantity, phase] = name.split('.');
      return channelOf(quantity as Quantity, (phase ?? 'total') as Phase, {
        ...(quantity === 'activeEnergyImport' ? { scale: ['1', '1'] as const } : {}),
        ...plant.traits?.[name],
      });
    }),
    sources: [{ id: 'meter', protocol: 'modbus-tcp', address: '127.0.0.1:502 unit 1', everyMs: 2000 }],
    history: { hours: 500, hasExported: true },
  };
}

describe('a meter that is wired the wrong way from its first day', () => {
  it.each([
    ['all transformers turned round', (powerW: number) => balanced(-powerW, 230, 0.8)],
    [
      'all transformers turned round, of which only the total is read',
      (powerW: number) => ({ activePower: -powerW }),
    ],
    [
      'one phase only, turned round',
      (powerW: number) => ({
        ...three('voltage', [230, 0, 0]),
        ...three('current', [powerW / 230, 0, 0]),
        ...three('activePower', [-powerW, 0, 0]),
        activePower: -powerW,
      }),
    ],
  ])('%s is found, although it never was otherwise', (_, show) => {
    const plant: Plant = { name: '', show: (minute, chance) => show(working(minute) + 99 * chance()) };
    const found = scanMinutes(machineOf(plant), minutesOfPlant(plant, 1));
    expect(found).toMatchObject([
      {
        code: 'transformer-turned',
        fromMs: START_MS,
        saying: expect.stringContaining('the machine never drew anything'),
      },
    ]);
  });
});

describe('a plant that is as it should be gives no finding', () => {
  for (const plant of PLANTS)
    it(plant.name, () => {
      for (const seed of [1, 2, 3])
        expect(
          scanMinutes(machineOf(plant), minutesOfPlant(plant, seed)).map(
            ({ code, saying }) => `${code}: ${saying}`,
          ),
        ).toEqual([]);
    });
});

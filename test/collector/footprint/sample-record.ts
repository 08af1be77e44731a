import { decimalOf, textOf, type DecimalText } from '../../../collector/footprint/figures/decimal.ts';
import type { EmissionFactor } from '../../../collector/footprint/factors/emission-factor.ts';
import {
  FOOTPRINT_FORMAT,
  type FootprintRecord,
} from '../../../collector/footprint/record/footprint-record.ts';

/** Checks that a figure of a sample is written as records write it. */
export const d = (text: string): DecimalText => {
  const canonical = textOf(decimalOf(text));
  if (canonical !== text) throw new Error(`${text} is written ${canonical}`);
  return canonical;
};

/** A life-cycle factor of generation, as the shipped table has it. */
export const SAMPLE_FACTOR: EmissionFactor = {
  id: 'ember-2026/VN/2025',
  table: 'ember-2026',
  region: 'VN',
  year: 2025,
  gCo2ePerKwh: d('460.7'),
  gases: 'CO2e',
  gwp: 'AR5',
  boundary: 'life-cycle',
  basis: 'generation',
  losses: 'excluded',
  isOfficial: false,
  isSupplierSpecific: false,
  source: 'Ember yearly electricity data, via Our World in Data (2026 vintage)',
  reference: 'https://ourworldindata.org/grapher/carbon-intensity-electricity',
  licence: 'CC BY 4.0',
  readIn: 'source',
  standardPercent: null,
  sha256: 'mCwVvh3kZ6lqf1V0Wq3b7q2o0QmS6mJ1l0n2f4sE9xA',
};

const OFFICIAL_FACTOR: EmissionFactor = {
  ...SAMPLE_FACTOR,
  id: 'vn-dcc/VN/2023',
  table: 'vn-dcc',
  year: 2023,
  gCo2ePerKwh: d('659.2'),
  gwp: null,
  boundary: 'direct',
  isOfficial: true,
  source: 'Viet Nam DCC/MONRE grid emission factor',
  readIn: 'secondary',
  sha256: 'q2o0QmS6mJ1l0n2f4sE9xAmCwVvh3kZ6lqf1V0Wq3b7',
};

const NO_STATE = { hours: d('0'), energyKwh: d('0'), meanW: null };

/**
 * June 2026 of a mill at work for 400 h, ready for 100 h, on standby for 220 h: 400 x 6.1 kW + 100 x 1.2 kW + 220 x
 * 0.3 kW = 2440 + 120 + 66 = 2626 kWh, 5.252 kWh per operating hour; x 460.7 g = 1209.7982 kg, 2.419596 kg an hour;
 * x 659.2 g = 1731.0592 kg, 3.462118 kg an hour.
 */
export function sampleUsePhase(): FootprintRecord {
  return {
    format: FOOTPRINT_FORMAT,
    id: '0417ddc4-d0d0-5f5f-8d08-59284b700331',
    version: d('1'),
    issued: '2026-07-03T08:00:00.000Z',
    view: 'use-phase',
    subject: {
      kind: 'machine',
      id: 'mill-1',
      name: 'Mill 1',
      description: '5-axis machining centre, electricity of its use phase as it was used',
      machines: ['mill-1'],
      productIds: ['urn:pact:example.com:machine-hour:mill-1'],
      massKgPerUnit: d('0'),
      fossilCarbonKgPerUnit: d('0'),
      classifications: ['urn:unspsc:23153100'],
      parameters: {
        massKg: d('8200'),
        axes: d('5'),
        spindleKw: d('15'),
        baseMaterial: 'cast iron',
        year: d('2021'),
      },
    },
    period: {
      from: '2026-05-31T17:00:00.000Z',
      to: '2026-06-30T17:00:00.000Z',
      zone: 'Asia/Ho_Chi_Minh',
      name: 'June 2026',
    },
    issuer: {
      company: {
        name: 'Example Machining Co',
        ids: ['urn:lei:5493001KJTIIGC8Y1R12'],
        country: 'VN',
        contact: 'energy@example.com',
      },
      site: 'plant-1',
      region: { country: 'VN', subdivision: null },
      collector: 'collector',
      key: 'Wg0gS0D3q0m3l3mPp7l0zYw0mYj2m1o4Kk5dU8x0o2E',
      software: 'millwatt 0.1.0',
    },
    functionalUnit: {
      unit: 'hour',
      amount: d('1'),
      description: '1 hour of mill-1, operating (warm-up, ready and processing)',
      basis: 'operating',
      count: d('500'),
    },
    boundary: {
      statement: 'Electricity alone, gate to gate: what the machine drew from its supply, in all states.',
      includes: ['electricity of the whole machine: control, drives, spindle, coolant, hydraulics'],
      excludes: [
        'compressed air',
        'tools, coolant and other consumables',
        'making and disposing of the machine',
      ],
    },
    activity: {
      energyKwh: d('2626'),
      perUnitKwh: d('5.252'),
      exportKwh: d('0'),
      states: {
        off: NO_STATE,
        standby: { hours: d('220'), energyKwh: d('66'), meanW: d('300') },
        extendedStandby: NO_STATE,
        warmUp: NO_STATE,
        ready: { hours: d('100'), energyKwh: d('120'), meanW: d('1200') },
        processing: { hours: d('400'), energyKwh: d('2440'), meanW: d('6100') },
        unknown: NO_STATE,
      },
      components: { spindle: { energyKwh: d('1201.5') } },
      residualKwh: d('1424.5'),
      perHour: {
        calendar: { hours: d('720'), kwhPerHour: d('3.647222') },
        powered: { hours: d('720'), kwhPerHour: d('3.647222') },
        operating: { hours: d('500'), kwhPerHour: d('5.252') },
        processing: { hours: d('400'), kwhPerHour: d('6.565') },
      },
      media: [],
      allocated: null,
    },
    allocation: { rule: 'none', statement: 'One machine with its own meter: nothing was allocated.' },
    coverage: {
      watchedPercent: d('100'),
      measuredTimePercent: d('99.4'),
      measuredEnergyPercent: d('99.2'),
      obtained: {
        counterKwh: d('2604.992'),
        integratedKwh: d('0'),
        bridgedKwh: d('21.008'),
        bridgedByKwh: { stateMean: d('21.008'), linear: d('0'), profile: d('0') },
      },
      isComplete: true,
      lacks: [],
    },
    uncertainty: {
      model: 'millwatt-uncertainty/1',
      k: d('2'),
      expandedPercent: d('2.3'),
      sources: [
        { source: 'meter', standardPercent: d('0.35'), note: 'class 0.5S' },
        { source: 'transformers', standardPercent: d('1.0954'), note: 'class 0.5 at 20 % of rated current' },
      ],
      states: { standby: d('5.6'), ready: d('2.6'), processing: d('2.2') },
      missing: [],
    },
    dataQuality: {
      technological: { score: '1', because: 'measured at this machine' },
      geographical: { score: '2', because: 'factor of the country, not of the supplier' },
      temporal: { score: '1', because: 'measured in the period, factor of the year before' },
      completeness: { score: '1', because: '99.2 % of the energy measured' },
      reliability: { score: '1', because: 'metered, signed at the gateway' },
      precision: { score: '2', because: 'U = 2.3 %' },
      primaryActivityPercent: d('99.2'),
      primaryStrictPercent: d('0'),
      policy: 'strict: activity and factor must both be primary',
    },
    emissions: [
      {
        method: 'location',
        factorSet: 'default',
        factors: [{ id: SAMPLE_FACTOR.id, energyKwh: d('2626'), kgCo2e: d('1209.7982') }],
        lossesKgCo2e: d('0'),
        upstreamKgCo2e: d('0'),
        kgCo2e: d('1209.7982'),
        perUnitKgCo2e: d('2.419596'),
        expandedPercent: d('10.3'),
        factorUncertainty: 'declared default of 5 %: the source states none',
        remarks: ['Losses between power plant and site are not in it: nobody told them.'],
      },
      {
        method: 'location',
        factorSet: 'official',
        factors: [{ id: OFFICIAL_FACTOR.id, energyKwh: d('2626'), kgCo2e: d('1731.0592') }],
        lossesKgCo2e: d('0'),
        upstreamKgCo2e: d('0'),
        kgCo2e: d('1731.0592'),
        perUnitKgCo2e: d('3.462118'),
        expandedPercent: d('10.3'),
        factorUncertainty: 'declared default of 5 %: the source states none',
        remarks: [],
      },
    ],
    upstream: [],
    completeness: {
      isPartial: true,
      because: ['electricity of the machine alone, not the footprint of a product'],
    },
    sensitivity: [
      {
        choice: 'factor-set',
        change: 'official instead of default',
        figure: 'perUnitKgCo2e',
        from: d('2.419596'),
        to: d('3.462118'),
        deltaPercent: d('43.1'),
      },
    ],
    cutOff: { exemptedPercent: d('0'), statement: 'Nothing within the boundary was left out.' },
    meters: [
      {
        machine: 'mill-1',
        component: 'supply',
        channel: 'mill-1.supply.importEnergy',
        device: 'carlo-gavazzi em340',
        serial: 'KR0010014',
        accuracyClass: '0.5S',
        transformers: 'CT 100/5 A class 0.5',
        calibrated: '2026-03-01',
        calibrationValidUntil: '2031-03-01',
        certificate: 'D-K-15150 2026-03',
        basis: 'counter',
      },
    ],
    evidence: {
      hours: { count: d('720'), revisedCount: d('0'), sha256: 'Gd3o0QmS6mJ1l0n2f4sE9xAmCwVvh3kZ6lqf1V0Wq3b' },
      algorithms: ['millwatt-energy/5'],
      uncertaintyModel: 'millwatt-uncertainty/1',
      configs: ['kZ6lqf1V0Wq3b7q2o0QmS6mJ1l0n2f4sE9xAmCwVvh3'],
      amendments: [],
      plan: 'lqf1V0Wq3b7q2o0QmS6mJ1l0n2f4sE9xAmCwVvh3kZ6',
      factors: [SAMPLE_FACTOR, OFFICIAL_FACTOR],
      records: [{ agent: 'gw-1', epoch: 'uzas8ggndkuz', from: d('1'), to: d('43201') }],
      status: 'final',
    },
    remarks: [],
  };
}

/**
 * A part, 1,000 good ones of 3.2 kg made on the mill in that month: 2,626 kWh / 1000 = 2.626 kWh and 1.209798 kg of
 * electricity a part, and 4.48 kg of declared steel: 5.689798 kg.
 */
export function samplePart(): FootprintRecord {
  const use = sampleUsePhase();
  return {
    ...use,
    completeness: { isPartial: false, because: [] },
    id: '6234f7f0-5043-5601-b772-8cebea2048e7',
    view: 'manufacturing',
    subject: {
      ...use.subject,
      kind: 'part',
      id: 'housing-7',
      name: 'Housing 7',
      description: 'Spindle housing, milled from steel on mill-1',
      productIds: ['urn:pact:example.com:part:housing-7'],
      massKgPerUnit: d('3.2'),
      fossilCarbonKgPerUnit: d('0.013'),
      classifications: [],
      parameters: {},
    },
    functionalUnit: {
      unit: 'piece',
      amount: d('1'),
      description: '1 good part housing-7, leaving the machine',
      basis: null,
      count: d('1000'),
    },
    activity: {
      ...use.activity,
      perUnitKwh: d('2.626'),
      perHour: null,
      allocated: { directKwh: d('2440'), dividedKwh: d('186') },
    },
    allocation: {
      rule: 'time',
      statement:
        'Energy that no job drew itself was divided among the jobs of the day by their time; scrap stays with good parts.',
    },
    emissions: use.emissions.map((statement, index) => ({
      ...statement,
      perUnitKgCo2e: d(['1.209798', '1.731059'][index] ?? ''),
    })),
    // Of 5.689798 kg, the 4.48 kg of steel are primary.
    dataQuality: { ...use.dataQuality, primaryStrictPercent: d('78.7') },
    upstream: [
      {
        stage: 'material',
        name: 'steel bar 42CrMo4, 4.1 kg',
        kgCo2ePerUnit: d('4.48'),
        biogenicUptakeKgCo2ePerUnit: d('0'),
        source: 'supplier declaration 2026-02',
        primaryPercent: d('100'),
        precedingId: '3c0d2f2e-8f3a-4b5f-9f0e-0a7a3f2f9b10',
      },
    ],
    sensitivity: [],
  };
}

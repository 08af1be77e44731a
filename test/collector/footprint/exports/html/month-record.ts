import { assessPeriod } from '../../../../../collector/energy/uncertainty/period-uncertainty.ts';
import { UNCERTAINTY_MODEL } from '../../../../../collector/energy/uncertainty/uncertainty-statement.ts';
import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import type { OperatingState } from '../../../../../protocols/telemetry/operating-state.ts';
import { milliwattHours, watts } from '../../../../../protocols/telemetry/unit.ts';
import { d, samplePart } from '../../sample-record.ts';
import { denseRecord } from './dense-record.ts';

/** States of a machining centre's month: kWh, hours, A a phase. */
const MONTH: readonly (readonly [OperatingState, number, number, number])[] = [
  ['off', 0.739742, 24.266667, 0.0545],
  ['standby', 13.431479, 12.4125, 1.95],
  ['extendedStandby', 10.53197, 19.116667, 0.988],
  ['warmUp', 0.115178, 0.125, 1.8],
  ['ready', 279.787631, 135.170833, 3.73],
  ['processing', 3921.113, 545.908333, 13],
];

const rounded = (value: number, places: number) => d(String(Number(value.toFixed(places))));

/**
 * A month of a machining centre of 15 kW by one supply meter of class 0.5S behind transformers 100/5 A of class 0.5: five of its
 * six states are below the lowest load of that class. What its budget says is assessed as that of any month.
 */
export function monthRecord(): FootprintRecord {
  const dense = denseRecord();
  const { total, states } = assessPeriod({
    metering: {
      meter: { class: '0.5S', ratedA: null },
      connection: { kind: 'transformer', ct: { class: '0.5', primaryA: 100, secondaryA: 5 } },
    },
    basis: 'register',
    counterStepMwh: 1000,
    closure: 1.0008,
    states: MONTH.map(([state, kWh, hours, currentA]) => ({
      state,
      energyMwh: milliwattHours(kWh * 1e6),
      meanPowerW: watts((kWh * 1000) / hours),
      powerFactor: 0.8,
      currentA,
    })),
  });
  if (total?.kind !== 'known') throw new Error('the uncertainty of the month is not known');
  const [leading, official] = dense.emissions;
  const [supply] = dense.meters;
  const nothing = { hours: d('0'), energyKwh: d('0'), meanW: null };
  return {
    ...dense,
    functionalUnit: {
      ...dense.functionalUnit,
      description: '1 hour of mill-1, operating (warm-up, ready and processing)',
      count: d('681.204167'),
    },
    activity: {
      ...dense.activity,
      states: {
        ...dense.activity.states,
        unknown: nothing,
        ...Object.fromEntries(
          MONTH.map(([state, kWh, hours]) => [
            state,
            {
              hours: d(String(hours)),
              energyKwh: d(String(kWh)),
              meanW: rounded((kWh * 1000) / hours, 3),
            },
          ]),
        ),
      },
      components: { spindle: { energyKwh: d('1196.583341') } },
      residualKwh: d('3029.135659'),
    },
    uncertainty: {
      model: UNCERTAINTY_MODEL,
      k: d('2'),
      expandedPercent: rounded(total.expandedPercent, 2),
      sources: total.rows.map(({ source, standardUncertaintyPercent, note }) => ({
        source,
        standardPercent: rounded(standardUncertaintyPercent, 4),
        note,
      })),
      states: Object.fromEntries(
        Object.entries(states).flatMap(([state, one]) =>
          one.kind === 'known' ? [[state, rounded(one.expandedPercent, 2)]] : [],
        ),
      ),
      missing: [],
    },
    emissions: [
      {
        ...leading!,
        factors: leading!.factors.map((use) => ({
          ...use,
          energyKwh: d('4225.719'),
          kgCo2e: d('1946.788743'),
        })),
        remarks: [
          'Not market-based: no residual mix of VN is known for what contracts and on-site generation leave.',
          ...leading!.remarks,
        ],
      },
      {
        ...official!,
        remarks: [
          ...official!.remarks,
          'vn-dcc/VN/2023 was read where others quote it, not in its source: check it there.',
        ],
      },
    ],
    meters: [
      supply!,
      { ...supply!, component: 'spindle', channel: 'mill-1.spindle.activePower', basis: 'power' },
    ],
    sensitivity: dense.sensitivity.slice(0, 8),
    completeness: {
      isPartial: true,
      because: [
        'electricity of the machine alone, not the footprint of a product: air, coolant, tools and the machine itself are in no figure',
      ],
    },
    remarks: [
      'coverage of mill-1, 744 h: 737 h read, 7 h before the first reading on 2026-10-01 00:00 UTC',
      'Hours of the basis calendar are those watched, 737 h of the 744 h of the period: kWh per hour of it are of these.',
    ],
  };
}

/** The same month of a line. */
export function monthLine(): FootprintRecord {
  const month = monthRecord();
  const line = { kind: 'line', id: 'line-a', name: 'Line A: housings of gear boxes' } as const;
  return { ...month, subject: { ...month.subject, ...line } };
}

/** A part of that month, with long names, three declared parts and what is remarked of an ordinary one. */
export function monthPart(): FootprintRecord {
  const month = monthRecord();
  const part = samplePart();
  const names = [
    'steel bar 42CrMo4 +QT, 4.1 kg, sawn to 312 mm by the supplier',
    'truck of the supplier to the plant, 180 km, EURO 5',
    'pallet and foil, returned',
  ];
  return {
    ...part,
    subject: {
      ...part.subject,
      name: 'Housing of the gear box GX-7, five-axis, with bearing seats ground to h5',
      description: 'Gehäuse für Getriebe GX-7, Zeichnung 4711-0815 Änderungsstand C',
    },
    activity: {
      ...month.activity,
      energyKwh: part.activity.energyKwh,
      perUnitKwh: part.activity.perUnitKwh,
      components: {},
      residualKwh: null,
      perHour: null,
      allocated: part.activity.allocated,
    },
    uncertainty: {
      ...month.uncertainty,
      sources: [
        {
          source: 'supply',
          standardPercent: d('1.155'),
          note: 'each share is as uncertain as the state of the machine that it is of; shares add linearly',
        },
      ],
      states: {},
    },
    emissions: month.emissions,
    sensitivity: month.sensitivity.slice(0, 5),
    upstream: names.map((name, index) => ({
      ...part.upstream[0]!,
      name,
      ...(index === 0 ? { scores: { technological: '2' as const, geographical: '3' as const } } : {}),
    })),
    meters: month.meters,
    remarks: [
      ...month.remarks,
      'Declared parts tell no uncertainty: U is that of the electricity, and that of the whole footprint is not known.',
      'Quality of declared parts was not told: they count as 5 of 5.',
    ],
  };
}

/** A job of that month: the electricity alone. */
export function monthJob(): FootprintRecord {
  const part = monthPart();
  const job = { kind: 'job', id: '4711', name: 'Job 4711, housing-7' } as const;
  return { ...part, subject: { ...part.subject, ...job }, upstream: [] };
}

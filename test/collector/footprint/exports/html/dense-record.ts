import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { d, sampleUsePhase } from '../../sample-record.ts';

/** As much as an ordinary machine has: five states, five components, eleven sources of uncertainty, nine cases of sensitivity. */
export function denseRecord(): FootprintRecord {
  const use = sampleUsePhase();
  const [leading, official] = use.emissions;
  return {
    ...use,
    activity: {
      ...use.activity,
      states: {
        ...use.activity.states,
        off: { hours: d('100'), energyKwh: d('0.5'), meanW: d('5') },
        warmUp: { hours: d('12.25'), energyKwh: d('14.7'), meanW: d('1200') },
      },
      components: Object.fromEntries(
        ['spindle', 'hydraulics', 'coolant', 'chipConveyor', 'control'].map((name, n) => [
          name,
          { energyKwh: d(`${120 - n}.123456`) },
        ]),
      ),
    },
    uncertainty: {
      ...use.uncertainty,
      sources: [
        'meter',
        'ct',
        'ctPhase',
        'vt',
        'vtPhase',
        'drift',
        'environment',
        'sampling',
        'gap',
        'resolution',
        'closure',
      ].map((source, n) => ({
        source,
        standardPercent: d(n < 3 ? '0.3955' : '0'),
        note: 'no temperature coefficient was entered: none is counted',
      })),
    },
    emissions: [
      {
        ...leading!,
        remarks: ['ember-2026/VN/2025 is of 2025: there is none of 2026, and it is the nearest before.'],
      },
      {
        ...official!,
        remarks: [
          'vn-dcc/VN/2023 is of 2023: there is none of 2026, and it is the nearest before.',
          'vn-dcc/VN/2023 counts CO2 alone: other greenhouse gases are left out.',
          'vn-dcc/VN/2023 is direct: supply of fuels and making of plants are left out.',
        ],
      },
      {
        ...leading!,
        method: 'market',
        remarks: [
          'Not market-based: no residual mix of VN is known for what contracts and on-site generation leave.',
        ],
      },
    ],
    sensitivity: Array.from({ length: 9 }, (_, n) => ({
      choice: 'hour-basis',
      change: 'processing hours instead of operating hours',
      figure: 'perUnitKwh',
      from: d('5.252'),
      to: d('6.565'),
      deltaPercent: d(`${25 - n}`),
    })),
  };
}

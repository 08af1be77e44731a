import type { Quantity, Status } from '../../telemetry/quantity.ts';

/** A word of a SINUMERIK and where it may be. */
export interface SinumerikWord {
  status: Status;
  name?: string;
  vocabulary: string;
  /** Ways to write it, usual one first: controls differ in the case of letters. */
  paths: readonly string[];
}

/** A value of a SINUMERIK; its unit is that of the variable's documentation. */
export interface SinumerikValue {
  component: string;
  quantity: Quantity;
  unit: string;
  paths: readonly string[];
  /** Read only where a number answers: the pattern is known, the variable is not of every control. */
  isTrial?: true;
}

/** Words of the first channel and its mode group. */
export const SINUMERIK_WORDS: readonly SinumerikWord[] = [
  {
    status: 'execution',
    vocabulary: 'sinumerik/ProgStatus',
    paths: inBothCases('/Channel/State/progStatus'),
  },
  {
    status: 'channelState',
    vocabulary: 'sinumerik/ChanStatus',
    paths: inBothCases('/Channel/State/chanStatus'),
  },
  { status: 'mode', vocabulary: 'sinumerik/OpMode', paths: inBothCases('/Bag/State/opMode') },
  { status: 'program', vocabulary: 'raw', paths: inBothCases('/Channel/ProgramInfo/progName') },
  { status: 'partCount', vocabulary: 'raw', paths: inBothCases('/Channel/State/actParts') },
  { status: 'partCount', name: 'total', vocabulary: 'raw', paths: inBothCases('/Channel/State/totalParts') },
  { status: 'condition', name: 'alarms', vocabulary: 'raw', paths: inBothCases('/Nck/State/numAlarms') },
  {
    status: 'timer',
    name: 'powerOnTime',
    vocabulary: 'raw',
    paths: inBothCases('/Nck/ChannelDiagnose/poweronTime'),
  },
  {
    status: 'timer',
    name: 'cuttingTime',
    vocabulary: 'raw',
    paths: inBothCases('/Channel/ChannelDiagnose/cuttingTime'),
  },
  {
    status: 'timer',
    name: 'cycleTime',
    vocabulary: 'raw',
    paths: inBothCases('/Channel/ChannelDiagnose/cycleTime'),
  },
];

const SPINDLES_MAX = 4;
const DRIVE_OBJECTS_MAX = 16;

/** Speed and load of spindles, and the power of drive objects. */
export const SINUMERIK_VALUES: readonly SinumerikValue[] = [
  ...Array.from({ length: SPINDLES_MAX }, (_, index): SinumerikValue[] => {
    const component = index === 0 ? 'spindle' : `spindle-${index + 1}`;
    const at = `[u1,${index + 1}]`;
    // A path without unit and line means the first of them.
    const plain = (path: string) => (index === 0 ? [path] : []);
    return [
      {
        component,
        quantity: 'rotationalSpeed',
        unit: '1/min',
        paths: [`/Channel/Spindle/actSpeed${at}`, ...plain('/Channel/Spindle/actSpeed')],
        isTrial: true,
      },
      {
        component,
        quantity: 'load',
        unit: '%',
        paths: [
          `/Channel/Spindle/driveLoad${at}`,
          ...plain('/Channel/Spindle/driveLoad'),
          `/Nck/Spindle/driveLoad${at}`,
          ...plain('/Channel/LogicalSpindle/driveLoad'),
        ],
        isTrial: true,
      },
    ];
  }).flat(),
  // Parameter r0032 of SINAMICS is the active power in kW; its drive object is known by number only.
  ...Array.from({ length: DRIVE_OBJECTS_MAX }, (_, index): SinumerikValue => ({
    component: `drive-${index + 1}`,
    quantity: 'activePower',
    unit: 'kW',
    paths: [`/DriveVsa/Drive/R0032[u${index + 1}]`, `/DriveVsa/Drive/r0032[u${index + 1}]`],
    isTrial: true,
  })),
];

/** What the control is, for the evidence. */
export const SINUMERIK_DEVICE = {
  version: inBothCases('/Nck/Configuration/nckVersion'),
  serial: inBothCases('/Nck/State/hwProductSerialNr[1]'),
} as const;

/** `/Bag/State/opMode` and `/Bag/State/OpMode` */
function inBothCases(path: string): readonly string[] {
  const upper = path.replace(/[^/]+$/, (name) => name.charAt(0).toUpperCase() + name.slice(1));
  return [path, upper];
}

import type { LoadedProfile } from '../../config/library/profile-library.ts';
import {
  functionCodeOf,
  pointName,
  type DeviceProfile,
  type ProfilePoint,
  type RegisterFactor,
} from '../../protocols/modbus/profile/profile.ts';
import { wordsOfConventions, wordsOfIdentity, wordsOfReading } from './profile-device-words.ts';
import { renderTable, wrapText } from '../text-table.ts';

/** How the words are set. */
export interface Setting {
  /** Letters of a line; endless for pipes. */
  width: number;
  heading: (text: string) => string;
}

/** Everything a profile says, in words: what it fits, what must be entered, what is read and how it is asked. */
export function explainProfile({ profile, file }: LoadedProfile, { width, heading }: Setting): string[] {
  const paragraph = (text: string, indent = '  ') =>
    wrapText(text, Math.max(40, Math.min(width, 120)) - indent.length).map((line) => indent + line);
  const section = (title: string, sentences: readonly string[]) =>
    sentences.length === 0 ? [] : ['', heading(title), ...sentences.flatMap((one) => paragraph(one))];
  return [
    ...hang(`${profile.id}  `, `${profile.title} (version ${profile.version})`, width).map((line, i) =>
      i === 0 ? heading(profile.id) + line.slice(profile.id.length) : line,
    ),
    '',
    ...labelled(profile, file).flatMap(([label, text]) => {
      const [first = '', ...rest] = wrapText(text, Math.max(40, Math.min(width, 120)) - LABEL_WIDTH);
      return [label.padEnd(LABEL_WIDTH) + first, ...rest.map((line) => ' '.repeat(LABEL_WIDTH) + line)];
    }),
    ...section('What you must enter', wordsOfDuties(profile)),
    '',
    ...pointLines(profile, width),
    ...statusLines(profile, width),
    ...section('How it is read', wordsOfReading(profile)),
    ...section('What its values mean', wordsOfConventions(profile)),
    ...section('How it is told', wordsOfIdentity(profile)),
    '',
    ...profile.notes.flatMap((note) => hang('note: ', note, width)),
    ...profile.sources.flatMap((source) => hang('source: ', source, width)),
  ];
}

const LABEL_WIDTH = 12;
const UNKNOWN_CLASS = "on the nameplate: enter it in the source, meter: { class: '1' } for example";

function labelled(profile: DeviceProfile, file: string): [label: string, text: string][] {
  return [
    ['vendor', profile.vendor],
    ['models', profile.models.join(', ')],
    ...(profile.aliases.length === 0 ? [] : [['also as', profile.aliases.join(', ')] as [string, string]]),
    [
      'kind',
      profile.kind === 'meter'
        ? 'meter'
        : 'drive: it measures the side of the motor, a signal below the machine and never its total',
    ],
    ['over', profile.transports.map((one) => (one === 'tcp' ? 'Modbus TCP' : 'Modbus RTU')).join(', ')],
    [
      'confidence',
      profile.confidence === 'high'
        ? 'high: two independent sources agree'
        : 'medium: read in one source; compare with the display before trusting it',
    ],
    ...(profile.kind === 'drive' && profile.accuracyClass === undefined
      ? []
      : [['class', profile.accuracyClass ?? UNKNOWN_CLASS] as [string, string]]),
    ...(profile.variants.length === 0
      ? []
      : [
          ['variants', profile.variants.map((name) => `${profile.id}:${name}`).join(', ')] as [
            string,
            string,
          ],
        ]),
    ['file', file],
  ];
}

/** What no document says and nobody but the operator knows. */
function wordsOfDuties(profile: DeviceProfile): string[] {
  const said: string[] = [];
  const unscaled = profile.points.filter((point) => point.scaleFrom === 'operator').map(pointName);
  if (unscaled.length > 0)
    said.push(
      `scales for ${unscaled.join(', ')}: no source states them. Compare the register with the display of the device, and enter what makes the unit of it.`,
    );
  const percents = profile.points.filter((point) => point.scaleFrom === 'rated-power').map(pointName);
  if (percents.length > 0)
    said.push(
      `ratedPower: ${percents.join(', ')} is a percentage of it; it is on the nameplate of the motor.`,
    );
  if (profile.conventions.transformers === 'not-applied' && !profile.points.some(readsRatio))
    said.push(
      'ct and vt, where transformers stand before the device: its registers show the secondary side.',
    );
  return said;
}

function readsRatio({ factors = [] }: ProfilePoint): boolean {
  return factors.some((factor) => factor.as === 'factor');
}

const POINT_COLUMNS = [
  { title: 'read' },
  { title: 'register', align: 'right' },
  { title: 'type' },
  { title: 'raw x', align: 'right' },
  { title: 'unit' },
] as const;

/** The points, each with its remarks; on a terminal too narrow for these, each remark below them, with what it is about. */
function pointLines(profile: DeviceProfile, width: number): string[] {
  const remarks = profile.points.map((point) => remarksOf(profile, point));
  const rows = profile.points.map((point) => [
    pointName(point),
    [point.address, ...(point.plus ?? [])].join(' + '),
    point.type,
    point.scaleFrom === 'operator' ? '?' : point.scale,
    point.unit,
  ]);
  const whole = renderTable(
    [...POINT_COLUMNS, { title: 'remarks' }],
    rows.map((row, i) => [...row, remarks[i] ?? '']),
  );
  if (whole.every((line) => line.length <= width)) return whole;
  const about = Map.groupBy(
    profile.points.map(pointName).filter((_, i) => remarks[i] !== ''),
    (name) => remarks[profile.points.findIndex((point) => pointName(point) === name)] ?? '',
  );
  return [
    ...renderTable(POINT_COLUMNS, rows, width),
    ...(about.size === 0 ? [] : ['']),
    ...[...about].flatMap(([remark, names]) => hang('* ', `${names.join(', ')}: ${remark}`, width)),
  ];
}

function remarksOf(profile: DeviceProfile, point: ProfilePoint): string {
  const { counter } = point;
  return [
    ...(functionCodeOf(profile, point) === profile.functionCode ? [] : [`function ${point.functionCode}`]),
    ...(point.wordOrder === undefined || point.wordOrder === profile.wordOrder
      ? []
      : [`${point.wordOrder} word first`]),
    ...(point.plus === undefined ? [] : ['added up']),
    ...(point.factors ?? []).map((factor) => wordsOfFactor(profile, point, factor)),
    ...(point.scaleFrom === 'operator' ? ['scale to be entered'] : []),
    ...(point.scaleFrom === 'rated-power' ? ['of ratedPower'] : []),
    ...(point.encoding === 'four-quadrant' ? ['four quadrants'] : []),
    ...(counter === undefined || counter.behaviour === 'monotone' ? [] : [counter.behaviour]),
    ...(counter?.maximum === undefined ? [] : [`stops at ${counter.maximum}`]),
    ...(counter?.modulus === undefined ? [] : [`starts again at ${counter.modulus}`]),
    ...(counter?.resolution === undefined ? [] : [`steps of ${counter.resolution}`]),
    ...(counter?.stepsBack === true ? ['may step back after a power loss'] : []),
    ...(point.notAvailable === undefined ? [] : [`no value: ${point.notAvailable.join(', ')}`]),
    ...(point.confidence === undefined || point.confidence === profile.confidence
      ? []
      : [`confidence ${point.confidence}`]),
  ].join(', ');
}

function wordsOfFactor(profile: DeviceProfile, point: ProfilePoint, factor: RegisterFactor): string {
  const code = factor.functionCode ?? functionCodeOf(profile, point);
  const place = [
    ...(factor.byte === undefined ? [] : [`${factor.byte} byte of`]),
    ...(code === profile.functionCode ? [] : [`function ${code}`]),
    `register ${factor.address}`,
  ].join(' ');
  if (factor.as === 'decimals') return `decimals in ${place}`;
  if (factor.as === 'thousands') return `times 1000 to the power in ${place}`;
  return `times ${factor.scale === '1' ? '' : `${factor.scale} x `}${place}`;
}

function statusLines(profile: DeviceProfile, width: number): string[] {
  if (profile.statuses.length === 0) return [];
  return [
    '',
    ...renderTable(
      [
        { title: 'status' },
        { title: 'register', align: 'right' },
        { title: 'type' },
        { title: 'words', spare: 1 },
      ],
      profile.statuses.map(({ status, address, type, bit, vocabulary }) => [
        status,
        String(address),
        bit === undefined ? type : `bit ${bit}`,
        vocabulary,
      ]),
      width,
    ),
    ...hang(
      '* ',
      `A status word is read only where read names it: read: [activePower, ${profile.statuses.map(({ status }) => status).join(', ')}].`,
      width,
    ),
  ];
}

function hang(label: string, text: string, width: number): string[] {
  const [first = '', ...rest] = wrapText(text, Math.max(40, Math.min(width, 120)) - label.length);
  return [label + first, ...rest.map((line) => ' '.repeat(label.length) + line)];
}

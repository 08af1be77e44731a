import type { Driver, Poll, RequestTrace, StatusReport } from '../../protocols/driver.ts';
import type { Channel } from '../../protocols/telemetry/channel.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { formatReading, valueOf } from '../reading-format.ts';
import { style } from '../screen.ts';
import { explainLeftOut, renderTable, wrapText, type TextColumn } from '../text-table.ts';
import { ABSURD_WORDS, remarkOnAbsurd } from './absurd-values.ts';

/** What the status channels said last. */
export type Words = ReadonlyMap<string, StatusReport>;

/** What became of a poll. */
export interface Outcome {
  poll?: Poll;
  error?: string;
}

/** What to know besides the values. */
export interface Remarks {
  /** By channel id. */
  ofPoints: ReadonlyMap<string, string>;
  /** Why the device may be another than is meant, and what its driver found that one should know. */
  ofDevice: readonly string[];
}

/** Below so many columns, names lose what all of them begin with and long registers are cut. */
const NARROW_COLUMNS = 120;
const NARROW_WORDS = 4;

/** One source: its points with their registers, what to know of them, and the requests of the last poll. */
export function drawSource(
  driver: Driver,
  outcome: Outcome,
  words: Words,
  { ofPoints, ofDevice }: Remarks,
  width: number,
): string[] {
  const { id, address, profile } = driver.description;
  const title = `${style(id, 'bold')}  ${address}${profile === undefined ? '' : `  ${profile.id}`}`;
  const trace = driver.trace?.();
  const requests = drawRequests(trace?.requests ?? [], width);
  if (outcome.error !== undefined)
    return [
      title,
      ...wrapText(outcome.error, width - 2).map((line) => style(`  ${line}`, 'red')),
      ...requests,
      '',
    ];
  if (outcome.poll === undefined) return [`${title}  ${style('asking ...', 'dim')}`, ''];
  const nameOf = shortNames(driver.channels, width);
  const raw = trace?.raw ?? new Map<string, Uint16Array>();
  const rows = driver.channels.map((channel) =>
    rowOf(channel, outcome.poll, words, nameOf, raw.get(channel.id), width),
  );
  const columns: TextColumn[] = [
    { title: 'channel' },
    { title: 'value', align: 'right' },
    { title: 'unit' },
    { title: 'quality' },
    ...(raw.size > 0 ? [{ title: 'registers (hex)', spare: 2 }] : []),
    { title: 'point', spare: 1 },
  ];
  const cells = raw.size > 0 ? rows : rows.map((row) => row.toSpliced(4, 1));
  const remarks = [...ofPoints, ...(trace?.remarks ?? [])].filter(([channel]) =>
    driver.channels.some((one) => one.id === channel),
  );
  const absurd = remarkOnAbsurd(driver, outcome.poll).map((channel) => `${nameOf(channel)}: ${ABSURD_WORDS}`);
  return [
    `${title}  ${style(`round trip ${outcome.poll.roundTripMs.toFixed(1)} ms`, 'dim')}`,
    ...ofDevice
      .flatMap((text) => wrapText(text.endsWith('.') ? text : `${text}.`, width))
      .map((line) => style(line, 'yellow')),
    ...(rows.length === 0 ? [style('Nothing is read of it.', 'yellow')] : renderTable(columns, cells, width)),
    ...explainLeftOut(columns, cells, width).map((line) => style(line, 'dim')),
    ...absurd.flatMap((text) => wrapText(text, width)).map((line) => style(line, 'yellow')),
    ...remarks.flatMap(([channel, text]) =>
      wrapText(`${nameOf(channel)}: ${text}`, width).map((line) => style(line, 'yellow')),
    ),
    ...requests,
    '',
  ];
}

function rowOf(
  channel: Channel,
  poll: Poll | undefined,
  words: Words,
  nameOf: (id: string) => string,
  registers: Uint16Array | undefined,
  width: number,
): string[] {
  const hex = hexOf(registers, width);
  if (channel.kind === 'status') {
    const value = words.get(channel.id)?.value ?? null;
    return [nameOf(channel.id), value === null ? '-' : String(value), '', 'status', hex, channel.point];
  }
  const reading = poll?.readings.find((one) => one.channel === channel.id);
  const value = reading === undefined ? null : valueOf(channel, reading.value);
  return [
    nameOf(channel.id),
    formatReading(value),
    QUANTITIES[channel.quantity].unit,
    value === null ? 'no value' : (reading?.quality ?? 'bad'),
    hex,
    channel.point,
  ];
}

/** The plan of the last poll: what was asked, how long it took, what became of it. */
function drawRequests(requests: readonly RequestTrace[], width: number): string[] {
  if (requests.length === 0) return [];
  const rows = requests.map(({ text, count, roundTripMs, outcome }) => [
    text,
    String(count),
    roundTripMs === null ? '-' : `${roundTripMs.toFixed(1)} ms`,
    outcome === 'ok' ? outcome : style(outcome, 'yellow'),
  ]);
  return [
    '',
    ...renderTable(
      [
        { title: 'request' },
        { title: 'registers', align: 'right' },
        { title: 'round trip', align: 'right' },
        { title: 'outcome' },
      ],
      rows,
      width,
    ),
  ];
}

/** On a narrow terminal, ids without the machine and component that all channels of a source share. */
function shortNames(channels: readonly Channel[], width: number): (id: string) => string {
  const prefixes = new Set(channels.map(({ machine, component }) => `${machine}.${component}.`));
  const [prefix = ''] = prefixes;
  return width >= NARROW_COLUMNS || prefixes.size !== 1 ? (id) => id : (id) => id.slice(prefix.length);
}

function hexOf(registers: Uint16Array | undefined, width: number): string {
  if (registers === undefined) return '-';
  const words = [...registers].map((word) => word.toString(16).padStart(4, '0'));
  return width >= NARROW_COLUMNS || words.length <= NARROW_WORDS
    ? words.join(' ')
    : `${words.slice(0, NARROW_WORDS).join(' ')} …`;
}

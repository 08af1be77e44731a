import type { ExplainedHour, ExplainedMeter, Figure } from '../collector/reports/explained-hour.ts';
import { formatSpan } from './format.ts';
import { drawStrip, STATE_LETTERS } from './hours-strip.ts';
import { explainReasons } from './reason-words.ts';
import { style } from './screen.ts';
import { wrapText } from './text-table.ts';
import { wrapLines } from './text-wrap.ts';

const HOUR_MS = 3_600_000;
/** Below this, labels stand above what they label. */
const SIDE_BY_SIDE = 60;
const LABEL_MAX = 34;

/** A label and what is said of it. */
type Row = readonly [label: string, saying: string];

/** The page of text for people: everything that one hour rests on, in sections that a pocket calculator can follow. */
export function explainLines(explained: ExplainedHour, width: number): string[] {
  const { machine, hourMs, hour } = explained;
  const [day = '', time = ''] = new Date(hourMs).toISOString().slice(0, 16).split('T');
  const end = new Date(hourMs + HOUR_MS).toISOString().slice(11, 16);
  const states = explained.states.map(({ state }) => `${STATE_LETTERS[state]} ${state}`).join(', ');
  return [
    style(`${machine}, ${day} ${time} to ${end} UTC`, 'bold'),
    ...wrapText(explained.basis.status, width),
    ...section(
      'Energy',
      [...explained.time, ...explained.energy].map((figure) => rowOf(figure)),
      width,
    ),
    ...heading('Power and states'),
    ...drawStrip(explained.curve, explained.gaps, width),
    ...wrapLines(`  ${states}${explained.gaps.length === 0 ? '' : ', x not measured all the time'}`, width),
    ...section('States: energy / time = mean power', stateRows(explained), width),
    ...explained.counters.flatMap(({ component, figures }) =>
      section(
        `Counter of ${component}, times in UTC`,
        figures.map((figure) => rowOf(figure, hourMs)),
        width,
      ),
    ),
    ...section(
      'Counter against power',
      explained.closure.map((figure) => rowOf(figure)),
      width,
    ),
    ...section(
      'Components',
      explained.components.map((figure) => rowOf(figure)),
      width,
    ),
    ...section('Gaps', gapRows(explained), width),
    ...section('What was decided about the counter', decisionRows(explained), width),
    ...section('Amendments', amendmentRows(explained), width),
    ...section('Uncertainty', uncertaintyRows(explained), width),
    ...section(
      'What is marked in it',
      explainReasons([hour]).map((line): Row => splitReason(line)),
      width,
    ),
    ...section('Meters', explained.meters.map(meterRow), width),
    ...section('Rests on', basisRows(explained), width),
  ];
}

function rowOf({ label, saying, atMs }: Figure, hourMs = 0): Row {
  return [atMs === undefined ? label : `${label} (${sayMoment(atMs, hourMs)})`, saying];
}

/** `05:59:59`; with its day where that is not the day of the hour. */
function sayMoment(atMs: number, hourMs: number): string {
  const [day = '', time = ''] = new Date(atMs).toISOString().slice(0, 19).split('T');
  return new Date(hourMs).toISOString().startsWith(day) ? time : `${day} ${time}`;
}

function stateRows({ states, sums }: ExplainedHour): Row[] {
  const rows = states.map(({ state, saying, decided }): Row => {
    const how = decided.map(({ decider, ms, bases }) => {
      const words = bases.length === 0 ? '' : ` (${bases.join('; ')})`;
      return `${decider} ${formatSpan(ms)}${words}`;
    });
    const arithmetic = saying.slice(state.length + 2);
    return [state, how.length === 0 ? arithmetic : `${arithmetic}; decided by ${how.join(', ')}`];
  });
  return [...rows, ...sums.map((figure) => rowOf(figure))];
}

function gapRows({ gaps }: ExplainedHour): Row[] {
  const clock = (atMs: number) => new Date(atMs).toISOString().slice(11, 16);
  return gaps.map(({ fromMs, toMs, saying, reasons }) => [
    `${clock(fromMs)} to ${clock(toMs)}`,
    reasons.length === 0 ? saying : `${saying} (${reasons.join(', ')})`,
  ]);
}

function decisionRows({ decisions }: ExplainedHour): Row[] {
  return decisions.map(({ atMs, component, kind, saying, amendment }) => [
    `${new Date(atMs).toISOString().slice(11, 19)} ${component}: ${kind}`,
    amendment === null ? saying : `${saying} (amendment ${amendment})`,
  ]);
}

function amendmentRows({ amendments }: ExplainedHour): Row[] {
  return amendments.map(({ id, by, atMs, saying }) => {
    const who = [
      ...(by === null ? [] : [`by ${by}`]),
      ...(atMs === null ? [] : [`on ${new Date(atMs).toISOString().slice(0, 10)}`]),
    ].join(' ');
    return [id, who === '' ? saying : `${saying} (${who})`];
  });
}

function uncertaintyRows({ uncertainty }: ExplainedHour): Row[] {
  if (uncertainty.kind === 'not-assessed') return [['not assessed', uncertainty.because]];
  const { total, figures, missing, notes } = uncertainty;
  const budget =
    total?.kind === 'known'
      ? total.rows
          .filter(({ sharePercent }) => sharePercent >= 0.05)
          .sort((a, b) => b.sharePercent - a.sharePercent)
          .map(({ source, sharePercent, halfWidthPercent, standardUncertaintyPercent, note }): Row => [
            `  ${source}`,
            `${Number(sharePercent.toPrecision(2))} % of it: ${halfWidthPercent === null ? '' : `half width ${sayPercent(halfWidthPercent)}, `}u = ${sayPercent(standardUncertaintyPercent)}; ${note}`,
          ])
      : [];
  const [first, ...others] = figures.map((figure) => rowOf(figure));
  const cures = missing.map(({ fact, remedy, key }): Row => [
    `  ${fact}`,
    key === null ? remedy : `${remedy} (${key})`,
  ]);
  const remarks = notes.map((note): Row => ['  note', note]);
  return first === undefined ? [] : [first, ...budget, ...others, ...cures, ...remarks];
}

/** Three significant digits, as limits of classes are told. */
function sayPercent(percent: number): string {
  return `${Number(percent.toPrecision(3))} %`;
}

function meterRow(meter: ExplainedMeter): Row {
  const { serial, ct, vt, profile, device, scale, address, point, protocol } = meter;
  const words = [
    `${point} of ${meter.source}${protocol === '' ? '' : ` (${protocol} ${address})`}`,
    device ?? '',
    profile === null ? '' : `profile ${profile}`,
    serial === null ? 'no serial number written down' : `serial ${serial}`,
    meter.class === null ? 'no class written down' : `class ${meter.class}`,
    ct === null ? '' : `current transformer ${ct}`,
    vt === null ? '' : `voltage transformer ${vt}`,
    scale[1] === '1' ? `raw x ${scale[0]}` : `raw x ${scale[0]} / ${scale[1]}`,
  ];
  return [`${meter.component} ${meter.quantity}`, words.filter((word) => word !== '').join(', ')];
}

function basisRows({ basis }: ExplainedHour): Row[] {
  return [
    ['algorithm', basis.algorithm],
    ...basis.records.map((records): Row => ['records', records]),
    ...basis.snapshots.map((hash): Row => ['config snapshot', hash]),
  ];
}

function splitReason(line: string): Row {
  const at = line.indexOf(': ');
  return [line.slice(0, at), line.slice(at + 2)];
}

function heading(title: string): string[] {
  return ['', style(title, 'bold')];
}

/** A heading with its rows; nothing without any. What is said wraps under itself. */
function section(title: string, rows: readonly Row[], width: number): string[] {
  if (rows.length === 0) return [];
  const label = Math.min(LABEL_MAX, Math.max(...rows.map(([one]) => one.length)));
  const isSideBySide = width >= SIDE_BY_SIDE;
  const indent = isSideBySide ? label + 4 : 4;
  return [
    ...heading(title),
    ...rows.flatMap(([one, saying]) => {
      // A control may say anything, a terminal's own commands among it.
      const plain = saying.replaceAll(/\p{Cc}+/gu, ' ');
      const lines = breakWords(plain, Math.max(16, width - indent));
      if (!isSideBySide || one.length > label)
        return [...wrapLines(`  ${one}`, width), ...lines.map((line) => ' '.repeat(indent) + line)];
      return lines.map((line, index) => `  ${(index === 0 ? one : '').padEnd(label)}  ${line}`);
    }),
  ];
}

/** Lines of at most `width`, broken between words, and within those that are wider; a figure keeps its unit. */
function breakWords(text: string, width: number): string[] {
  const tied = text.replaceAll(/(?<=\d) (?=(kWh|Wh|kW|W|h|s|min|A|V|%|l|Nm3)\b)/g, '\u00a0');
  return wrapText(tied, width).flatMap((line) =>
    Array.from({ length: Math.max(1, Math.ceil(line.length / width)) }, (_, part) =>
      line.slice(part * width, (part + 1) * width).replaceAll('\u00a0', ' '),
    ),
  );
}

import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import type { OtherVariable, SeenValue, Survey, SurveyedModel } from '../../protocols/opcua/browse/survey.ts';
import { formatReading, valueOf } from '../reading-format.ts';
import { style } from '../screen.ts';
import { explainLeftOut, renderTable, wrapText, type TextColumn } from '../text-table.ts';
import { displayWidth } from '../text-wrap.ts';
import { writeOpcuaFragment, type SurveyLogin } from './opcua-fragment.ts';

const PROSE_WIDTH = 100;
const VALUE_LENGTH_MAX = 24;
/** More others than these are only shown with --all. */
const MANY = 100;
/** A table may be as wide as the window, but where there is none it is not read on a wall. */
const TABLE_WIDTH = 120;
const MEASURED: readonly TextColumn[] = [
  { title: 'measured' },
  { title: 'channel' },
  { title: 'now' },
  { title: 'accuracy', spare: 1 },
];
const WORDS: readonly TextColumn[] = [
  { title: 'told' },
  { title: 'channel' },
  { title: 'now' },
  { title: 'vocabulary', spare: 1 },
];
/** What a class in percent is of, in the words of OPC 34100. */
const DOMAINS: Readonly<Record<string, string>> = {
  PERCENT_FULL_SCALE: 'full scale',
  PERCENT_ACTUAL_READING: 'of reading',
};

/** What a server offers, for people. */
export function drawSurvey(survey: Survey, login: SurveyLogin, width: number): string[] {
  const prose = Math.min(width, PROSE_WIDTH);
  const { endpoint, isInsecure, models, machines, isCut } = survey;
  const fragment = writeOpcuaFragment(survey, login);
  return [
    ...wrapText(`${endpoint}${isInsecure ? ', without security' : ''}`, prose),
    ...(isCut ? [style('Ended before it was through; this is what was seen until then.', 'yellow')] : []),
    ...(machines.length > 1
      ? wrapText(`Machines: ${machines.map(({ name }) => clean(name)).join(', ')}.`, prose)
      : []),
    ...models.flatMap((model) => ['', ...drawModel(model, survey, width, prose)]),
    ...drawOthers(survey, width, prose),
    ...(survey.remarks.length === 0
      ? []
      : ['', ...survey.remarks.flatMap((remark) => bullet(remark, prose))]),
    '',
    ...(fragment.length === 0
      ? wrapText(NOTHING, prose)
      : [style('To paste below sources: in agent.yaml', 'bold'), '', ...fragment]),
  ];
}

const NOTHING =
  'Nothing that can be read was found. Where the maker has put it deeper or under other names, look with --depth or --path, and list what you need under nodes.';

function drawModel(
  { model, instance, found, values }: SurveyedModel,
  survey: Survey,
  width: number,
  prose: number,
): string[] {
  const name = instance ?? survey.machines[0]?.name;
  const { device, measured, statuses, remarks } = found;
  const about = [
    device?.manufacturer,
    device?.model,
    device?.serial === undefined ? undefined : `serial ${device.serial}`,
    device?.uri,
  ].filter((part) => part !== undefined);
  const figures = measured.map((one) => ({
    point: one.point,
    component: one.component,
    channel: one.phase === 'total' ? one.quantity : `${one.quantity} ${one.phase}`,
    now: showMeasured(one, values.get(one.nodeId)),
    note: one.accuracy === undefined ? '' : showAccuracy(one.accuracy),
  }));
  const words = statuses.map((one) => ({
    point: one.point,
    component: one.component,
    channel: one.name === undefined ? one.status : `${one.status} ${one.name}`,
    now: showWord(values.get(one.nodeId)),
    note: one.vocabulary === 'raw' ? '' : one.vocabulary,
  }));
  return [
    style(clean([name, `model ${model}`].filter((part) => part !== undefined).join(', ')), 'bold'),
    ...(about.length === 0 ? [] : wrapText(clean(about.join(', ')), prose)),
    ...(figures.length + words.length === 0 ? ['Nothing of it was found.'] : []),
    ...drawRows(MEASURED, figures, width),
    ...drawRows(WORDS, words, width),
    ...(remarks.length === 0 ? [] : ['', ...remarks.flatMap((remark) => bullet(remark, prose))]),
  ];
}

interface Row {
  point: string;
  component: string;
  channel: string;
  now: string;
  note: string;
}

/** One table; what lies in one place stands together below its name, so that points fit into a line. */
function drawRows(columns: readonly TextColumn[], rows: readonly Row[], width: number): string[] {
  if (rows.length === 0) return [];
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = `${placeOf(row.point)}\u0000${row.component}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const ordered = [...groups].flatMap(([key, group]) => group.map((row) => ({ key, row })));
  const cells = ordered.map(({ row }) => [
    `  ${clean(row.point.slice(placeOf(row.point).length).replace(/^\//, ''))}`,
    clean(row.channel),
    row.now,
    clean(row.note),
  ]);
  const tableWidth = Math.min(width, TABLE_WIDTH);
  const [header = '', ruler = '', ...lines] = renderTable(columns, cells, tableWidth);
  let last = '';
  return [
    '',
    header,
    ruler,
    ...ordered.flatMap(({ key }, index) => {
      const line = lines[index] ?? '';
      if (key === last) return [line];
      last = key;
      const [place = '', component = ''] = key.split('\u0000');
      return [`${style(clean(place === '' ? '/' : place), 'cyan')}  ${style(component, 'dim')}`, line];
    }),
    ...explainLeftOut(columns, cells, tableWidth).map((line) => style(line, 'dim')),
  ];
}

/** The first two levels of a point, or one where it has only two: what is above the line of a point. */
function placeOf(point: string): string {
  const parts = point.split('/');
  const levels = point.startsWith('/') ? 3 : 2;
  return parts.slice(0, Math.min(levels, parts.length - 1)).join('/');
}

function drawOthers({ others, othersLeft, start, models }: Survey, width: number, prose: number): string[] {
  const where = start.length === 0 ? '' : ` below ${clean(start.join('/'))}`;
  if (others.length === 0) return start.length === 0 ? [] : ['', `No numeric variable was found${where}.`];
  const title = models.length === 0 ? 'Numeric variables' : 'Other numeric variables';
  let last = '';
  return [
    '',
    style(`${title}${where}`, 'bold'),
    ...others.flatMap((variable) => {
      const place = clean(variable.path.slice(0, -1).join('/'));
      const heading = place === last ? [] : [style(place === '' ? '/' : place, 'cyan')];
      last = place;
      return [...heading, ...drawOther(variable, width)];
    }),
    ...(othersLeft === 0
      ? []
      : wrapText(
          `and ${othersLeft} more: look below one with --path${others.length < MANY ? ', or see all with --all' : ''}.`,
          prose,
        )),
  ];
}

function drawOther({ path, node, value, unit }: OtherVariable, width: number): string[] {
  const name = clean(path.at(-1) ?? '');
  const now = `${typeof value.value === 'number' ? formatReading(value.value) : String(value.value ?? '-')}${unit === undefined || unit === '1' ? '' : ` ${unit}`}`;
  const line = `  ${name.padEnd(28)}  ${now.padEnd(16)}`;
  const id = clean(node);
  return displayWidth(line) + 2 + id.length <= width
    ? [`${line}  ${style(id, 'dim')}`]
    : [line.trimEnd(), `      ${style(id, 'dim')}`];
}

function showMeasured(one: SurveyedModel['found']['measured'][number], seen: SeenValue | undefined): string {
  const reading = typeof seen?.value === 'number' || typeof seen?.value === 'bigint' ? seen.value : null;
  const value = valueOf(one, reading);
  if (value === null) return '-';
  const { unit } = QUANTITIES[one.quantity];
  return `${formatReading(value)}${unit === '1' ? '' : ` ${unit}`}${seen?.quality === 'uncertain' ? ' (uncertain)' : ''}`;
}

/** `0.5% full scale`, `class 0.5S (IEC)` */
function showAccuracy({ class: name, domain }: { class: string; domain?: string }): string {
  const of = domain === undefined ? undefined : DOMAINS[domain];
  if (of !== undefined && name.endsWith('%')) return `${name} ${of}`;
  return `class ${name}${domain === undefined ? '' : ` (${of ?? domain})`}`;
}

function showWord(seen: SeenValue | undefined): string {
  if (seen === undefined || seen.value === null || seen.value === '') return '-';
  const text = clean(String(seen.value));
  return text.length > VALUE_LENGTH_MAX ? `${text.slice(0, VALUE_LENGTH_MAX - 1)}…` : text;
}

function bullet(text: string, width: number): string[] {
  return wrapText(clean(text), width - 2).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
}

/** What a server said, without anything that a terminal would obey. */
function clean(text: string): string {
  return text.replace(/\p{C}+/gu, ' ');
}

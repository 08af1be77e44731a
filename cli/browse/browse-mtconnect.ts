import { unitOf } from '../../protocols/mtconnect/item-scale.ts';
import { surveyAgent, type AgentSurvey } from '../../protocols/mtconnect/survey-agent.ts';
import { renderTable, wrapText } from '../text-table.ts';
import { writeMtconnectFragment } from './mtconnect-fragment.ts';

/** What of an agent is looked at, and how it is shown. */
export interface MtconnectBrowseOptions {
  /** Name or uuid, where the agent has several devices. */
  device?: string | undefined;
  /** PEM text of the authority that signed the agent. */
  ca?: string | undefined;
  /** For one request, real ms. */
  timeoutMs: number;
  /** Characters a line; 80 by default. */
  width?: number;
  /** Ends it: what is known until then is shown. */
  signal?: AbortSignal;
}

/** What an agent offers: for people, and as data. */
export interface MtconnectBrowsing {
  lines: string[];
  json: object;
  /** It was ended before all was seen. */
  isCut: boolean;
}

const VALUE_LENGTH_MAX = 28;
const OTHERS_MAX = 30;

/**
 * Shows what an MTConnect agent offers: what we read of it, with units and values of now, what we leave out, and an entry
 * for the configuration. Throws an error of class `retry` where it cannot be reached, `refuse` for a device it has not.
 */
export async function browseMtconnect(
  url: string,
  options: MtconnectBrowseOptions,
): Promise<MtconnectBrowsing> {
  const address = url.replace(/\/+(?:probe|current)?\/*$/, '');
  const survey = await surveyAgent({ ...options, url: address });
  return {
    lines: drawSurvey(address, survey, options.width ?? 80).map(clean),
    json: surveyAsJson(address, survey),
    isCut: survey.isCut,
  };
}

function drawSurvey(url: string, survey: AgentSurvey, width: number): string[] {
  const { version, devices, chosen } = survey;
  const head = `MTConnect agent${version === '' ? '' : ` ${version}`} at ${url}`;
  if (chosen === undefined)
    return [
      ...wrapText(`${head} has ${devices.length} devices: ${devices.join(', ')}.`, width),
      '',
      ...wrapText('Choose one of them with --device NAME.', width),
    ];
  const { name, wiring, others, values } = chosen;
  const rows = wiring.wired.map(({ item, channel }) => [
    channel.id.slice(channel.machine.length + 1),
    item.name ?? item.id,
    channel.kind === 'measured' ? showUnits(item.units) : channel.vocabulary,
    shown(values.get(item.id)),
  ]);
  return [
    ...wrapText(`${head}, device ${name}: ${rows.length} channels.`, width),
    ...(survey.isCut ? ['Ended before its values had come.'] : []),
    '',
    ...renderTable(
      [{ title: 'channel' }, { title: 'item' }, { title: 'unit or vocabulary', spare: 1 }, { title: 'now' }],
      rows,
      width,
    ),
    ...drawUnitless(chosen, width),
    ...drawOthers(others, values, width),
    '',
    'For sources: in the file of an agent:',
    '',
    ...writeMtconnectFragment(url, survey),
  ];
}

function drawUnitless({ wiring, values }: NonNullable<AgentSurvey['chosen']>, width: number): string[] {
  if (wiring.unitless.length === 0) return [];
  return [
    '',
    'Left out until you tell their unit:',
    ...renderTable(
      [{ title: 'item' }, { title: 'quantity' }, { title: 'component' }, { title: 'now' }],
      wiring.unitless.map(({ item, quantity, component }) => [
        item.name ?? item.id,
        quantity,
        component,
        shown(values.get(item.id)),
      ]),
      width,
    ),
  ];
}

function drawOthers(
  others: NonNullable<AgentSurvey['chosen']>['others'],
  values: ReadonlyMap<string, string | null>,
  width: number,
): string[] {
  if (others.length === 0) return [];
  const left = others.length - OTHERS_MAX;
  return [
    '',
    'Not read; items can name them all the same:',
    ...renderTable(
      [{ title: 'item' }, { title: 'type' }, { title: 'units', spare: 1 }, { title: 'now' }],
      others
        .slice(0, OTHERS_MAX)
        .map((item) => [item.name ?? item.id, item.type, item.units ?? '', shown(values.get(item.id))]),
      width,
    ),
    ...(left > 0 ? [`and ${left} more; --json lists all.`] : []),
  ];
}

/** Our name of a unit, and that of the agent: `kW (KILOWATT)`. */
function showUnits(units: string | undefined): string {
  const ours = units === undefined ? undefined : unitOf(units);
  return ours === undefined ? (units ?? '') : `${ours} (${units})`;
}

/** A line without anything that a terminal would obey, whatever the agent calls its things. */
function clean(line: string): string {
  return line.replace(/\p{C}+/gu, ' ');
}

/** What an agent said, without anything that a terminal would obey. */
function shown(value: string | null | undefined): string {
  if (value === undefined || value === null) return '-';
  const plain = clean(value).trim();
  return plain.length > VALUE_LENGTH_MAX ? `${plain.slice(0, VALUE_LENGTH_MAX - 3)}...` : plain;
}

function surveyAsJson(url: string, survey: AgentSurvey): object {
  const { version, bufferSize, devices, chosen } = survey;
  return {
    protocol: 'mtconnect',
    url,
    version,
    bufferSize: bufferSize ?? null,
    isComplete: !survey.isCut,
    devices,
    ...(chosen === undefined
      ? {}
      : {
          device: { name: chosen.name, ...chosen.wiring.device },
          channels: chosen.wiring.wired.map(({ item, channel }) => ({
            channel: channel.id.slice(channel.machine.length + 1),
            ...about(item),
            ...(channel.kind === 'status' ? { vocabulary: channel.vocabulary } : { scale: channel.scale }),
            value: chosen.values.get(item.id) ?? null,
          })),
          withoutUnit: chosen.wiring.unitless.map(({ item, quantity, component }) => ({
            ...about(item),
            quantity,
            component,
            value: chosen.values.get(item.id) ?? null,
          })),
          others: chosen.others.map((item) => ({
            ...about(item),
            value: chosen.values.get(item.id) ?? null,
          })),
          remarks: chosen.wiring.remarks,
          fragment: writeMtconnectFragment(url, survey).join('\n'),
        }),
  };
}

function about(item: NonNullable<AgentSurvey['chosen']>['others'][number]) {
  return {
    item: item.id,
    name: item.name ?? null,
    category: item.category,
    type: item.type,
    subType: item.subType ?? null,
    units: item.units ?? null,
    unit: item.units === undefined ? null : (unitOf(item.units) ?? null),
    nativeUnits: item.nativeUnits ?? null,
    path: item.path.map(({ kind, name, id }) => `${kind} ${name ?? id}`),
  };
}

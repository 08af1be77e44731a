import { QUANTITIES, type Quantity } from '../../protocols/telemetry/quantity.ts';
import { isLevelId } from '../../protocols/telemetry/ids.ts';
import { UNITS } from '../../protocols/telemetry/unit.ts';
import { parseNodeAddress } from '../../protocols/opcua/node-address.ts';
import type { OtherVariable, Survey, SurveyedModel } from '../../protocols/opcua/browse/survey.ts';
import { wrapText } from '../text-table.ts';
import { writeYamlText } from './browse-text.ts';

/** How the server was reached, as the configuration is to have it. */
export interface SurveyLogin {
  username?: string | undefined;
  passwordFile?: string | undefined;
  policy: string;
}

const COMMENT_WIDTH = 74;
const NODES_MAX = 12;
/** What a unit tells of a quantity by itself; import is told apart from export by people. */
const QUANTITY_OF: Readonly<Record<string, Quantity>> = {
  W: 'activePower',
  Wh: 'activeEnergyImport',
  VA: 'apparentPower',
  var: 'reactivePower',
};

/**
 * Entries for `sources:` of an agent's file, indented by two; they pass `check` as they stand. Nodes are named by the URI
 * of their namespace. Empty where a server offers nothing to read.
 */
export function writeOpcuaFragment(survey: Survey, login: SurveyLogin): string[] {
  const { models, others } = survey;
  const [first, second] = models;
  const isTwice = second !== undefined && first?.model !== second.model;
  const written = models.filter(({ model }) => model === first?.model);
  const nodes = pickNodes(others);
  if (first === undefined)
    return nodes.length === 0 ? [] : writeSource(survey, login, 'machine-1', [], writeNodes(nodes));
  const tellsPower = models.some(({ found }) =>
    found.measured.some(({ quantity }) => quantity === 'activePower' || quantity === 'activeEnergyImport'),
  );
  return written.flatMap((one, index) => [
    ...comment(describe(one, survey)),
    ...(isTwice && index === 0 ? comment(`Or model: ${second.model}, which this server offers too.`) : []),
    ...writeSource(
      survey,
      login,
      machineName(one, survey, index),
      writeModel(one),
      tellsPower || index > 0 ? [] : writeNodes(nodes),
    ),
  ]);
}

function writeSource(
  { endpoint, isInsecure }: Survey,
  { username, passwordFile, policy }: SurveyLogin,
  machine: string,
  model: readonly string[],
  nodes: readonly string[],
): string[] {
  return [
    `  - id: ${machine}-control`,
    `    machine: ${machine}          # fill in: the machine it belongs to`,
    '    protocol: opcua',
    `    endpoint: ${writeYamlText(endpoint)}`,
    ...(isInsecure ? ['    allowInsecure: true        # for closed test networks only'] : []),
    ...(isInsecure || policy === 'best' ? [] : [`    securityPolicy: ${policy}`]),
    ...(username === undefined ? [] : [`    username: ${writeYamlText(username)}`]),
    ...(passwordFile === undefined ? [] : [`    password: ${writeYamlText(`\${file:${passwordFile}}`)}`]),
    ...model,
    ...nodes,
  ];
}

function writeModel({ model, instance }: SurveyedModel): string[] {
  return [
    `    model: ${model}`,
    ...(instance === undefined ? [] : [`    instance: ${writeYamlText(instance)}`]),
  ];
}

/** Variables whose unit says what they measure, one a component. */
function pickNodes(
  others: readonly OtherVariable[],
): { variable: OtherVariable; quantity: Quantity; component: string }[] {
  const taken = new Set<string>();
  return others
    .flatMap((variable) => {
      const canonical = variable.unit === undefined ? undefined : UNITS[variable.unit]?.canonical;
      const quantity = canonical === undefined ? undefined : QUANTITY_OF[canonical];
      if (quantity === undefined || QUANTITIES[quantity].unit !== canonical) return [];
      if (!canBeWritten(variable.node)) return [];
      const component = freeComponent(variable, quantity, taken);
      return [{ variable, quantity, component }];
    })
    .slice(0, NODES_MAX);
}

/** A node id that the configuration takes as it stands; one by the number of its namespace may be another one tomorrow. */
function canBeWritten(node: string): boolean {
  return !node.startsWith('ns=') && node.trim() === node && parseNodeAddress(node) !== undefined;
}

function freeComponent({ path }: OtherVariable, quantity: Quantity, taken: Set<string>): string {
  const base = levelOf(path.at(-2) ?? path.at(-1) ?? '', 'supply').slice(0, 50);
  let component = base;
  for (let number = 2; taken.has(`${component}.${quantity}`); number++) component = `${base}-${number}`;
  taken.add(`${component}.${quantity}`);
  return component;
}

function writeNodes(nodes: ReturnType<typeof pickNodes>): string[] {
  if (nodes.length === 0) return [];
  return [
    '    nodes:                     # fill in: supply is the whole machine',
    ...nodes.flatMap(({ variable: { node, unit, path }, quantity, component }) => [
      ...(quantity === 'activeEnergyImport'
        ? comment(`${path.at(-1)}: import, or activeEnergyExport?`, '      ')
        : []),
      `      - node: ${writeYamlText(node)}`,
      `        component: ${component}`,
      `        quantity: ${quantity}`,
      `        unit: ${JSON.stringify(unit)}`,
    ]),
  ];
}

function describe({ instance, found: { device } }: SurveyedModel, { machines }: Survey): string {
  const name = instance ?? machines[0]?.name;
  const about = [
    device?.manufacturer,
    device?.model,
    device?.serial === undefined ? undefined : `serial ${device.serial}`,
  ];
  return (
    [name, about.filter((part) => part !== undefined).join(', ')].filter(Boolean).join(': ') ||
    'An OPC UA server'
  );
}

function machineName({ instance, found }: SurveyedModel, { machines }: Survey, index: number): string {
  const name = instance ?? (machines.length === 1 ? machines[0]?.name : undefined) ?? found.device?.serial;
  return levelOf(name ?? '', `machine-${index + 1}`).slice(0, 40);
}

function levelOf(text: string, otherwise: string): string {
  const name = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
  return isLevelId(name) ? name : otherwise;
}

/** Whatever the server told stays on its line. */
function comment(text: string, indent = '  '): string[] {
  return wrapText(plain(text), COMMENT_WIDTH).map((line) => `${indent}# ${line}`);
}

function plain(text: string): string {
  return text.replace(/\p{C}+/gu, ' ');
}

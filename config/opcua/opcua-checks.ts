import { parseNodeAddress } from '../../protocols/opcua/node-address.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { UNITS } from '../../protocols/telemetry/unit.ts';
import type { OpcuaSourceConfig } from './opcua-config.ts';
import { ownValue } from '../salvage.ts';
import type { ConfigPath, Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import { checkOpcuaSecurity } from './opcua-security-checks.ts';

/** Asked for all it has more often, a small control has time for little else, ms. */
const READ_EVERY_MS_MIN = 500;

type Node = OpcuaSourceConfig['nodes'][number];

/**
 * Something to read, units that fit, credentials that are complete, security that is not quietly off. `raw` is the source as
 * it stands in the file: what is wrong in it by itself is told elsewhere, and not again as if it were missing.
 */
export function checkOpcuaSource(
  source: OpcuaSourceConfig,
  at: ConfigPath,
  raw: unknown,
  folder: string,
  world: Surroundings,
): Remark[] {
  const remarks = source.nodes.flatMap((node, index) => checkNode(node, [...at, 'nodes', index]));
  const isGiven = (key: 'model' | 'nodes') => {
    const value = ownValue(raw, key);
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  };
  if (!isGiven('model') && !isGiven('nodes'))
    remarks.push({
      severity: 'error',
      path: at,
      message: 'nothing is read: neither model nor nodes is given.',
      cure: 'Add model: machinetool where the control follows OPC 40501-1, or list nodes.',
    });
  return [
    ...remarks,
    ...checkModel(source, at, isGiven('model')),
    ...checkOpcuaSecurity(source, at, folder, world),
  ];
}

/** What only a model can make use of, and pauses that only a subscription can keep. */
function checkModel(source: OpcuaSourceConfig, at: ConfigPath, hasModel: boolean): Remark[] {
  const remarks: Remark[] = [];
  const useless = (key: string, message: string, cure: string) =>
    remarks.push({ severity: 'error', path: [...at, key], target: 'key', message, cure });
  if (!hasModel) {
    if (source.found.length > 0)
      useless('found', 'is of no use without model: nothing is found.', 'Add model, or list the nodes.');
    if (source.instance !== undefined)
      useless(
        'instance',
        'is of no use without model: no machine is looked for.',
        'Add model, or remove this key.',
      );
  }
  const points = new Set<string>();
  source.found.forEach(({ point }, index) => {
    if (points.has(point))
      remarks.push({
        severity: 'error',
        path: [...at, 'found', index, 'point'],
        message: `${point} is told of twice.`,
        cure: 'Keep one of the two.',
      });
    points.add(point);
  });
  if (source.reading === 'read' && source.every < READ_EVERY_MS_MIN)
    remarks.push({
      severity: 'warning',
      path: [...at, 'every'],
      message: `all nodes are asked for every ${source.every} ms, which burdens the control.`,
      cure: `Write every: ${READ_EVERY_MS_MIN}ms or more, or reading: subscribe.`,
    });
  return remarks;
}

function checkNode(node: Node, at: ConfigPath): Remark[] {
  const remarks: Remark[] = [];
  const error = (path: ConfigPath, message: string, cure: string) =>
    remarks.push({ severity: 'error', path, message, cure });
  if (parseNodeAddress(node.node) === undefined)
    error(
      [...at, 'node'],
      `"${node.node}" is not a node id.`,
      'Write the namespace and the identifier, such as nsu=http://example.com/;s=Power or ns=2;i=1001.',
    );
  else if (/^ns=[1-9]/.test(node.node))
    remarks.push({
      severity: 'warning',
      path: [...at, 'node'],
      message: 'a namespace number may change when the server restarts or is updated.',
      cure: 'Write the namespace by its URI: nsu=http://...;s=...',
    });
  if (node.quantity !== undefined && node.status !== undefined)
    error(at, 'is both a quantity and a status.', 'Keep one of the two; list the node twice to read both.');
  if (node.quantity === undefined && node.status === undefined)
    error(
      at,
      'says neither quantity nor status.',
      'Add quantity (with unit, unless the server names it) or status.',
    );
  if (
    node.quantity !== undefined &&
    node.unit !== undefined &&
    UNITS[node.unit]?.canonical !== QUANTITIES[node.quantity].unit
  )
    error(
      [...at, 'unit'],
      `${node.unit} is not a unit of ${node.quantity}.`,
      `Use one of: ${unitsOf(node.quantity).join(', ')}.`,
    );
  if (node.status !== undefined && node.unit !== undefined)
    error([...at, 'unit'], 'a status has no unit.', 'Remove unit.');
  if (node.quantity === undefined && node.deadband !== undefined)
    error([...at, 'deadband'], 'only a quantity has a deadband: every word counts.', 'Remove deadband.');
  if (node.deadband !== undefined && node.quantity !== undefined && QUANTITIES[node.quantity].cumulative)
    remarks.push({
      severity: 'warning',
      path: [...at, 'deadband'],
      message: 'a counter that is told in steps makes short work look like none.',
      cure: 'Remove deadband: a counter that stands still costs nothing anyway.',
    });
  if (node.status === undefined && node.name !== undefined)
    error(
      [...at, 'name'],
      'only a status has a name.',
      'Remove name, or use component to tell quantities apart.',
    );
  if ((node.status === 'condition' || node.status === 'timer') && node.name === undefined)
    error(
      [...at],
      `a ${node.status} needs a name: a machine has many.`,
      `Add name, such as name: ${node.status === 'timer' ? 'auto_time' : 'spindle'}.`,
    );
  return remarks;
}

function unitsOf(quantity: keyof typeof QUANTITIES): string[] {
  return Object.keys(UNITS).filter((name) => UNITS[name]?.canonical === QUANTITIES[quantity].unit);
}

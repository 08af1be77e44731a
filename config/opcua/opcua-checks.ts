import { parseNodeAddress } from '../../protocols/opcua/node-address.ts';
import { QUANTITIES } from '../../protocols/telemetry/quantity.ts';
import { UNITS } from '../../protocols/telemetry/unit.ts';
import type { OpcuaSourceConfig } from './opcua-config.ts';
import { checkSecret } from '../file-checks.ts';
import type { ConfigPath, Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';

type Node = OpcuaSourceConfig['nodes'][number];

/** Something to read, units that fit, credentials that are complete, security that is not quietly off. */
export function checkOpcuaSource(
  source: OpcuaSourceConfig,
  at: ConfigPath,
  folder: string,
  world: Surroundings,
): Remark[] {
  const remarks = source.nodes.flatMap((node, index) => checkNode(node, [...at, 'nodes', index]));
  if (source.model === undefined && source.nodes.length === 0)
    remarks.push({
      severity: 'error',
      path: at,
      message: 'nothing is read: neither model nor nodes is given.',
      cure: 'Add model: machinetool where the control follows OPC 40501-1, or list nodes.',
    });
  if (source.allowInsecure)
    remarks.push({
      severity: 'warning',
      path: [...at, 'allowInsecure'],
      message: 'this source is read without security: anyone on the network can read it or pretend to be it.',
      cure: 'Remove allowInsecure once the server offers a secure endpoint and trusts our certificate.',
    });
  if (source.password !== undefined) {
    remarks.push(...checkSecret([...at, 'password'], source.password, folder, world));
    if (source.username === undefined) remarks.push(halfLogin([...at, 'password'], 'username'));
  } else if (source.username !== undefined) remarks.push(halfLogin([...at, 'username'], 'password'));
  return remarks;
}

function halfLogin(path: ConfigPath, wanted: string): Remark {
  return {
    severity: 'error',
    path,
    target: 'key',
    message: `is of no use without ${wanted}.`,
    cure: `Add ${wanted}, or remove this key.`,
  };
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
    error(at, 'says neither quantity nor status.', 'Add quantity (with unit) or status.');
  if (node.quantity !== undefined && node.unit === undefined)
    error(
      at,
      'has a quantity but no unit.',
      `Add unit, one of: ${unitsOf(node.quantity).join(', ')} - as the node gives it.`,
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
  return remarks;
}

function unitsOf(quantity: keyof typeof QUANTITIES): string[] {
  return Object.keys(UNITS).filter((name) => UNITS[name]?.canonical === QUANTITIES[quantity].unit);
}

import { expect, test } from 'vitest';
import { silentLog } from '../../../../protocols/log.ts';
import type { OpcuaLink } from '../../../../protocols/opcua/link/opcua-link.ts';
import type { FoundMeasured } from '../../../../protocols/opcua/model/found.ts';
import { WiringKeeper } from '../../../../protocols/opcua/wiring/wiring-keeper.ts';
import { opcuaNode, opcuaSource } from '../opcua-source.ts';

const HOUR_MS = 3_600_000;

/** A link to a server that was started then. */
function linkTo(startedAtMs: number): OpcuaLink {
  return { facts: { namespaceUris: ['urn:own'], startedAtMs, aheadMs: 0 } } as unknown as OpcuaLink;
}

function drive(component: string): FoundMeasured {
  return {
    nodeId: 'ns=0;s=P',
    point: component,
    component,
    quantity: 'activePower',
    phase: 'total',
    scale: ['1', '1'],
  };
}

test('a server that offers something else at every restart does not change the wiring without end', async () => {
  let nowMs = 0;
  let component = '';
  const keeper = new WiringKeeper(
    opcuaSource({ model: 'machinetool' }),
    {
      findModel: async () => ({ measured: [drive(component)], statuses: [], remarks: [] }),
      readNodeUnits: async () => [],
    },
    { monotonicMs: () => nowMs },
    silentLog,
  );
  const restart = async (round: number) => {
    nowMs += 30_000;
    component = `axis-${round % 2}`;
    const link = linkTo(round);
    expect(keeper.mustAsk(link)).toBe(true);
    return { changed: await keeper.ask(link), nodes: keeper.nodesOn(link).map(({ nodeId }) => nodeId) };
  };
  const changes: boolean[] = [];
  for (let round = 1; round <= 60; round++) changes.push((await restart(round)).changed);
  expect(changes.filter(Boolean)).toHaveLength(6);
  // What it offers now is not what is wired: no value is taken for another.
  expect(await restart(61)).toEqual({ changed: false, nodes: [undefined] });
  expect(keeper.remarks()).toEqual([expect.stringMatching(/^The server offered something else 6 times/)]);
  nowMs += HOUR_MS;
  expect(await restart(63)).toEqual({ changed: true, nodes: ['ns=0;s=P'] });
  expect(keeper.remarks()).toEqual([]);
});

test('a node whose unit is the server’s is not read after a restart until its unit was asked for', async () => {
  let unit = 'kW';
  const node = opcuaNode({ node: 'nsu=urn:own;s=P', quantity: 'activePower', component: 'supply' });
  const keeper = new WiringKeeper(
    opcuaSource({ nodes: [node, { ...node, node: 'nsu=urn:own;s=Q', unit: 'W', component: 'drives' }] }),
    { findModel: () => Promise.reject(new Error('no model')), readNodeUnits: async () => [unit] },
    { monotonicMs: () => 0 },
    silentLog,
  );
  const idsOn = (link: OpcuaLink) => keeper.nodesOn(link).map(({ nodeId }) => nodeId);
  await keeper.ask(linkTo(1));
  expect(idsOn(linkTo(1))).toEqual(['ns=0;s=P', 'ns=0;s=Q']);
  unit = 'W';
  expect(idsOn(linkTo(2))).toEqual([undefined, 'ns=0;s=Q']);
  expect(await keeper.ask(linkTo(2))).toBe(true);
  expect(idsOn(linkTo(2))).toEqual(['ns=0;s=P', 'ns=0;s=Q']);
  expect(keeper.wiring.measured[0]?.channel.scale).toEqual(['1', '1']);
});

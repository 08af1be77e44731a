import { DataType, DataValue, Variant } from 'node-opcua';
import { expect, test } from 'vitest';
import { NodeState } from '../../../../protocols/opcua/feeds/feed-node.ts';

const NODE = {
  key: 'mill.supply.activeEnergyImport',
  point: 's=Energy',
  kind: 'measured',
  nodeId: 'ns=2;s=E',
} as const;
const shown = (value: number, stampMs: number, serverMs = stampMs) =>
  new DataValue({
    value: new Variant({ dataType: DataType.Double, value }),
    sourceTimestamp: new Date(stampMs),
    serverTimestamp: new Date(serverMs),
  });
const heldBy = (state: NodeState): unknown => state.held?.value.value;

test('a counter does not step back to a sample that was published after it was read', () => {
  const state = new NodeState(NODE);
  state.noteRead(shown(1040, 1400), 50);
  state.take(shown(1036, 1000), 60);
  state.take(shown(1038, 1200), 60);
  expect(heldBy(state)).toBe(1040);
  state.take(shown(1041, 1450), 300);
  expect(heldBy(state)).toBe(1041);
});

test('without stamps of the source, those of the server count', () => {
  const state = new NodeState(NODE);
  state.noteRead(shown(1040, 1000, 1400), 50);
  state.take(shown(1038, 1000, 1200), 60);
  expect(heldBy(state)).toBe(1040);
});

test('a clock that was set back does not freeze a value', () => {
  const state = new NodeState(NODE);
  state.noteRead(shown(1040, 3_600_000), 50);
  state.take(shown(1042, 1000), 5100);
  expect(heldBy(state)).toBe(1042);
});

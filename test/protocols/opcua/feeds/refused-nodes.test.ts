import { expect, test } from 'vitest';
import { RefusedNodes } from '../../../../protocols/opcua/feeds/refused-nodes.ts';

function make() {
  let nowMs = 0;
  const told: string[] = [];
  const nodes = new RefusedNodes({ monotonicMs: () => nowMs }, (point, reason) =>
    told.push(`${point} ${reason ?? 'is back'}`),
  );
  return { nodes, told, pass: (ms: number) => (nowMs += ms) };
}

test('a refused node is told once, and asked for again after 30 s, then ever more rarely up to an hour', () => {
  const { nodes, told, pass } = make();
  expect(nodes.refuse('k', 's=P', 'BadNodeIdUnknown')).toBe(true);
  const pauses: number[] = [];
  for (let round = 0; round < 10; round++) {
    let waitedMs = 0;
    while (!nodes.isDue('k')) {
      pass(1000);
      waitedMs += 1000;
    }
    pauses.push(waitedMs / 1000);
    expect(nodes.refuse('k', 's=P', 'BadNodeIdUnknown')).toBe(false);
  }
  expect(pauses).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
  expect(told).toEqual(['s=P BadNodeIdUnknown']);
  nodes.accept('k');
  expect(nodes.isRefused('k')).toBe(false);
  expect(told.at(-1)).toBe('s=P is back');
});

test('refused by the read and by the subscription on one occasion is refused once', () => {
  const { nodes, pass } = make();
  nodes.refuse('k', 's=P', 'BadNodeIdUnknown');
  nodes.refuse('k', 's=P', 'BadNodeIdUnknown');
  pass(30_000);
  expect(nodes.isDue('k')).toBe(true);
});

test('over a new connection all are asked for at once, and not told anew', () => {
  const { nodes, told, pass } = make();
  nodes.refuse('a', 's=A', 'BadNotReadable');
  nodes.refuse('b', 's=B', 'BadNotReadable');
  nodes.askAllAgain();
  expect(nodes.isDue('a')).toBe(true);
  nodes.refuse('a', 's=A', 'BadNotReadable');
  expect(nodes.isDue('a')).toBe(false);
  pass(30_000);
  expect(nodes.isDue('a')).toBe(true);
  expect(told).toHaveLength(2);
  nodes.keepOnly(new Set(['b']));
  expect(nodes.isRefused('a')).toBe(false);
});

test('many are one remark', () => {
  const { nodes } = make();
  expect(nodes.remarks()).toEqual([]);
  for (let i = 0; i < 5; i++) nodes.refuse(`k${i}`, `s=${i}`, 'BadNodeIdUnknown');
  expect(nodes.remarks()).toEqual([
    '5 nodes cannot be read: s=0 (BadNodeIdUnknown), s=1 (BadNodeIdUnknown), s=2 (BadNodeIdUnknown) and 2 more; asked for again within the hour at the latest.',
  ]);
});

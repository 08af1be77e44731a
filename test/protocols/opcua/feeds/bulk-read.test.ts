import * as opcua from 'node-opcua';
import { expect, test } from 'vitest';
import { readNodes } from '../../../../protocols/opcua/feeds/bulk-read.ts';

/** A session with a server of its own rules: answers a node's number, or fails as the rule says. */
function makeSession(rule: (numbers: number[]) => string | undefined) {
  const asked: number[][] = [];
  const session = {
    read: async (nodes: { nodeId: string }[]) => {
      const numbers = nodes.map(({ nodeId }) => Number(nodeId.slice(2)));
      asked.push(numbers);
      const fault = rule(numbers);
      if (fault !== undefined) throw new Error(` serviceResult = ${fault} (0x80000000)`);
      return numbers.map(
        (value) =>
          new opcua.DataValue({ value: new opcua.Variant({ dataType: opcua.DataType.Double, value }) }),
      );
    },
  };
  return { asked, session: session as unknown as opcua.ClientSession };
}
const ids = (count: number) => Array.from({ length: count }, (_, i) => `i=${i}`);
const valuesOf = (values: opcua.DataValue[]) => values.map(({ value }) => value.value as number);

test('a server that turns out to take fewer nodes is asked in smaller lots from then on', async () => {
  const { asked, session } = makeSession((numbers) =>
    numbers.length > 30 ? 'BadTooManyOperations' : undefined,
  );
  const limits = { nodesPerRead: 100 };
  expect(valuesOf(await readNodes(opcua, session, ids(100), limits))).toEqual(ids(100).map((_, i) => i));
  expect(limits.nodesPerRead).toBe(25);
  expect(asked.map(({ length }) => length)).toEqual([100, 50, 25, 25, 25, 25]);
});

test('a server that fails the whole request for one node gives all the others', async () => {
  const { session } = makeSession((numbers) => (numbers.includes(5) ? 'BadNodeIdUnknown' : undefined));
  const values = await readNodes(opcua, session, ids(9), { nodesPerRead: 500 });
  expect(values[5]?.statusCode.name).toBe('BadNodeIdUnknown');
  expect(valuesOf(values).toSpliced(5, 1)).toEqual([0, 1, 2, 3, 4, 6, 7, 8]);
});

test('what is about the session fails all', async () => {
  const { asked, session } = makeSession(() => 'BadSessionIdInvalid');
  await expect(readNodes(opcua, session, ids(9), { nodesPerRead: 500 })).rejects.toThrow(
    'BadSessionIdInvalid',
  );
  expect(asked).toHaveLength(1);
  expect(await readNodes(opcua, session, [], { nodesPerRead: 500 })).toEqual([]);
});

test('an answer with a value too few is no answer: none is taken for its neighbour', async () => {
  const { session } = makeSession(() => undefined);
  const short = {
    read: async (nodes: never) =>
      (await (session as unknown as { read(of: never): Promise<[]> }).read(nodes)).slice(1),
  } as unknown as opcua.ClientSession;
  await expect(readNodes(opcua, short, ids(20), { nodesPerRead: 10 })).rejects.toThrow(
    '9 values where 10 were asked for',
  );
});

test('a node that makes the server stumble over the whole request harms no other', async () => {
  const { asked, session } = makeSession((numbers) =>
    numbers.includes(300) ? 'BadInternalError' : undefined,
  );
  const values = await readNodes(opcua, session, ids(500), { nodesPerRead: 500 });
  expect(values[300]?.statusCode.name).toBe('BadInternalError');
  expect(values.filter(({ statusCode }) => statusCode.isGood())).toHaveLength(499);
  expect(asked.length).toBeLessThan(25);
});

test('a server that stumbles over everything is not asked for each node', async () => {
  const { asked, session } = makeSession(() => 'BadInternalError');
  await expect(readNodes(opcua, session, ids(5000), { nodesPerRead: 500 })).rejects.toThrow(
    'BadInternalError',
  );
  expect(asked.length).toBeLessThan(100);
});

import * as opcua from 'node-opcua';
import { expect, test } from 'vitest';
import { readServerFacts } from '../../../../protocols/opcua/link/server-facts.ts';

const limits = { nodesPerRead: 10 };

/** A session whose server answers the three questions so. */
function answering(...values: opcua.DataValue[]): opcua.ClientSession {
  return { read: async () => values } as unknown as opcua.ClientSession;
}
const value = (dataType: opcua.DataType, of: unknown) =>
  new opcua.DataValue({ value: new opcua.Variant({ dataType, value: of }) });
const started = value(opcua.DataType.DateTime, new Date(1000));
const now = value(opcua.DataType.DateTime, new Date(5000));
const bad = new opcua.DataValue({ statusCode: opcua.StatusCodes.BadOutOfService });

test('a server that cannot tell its namespaces just now is not one without any', async () => {
  await expect(readServerFacts(opcua, answering(bad, started, now), limits, () => 0)).rejects.toThrow(
    'it does not tell its namespaces: BadOutOfService',
  );
});

test('what a server does not say else is left open', async () => {
  const uris = new opcua.DataValue({
    value: new opcua.Variant({
      dataType: opcua.DataType.String,
      arrayType: opcua.VariantArrayType.Array,
      value: ['urn:a'],
    }),
  });
  expect(await readServerFacts(opcua, answering(uris, bad, bad), limits, () => 0)).toEqual({
    namespaceUris: ['urn:a'],
    startedAtMs: undefined,
    aheadMs: undefined,
  });
  expect(await readServerFacts(opcua, answering(uris, started, now), limits, () => 2000)).toEqual({
    namespaceUris: ['urn:a'],
    startedAtMs: 1000,
    aheadMs: 3000,
  });
});

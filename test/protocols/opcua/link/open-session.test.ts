import * as opcua from 'node-opcua';
import { expect, test } from 'vitest';
import { openSession } from '../../../../protocols/opcua/link/open-session.ts';

const SOMEBODY = { type: opcua.UserTokenType.UserName, userName: 'me', password: 'canary' } as const;

/** A client that writes down what it is told to do. */
function scriptedClient(activation: Error | null = null) {
  const done: string[] = [];
  const session = { close: async () => void done.push('close') };
  const client = {
    _createSession: (told: (error: null, made: unknown) => void) => (
      done.push('create'),
      told(null, session)
    ),
    _addSession: () => done.push('add'),
    _activateSession: (_: unknown, __: unknown, told: (error: Error | null, made?: unknown) => void) => {
      done.push('activate');
      if (activation === null) told(null, session);
      else told(activation, null);
    },
  };
  return { client, session, done };
}

test('a server is looked at before anyone logs in', async () => {
  const { client, session, done } = scriptedClient();
  expect(await openSession(client, SOMEBODY, () => done.push('inspect'))).toBe(session);
  expect(done).toEqual(['create', 'add', 'inspect', 'activate']);
});

test('who does not pass is left, and never hears who wanted to log in', async () => {
  const { client, done } = scriptedClient();
  const refused = openSession(client, SOMEBODY, () => {
    throw new Error('another application');
  });
  await expect(refused).rejects.toThrow('another application');
  expect(done).toEqual(['create', 'add', 'close']);
});

test('a session whose login is refused does not stay on the server', async () => {
  const { client, done } = scriptedClient(new Error('BadIdentityTokenRejected'));
  await expect(openSession(client, SOMEBODY, () => {})).rejects.toThrow('BadIdentityTokenRejected');
  expect(done).toEqual(['create', 'add', 'activate', 'close']);
});

test('the library can be held back; another that cannot is not used at all', async () => {
  const client = opcua.OPCUAClient.create({});
  for (const half of ['_createSession', '_addSession', '_activateSession'] as const)
    expect((client as unknown as Record<string, unknown>)[half]).toBeTypeOf('function');
  await expect(
    openSession({ ...scriptedClient().client, _addSession: undefined }, SOMEBODY, () => {}),
  ).rejects.toMatchObject({ remedy: 'refuse', code: 'other-library' });
});

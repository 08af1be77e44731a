import type * as NodeOpcua from 'node-opcua';
import { MillwattError } from '../../errors.ts';

/** A session as its server has created it: what it says of itself is signed already, and nobody has logged in. */
export interface CreatedSession {
  serverEndpoints?: NodeOpcua.EndpointDescription[];
}

type Told<T> = (error: Error | null, result?: T) => void;

/** The two halves of node-opcua's `createSession`, which it does not show to the outside. */
interface InHalves {
  _createSession(told: Told<NodeOpcua.ClientSession & CreatedSession>): void;
  _addSession(session: NodeOpcua.ClientSession): void;
  _activateSession(
    session: NodeOpcua.ClientSession,
    identity: NodeOpcua.UserIdentityInfo,
    told: Told<NodeOpcua.ClientSession>,
  ): void;
}

/**
 * Opens a session, and logs in only after `inspect` has seen what the server says over the secured channel: what it throws
 * ends the session, and no password or user's certificate was sent. Throws an error of class `refuse` (code
 * `other-library`) where the library has changed so that it cannot be held back.
 */
export async function openSession(
  client: object,
  identity: NodeOpcua.UserIdentityInfo,
  inspect: (session: CreatedSession) => void,
): Promise<NodeOpcua.ClientSession> {
  if (!isInHalves(client))
    throw new MillwattError(
      'refuse',
      'other-library',
      'This version of node-opcua logs in before the server can be looked at.',
      { cure: 'Install the version of node-opcua that belongs to this millwatt.' },
    );
  const session = await settle<NodeOpcua.ClientSession & CreatedSession>((told) =>
    client._createSession(told),
  );
  client._addSession(session);
  try {
    inspect(session);
    return await settle((told) => client._activateSession(session, identity, told));
  } catch (cause) {
    // It would stay on the server until its time is over.
    await session.close(true).catch(() => {});
    throw cause;
  }
}

function isInHalves(client: object): client is InHalves {
  const { _createSession, _addSession, _activateSession } = client as Partial<
    Record<keyof InHalves, unknown>
  >;
  return [_createSession, _addSession, _activateSession].every((half) => typeof half === 'function');
}

function settle<T>(ask: (told: Told<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, result) => {
      if (result === undefined || result === null) reject(error ?? new Error('no session was made'));
      else if (error) reject(error);
      else resolve(result);
    });
  });
}

import { MillwattError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { hearLibrary } from '../library-words.ts';
import { openLink } from '../link/opcua-link.ts';
import { connectionError } from '../opcua-error.ts';
import type { OpcuaSourceOptions } from '../opcua-options.ts';
import type { Survey } from './survey.ts';
import { surveyServer, type SurveyOptions } from './survey-server.ts';

/** How to reach a server that no configuration speaks of yet. */
export type BrowseAccess = Pick<
  OpcuaSourceOptions,
  | 'endpoint'
  | 'securityPolicy'
  | 'securityMode'
  | 'allowInsecure'
  | 'username'
  | 'password'
  | 'userCertificate'
  | 'userKey'
  | 'timeout'
>;

/** Who ends it waits no longer than this for what was seen until then. */
const STOP_MS_MAX = 2000;

/** What looking at a server needs of the world. */
export interface BrowseSurroundings {
  /** Folder with our key and certificate and those that are trusted. */
  pkiFolder: string;
  /** The configuration file, as commands for the operator name it. */
  config?: string | undefined;
  log: Log;
  wallMs: () => number;
}

/**
 * Connects to a server, looks at what it offers, and leaves it. Throws what a source would throw that cannot connect, and
 * an error of class `retry` (code `stopped`) where it was ended before it was connected, or where the server is too slow
 * for what was seen until then to be told.
 */
export async function browseServer(
  access: BrowseAccess,
  options: SurveyOptions,
  around: BrowseSurroundings,
): Promise<Survey> {
  const opcua = await import('node-opcua');
  hearLibrary(opcua, around.log, access.password);
  const { signal } = options;
  const opening = openLink(
    {
      ...access,
      id: 'browse',
      machine: 'browse',
      component: 'control',
      every: 1000,
      found: [],
      reading: 'read',
      queue: 1,
      nodes: [],
    },
    { opcua, ...around },
  );
  const stop = () => void opening.cancel();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  let link;
  try {
    link = await opening.link;
  } catch (cause) {
    throw signal?.aborted === true ? stopped('it was connected') : cause;
  }
  signal?.removeEventListener('abort', stop);
  // A slow server has many answers left to give, and each may take its time.
  const { promise: late, reject } = Promise.withResolvers<never>();
  let cut: NodeJS.Timeout | undefined;
  const hurry = () => (cut = setTimeout(() => reject(stopped('it was looked through')), STOP_MS_MAX));
  signal?.addEventListener('abort', hurry, { once: true });
  try {
    const survey = await Promise.race([surveyServer(link.session, link.facts.namespaceUris, options), late]);
    return {
      endpoint: access.endpoint,
      isInsecure: access.allowInsecure,
      ...survey,
      remarks: [...link.remarks(), ...survey.remarks],
    };
  } catch (cause) {
    throw connectionError(access.endpoint, cause, around.config);
  } finally {
    signal?.removeEventListener('abort', hurry);
    clearTimeout(cut);
    await link.close();
  }
}

function stopped(what: string): MillwattError {
  return new MillwattError('retry', 'stopped', `Ended before ${what}.`);
}

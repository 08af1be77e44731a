import { resolve } from 'node:path';
import type { TimeStampAuthority } from '../collector/evidence/stamps/ask-authority.ts';
import type { CollectorConfig } from '../config/collector-config.ts';
import { readPem } from './broker-link.ts';
import { resolveSecret } from './secrets.ts';

/** The configured time-stamping authority with its files read; undefined where none is. Throws an error of class `refuse` on a file or secret that is not there. */
export function timeStampAuthorityOf(
  { evidence }: Pick<CollectorConfig, 'evidence'>,
  folder: string,
): TimeStampAuthority | undefined {
  if (evidence?.timeStamp === undefined) return undefined;
  const { url, ca, serverCa, username, password, policy, certReq } = evidence.timeStamp;
  const secret = resolveSecret(password, folder);
  return {
    url,
    certReq,
    ...(ca === undefined ? {} : { ca: readPem(resolve(folder, ca)) }),
    ...(serverCa === undefined ? {} : { serverCa: readPem(resolve(folder, serverCa)) }),
    ...(username === undefined ? {} : { username }),
    ...(secret === undefined ? {} : { password: secret }),
    ...(policy === undefined ? {} : { policy }),
  };
}

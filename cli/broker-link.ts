import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { MillwattError } from '../protocols/errors.ts';
import type { LinkOptions } from '../protocols/mqtt/link.ts';
import { resolveSecret } from './secrets.ts';

/** The part of a configuration that says how a broker lets us in; paths and references as they stand there. */
export interface BrokerAccess {
  password?: string | undefined;
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}

/** The password and PEM texts behind the references of a configuration. */
export function readCredentials(access: BrokerAccess, folder: string): Pick<LinkOptions, 'password' | 'tls'> {
  const password = resolveSecret(access.password, folder);
  const tls = Object.fromEntries(
    (['ca', 'cert', 'key'] as const).flatMap((name) => {
      const path = access[name];
      return path === undefined ? [] : [[name, readPem(resolve(folder, path))]];
    }),
  );
  return {
    ...(password === undefined ? {} : { password }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

/** The text of a PEM file; throws an error of class `refuse` that names it. */
export function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new MillwattError('refuse', 'no-pem', `${path} cannot be read.`, {
      cure: 'Check the path and the rights of this user.',
      cause,
    });
  }
}

/** Certificate and key where both are configured. */
export function readServerTls(
  access: { cert?: string | undefined; key?: string | undefined },
  folder: string,
): { cert: string; key: string } | undefined {
  if (access.cert === undefined || access.key === undefined) return undefined;
  return { cert: readPem(resolve(folder, access.cert)), key: readPem(resolve(folder, access.key)) };
}

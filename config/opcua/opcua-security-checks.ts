import { resolve } from 'node:path';
import { checkFile, checkSecret } from '../file-checks.ts';
import type { ConfigPath, Remark } from '../finding.ts';
import type { Surroundings } from '../surroundings.ts';
import type { OpcuaSourceConfig } from './opcua-config.ts';

/** A key that anyone but its owner can read is no secret. */
const OTHERS_MAY_READ = 0o077;

/** Credentials that are complete and do not contradict each other, and security that is not quietly off. */
export function checkOpcuaSecurity(
  source: OpcuaSourceConfig,
  at: ConfigPath,
  folder: string,
  world: Surroundings,
): Remark[] {
  return [
    ...checkInsecure(source, at),
    ...checkPassword(source, at, folder, world),
    ...checkUserFiles(source, at, folder, world),
  ];
}

function checkInsecure(source: OpcuaSourceConfig, at: ConfigPath): Remark[] {
  if (!source.allowInsecure) {
    return source.securityMode === 'Sign'
      ? [
          warning(
            [...at, 'securityMode'],
            'messages are signed but not encrypted: anyone on the network can read them.',
            'Write SignAndEncrypt, unless the server cannot encrypt.',
          ),
        ]
      : [];
  }
  const remarks = [
    warning(
      [...at, 'allowInsecure'],
      'this source is read without security: anyone on the network can read it or pretend to be it.',
      'Remove allowInsecure once the server offers a secure endpoint and trusts our certificate.',
    ),
  ];
  // What the defaults say was not meant by anyone.
  if (source.securityPolicy !== 'best')
    remarks.push(contradiction([...at, 'securityPolicy'], source.securityPolicy));
  if (source.securityMode !== 'SignAndEncrypt')
    remarks.push(contradiction([...at, 'securityMode'], source.securityMode));
  if (source.password !== undefined)
    remarks.push(
      error(
        [...at, 'password'],
        'would be sent where anyone on the network may answer, because allowInsecure is true.',
        'Remove allowInsecure; or, in a closed test network, let the server take clients without a user and remove username and password.',
      ),
    );
  if (source.userCertificate !== undefined)
    remarks.push(
      error(
        [...at, 'userCertificate'],
        'is of no use with allowInsecure: without security nobody can tell who answers.',
        'Remove allowInsecure, or userCertificate and userKey.',
      ),
    );
  return remarks;
}

function checkPassword(
  source: OpcuaSourceConfig,
  at: ConfigPath,
  folder: string,
  world: Surroundings,
): Remark[] {
  const { username, password, userCertificate } = source;
  const remarks = password === undefined ? [] : checkSecret([...at, 'password'], password, folder, world);
  if (password !== undefined && username === undefined)
    remarks.push(useless([...at, 'password'], 'username'));
  if (username !== undefined && password === undefined && userCertificate === undefined)
    remarks.push(useless([...at, 'username'], 'password'));
  if (userCertificate !== undefined && (username !== undefined || password !== undefined))
    remarks.push(
      error(
        [...at, 'userCertificate'],
        'stands for a user, and username for another.',
        'Keep one: username and password, or userCertificate and userKey.',
      ),
    );
  return remarks;
}

function checkUserFiles(
  source: OpcuaSourceConfig,
  at: ConfigPath,
  folder: string,
  world: Surroundings,
): Remark[] {
  const remarks: Remark[] = [];
  const { userCertificate, userKey } = source;
  if (userCertificate !== undefined) {
    remarks.push(...checkPemFile([...at, 'userCertificate'], userCertificate, 'CERTIFICATE', folder, world));
    if (userKey === undefined) remarks.push(useless([...at, 'userCertificate'], 'userKey'));
  }
  if (userKey !== undefined) {
    remarks.push(...checkPemFile([...at, 'userKey'], userKey, 'PRIVATE KEY', folder, world));
    if (userCertificate === undefined) remarks.push(useless([...at, 'userKey'], 'userCertificate'));
    const state = world.stat(resolve(folder, userKey));
    if (typeof state === 'object' && (state.mode & OTHERS_MAY_READ) !== 0)
      remarks.push(
        error(
          [...at, 'userKey'],
          `the private key in ${userKey} can be read by other users (mode ${state.mode.toString(8)}).`,
          `Run: chmod 600 ${resolve(folder, userKey)}`,
        ),
      );
  }
  return remarks;
}

/** What a PEM file holds is told by its BEGIN lines; nothing else of it is looked at or shown. */
function checkPemFile(
  path: ConfigPath,
  file: string,
  wanted: 'CERTIFICATE' | 'PRIVATE KEY',
  folder: string,
  world: Surroundings,
): Remark[] {
  const missing = checkFile(path, file, folder, world);
  if (missing.length > 0) return missing;
  const text = world.readText?.(resolve(folder, file));
  if (text === undefined) return [];
  const labels = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]{1,40})-----/gm)].map(([, label = '']) => label);
  if (labels.includes('ENCRYPTED PRIVATE KEY') || /^Proc-Type: 4,ENCRYPTED/m.test(text))
    return [
      error(
        path,
        `the key in ${file} is locked with a passphrase, which the agent cannot type.`,
        `Unlock it: openssl pkey -in ${file} -out ${file}.open, then chmod 600 ${file}.open`,
      ),
    ];
  if (labels.some((label) => label.endsWith(wanted))) return [];
  const words = wanted === 'CERTIFICATE' ? 'certificate' : 'private key';
  return [
    error(
      path,
      `${file} holds no ${words} in PEM.`,
      `Give the PEM file of the ${words}: text with a line -----BEGIN ${wanted}-----. Look whether userCertificate and userKey are swapped.`,
    ),
  ];
}

function contradiction(path: ConfigPath, value: string): Remark {
  return error(
    path,
    `${value} and allowInsecure: true contradict each other.`,
    'Remove allowInsecure to speak securely, or this key to speak without security.',
  );
}

function useless(path: ConfigPath, wanted: string): Remark {
  return {
    ...error(path, `is of no use without ${wanted}.`, `Add ${wanted}, or remove this key.`),
    target: 'key',
  };
}

function error(path: ConfigPath, message: string, cure: string): Remark {
  return { severity: 'error', path, message, cure };
}

function warning(path: ConfigPath, message: string, cure: string): Remark {
  return { severity: 'warning', path, message, cure };
}

import { resolve } from 'node:path';
import type { ConfigPath, Remark } from './finding.ts';
import { isSystemdCredential, type Surroundings } from './surroundings.ts';

/** A secret file that anyone but its owner can read. */
const OTHERS_MAY_READ = 0o077;
const EVERYONE_MAY_READ = 0o004;

/** Remarks on a file that the configuration names, such as a certificate; relative paths start at `folder`. */
export function checkFile(path: ConfigPath, name: string, folder: string, world: Surroundings): Remark[] {
  const full = resolve(folder, name);
  const state = world.stat(full);
  if (typeof state === 'object') return [];
  if (state === 'hidden' || isSystemdCredential(full))
    return [
      {
        severity: 'warning',
        path,
        message: `${name} cannot be seen by the user who runs this check.`,
        cure: 'Run the check as the user of the service, or while the service runs.',
      },
    ];
  return [
    {
      severity: 'error',
      path,
      message: `the file ${name} is not there.`,
      cure: `Put it at ${full}, or correct the path (relative paths start at the folder of this file).`,
    },
  ];
}

/** Remarks on a reference to a secret: a file must be there and be its owner's alone. A variable is looked for where the check may look at the environment. */
export function checkSecret(
  path: ConfigPath,
  reference: string,
  folder: string,
  world: Surroundings,
): Remark[] {
  const [, source, name] = /^\$\{(env|file):([^}]+)\}$/.exec(reference) ?? [];
  if (name === undefined) return [];
  if (source === 'env') return checkVariable(path, name, world);
  const full = resolve(folder, name);
  const state = world.stat(full);
  if (typeof state !== 'object') return checkFile(path, name, folder, world);
  if ((state.mode & OTHERS_MAY_READ) === 0 || isSystemdCredential(full)) return [];
  return [
    {
      severity: 'error',
      path,
      message: `the secret in ${name} can be read by other users (mode ${state.mode.toString(8)}).`,
      cure: `Run: chmod 600 ${full}`,
    },
  ];
}

function checkVariable(path: ConfigPath, name: string, { env }: Surroundings): Remark[] {
  if (env === undefined || (env[name] ?? '') !== '') return [];
  return [
    {
      severity: 'warning',
      path,
      message: `the environment variable ${name} is not set here.`,
      cure: 'Set it for the service (systemd: EnvironmentFile=); where only the service has it, this is as it should be.',
    },
  ];
}

/** How many characters the secret behind a reference has; undefined where that cannot be told. */
export function measureSecret(reference: string, folder: string, world: Surroundings): number | undefined {
  const [, source, name = ''] = /^\$\{(env|file):([^}]+)\}$/.exec(reference) ?? [];
  if (source === 'env') return world.env?.[name]?.length;
  if (source !== 'file') return undefined;
  // As the secret is read when it is used: one line break at the end is not part of it.
  return world.readText?.(resolve(folder, name))?.replace(/\r?\n$/, '').length;
}

/** Remarks on the files of a TLS identity: both or neither, and all of them there. */
export function checkTlsFiles(
  at: ConfigPath,
  files: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined },
  folder: string,
  world: Surroundings,
): Remark[] {
  const remarks: Remark[] = [];
  for (const name of ['ca', 'cert', 'key'] as const) {
    const file = files[name];
    if (file === undefined) continue;
    const missing = checkFile([...at, name], file, folder, world);
    remarks.push(...(missing.length > 0 ? missing : checkPem([...at, name], name, file, folder, world)));
  }
  const key = files.key === undefined ? 'missing' : world.stat(resolve(folder, files.key));
  // A group of certificate readers is usual; everyone is not.
  if (typeof key === 'object' && (key.mode & EVERYONE_MAY_READ) !== 0)
    remarks.push({
      severity: 'warning',
      path: [...at, 'key'],
      message: `the private key in ${files.key} can be read by everyone (mode ${key.mode.toString(8)}).`,
      cure: `Run: chmod o-rwx ${resolve(folder, files.key ?? '')}`,
    });
  if (files.cert === undefined && files.key !== undefined) remarks.push(halfIdentity(at, 'key', 'cert'));
  if (files.key === undefined && files.cert !== undefined) remarks.push(halfIdentity(at, 'cert', 'key'));
  return remarks;
}

/** What a file holds is told by its BEGIN lines; nothing else of it is looked at or shown. */
function checkPem(
  path: ConfigPath,
  name: 'ca' | 'cert' | 'key',
  file: string,
  folder: string,
  world: Surroundings,
): Remark[] {
  const text = world.readText?.(resolve(folder, file));
  if (text === undefined) return [];
  const labels = [...text.matchAll(/^-----BEGIN ([A-Z0-9 ]{1,40})-----/gm)].map(([, label = '']) => label);
  const isWanted = (label: string) =>
    name === 'key' ? label.endsWith('PRIVATE KEY') : label.endsWith('CERTIFICATE');
  if (labels.some(isWanted)) return [];
  const wanted = name === 'key' ? 'private key' : 'certificate';
  const [found] = labels;
  return [
    {
      severity: 'error',
      path,
      message: `${file} holds no ${wanted}${found === undefined ? '' : `, but ${/^[AEIOU]/.test(found) ? 'an' : 'a'} ${found.toLowerCase()}`}.`,
      cure:
        found === undefined
          ? `Give the PEM file of the ${wanted}: text with a line -----BEGIN ${wanted.toUpperCase()}-----. A DER file (often .cer, .crt, .der) must be converted: openssl ${name === 'key' ? 'pkey' : 'x509'} -inform der -in FILE -out FILE.pem`
          : `Give the PEM file of the ${wanted}; look whether two of ca, cert and key are swapped.`,
    },
  ];
}

function halfIdentity(at: ConfigPath, given: string, wanted: string): Remark {
  return {
    severity: 'error',
    path: [...at, given],
    target: 'key',
    message: `${given} is of no use without ${wanted}.`,
    cure: `Add ${wanted}, the PEM file that belongs to it, or remove ${given}.`,
  };
}

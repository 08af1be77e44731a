import { hostOfUrl, isLoopback } from './address-checks.ts';
import { collectorConfig } from './collector-config.ts';
import { checkFile, checkSecret, checkTlsFiles } from './file-checks.ts';
import type { Remark } from './finding.ts';
import { ownValue, salvage } from './salvage.ts';
import type { Surroundings } from './surroundings.ts';

const AT = ['evidence', 'timeStamp'];

/** What the time-stamping authority of a collector's file has against itself and the world. `raw` is the file as plain data. */
export function checkEvidence(raw: unknown, folder: string, world: Surroundings): Remark[] {
  const evidence = salvage(collectorConfig.shape.evidence.unwrap(), ownValue(raw, 'evidence'))?.value;
  const stamps = evidence?.timeStamp;
  if (stamps === undefined) return [];
  const { url, ca, serverCa, username, password, certReq } = stamps;
  const remarks = checkTlsFiles(AT, { ca }, folder, world);
  const add = (severity: Remark['severity'], key: string, message: string, cure: string) =>
    remarks.push({ severity, path: [...AT, key], message, cure });
  if (serverCa !== undefined) remarks.push(...checkFile([...AT, 'serverCa'], serverCa, folder, world));
  if (password !== undefined) remarks.push(...checkSecret([...AT, 'password'], password, folder, world));
  if ((username === undefined) !== (password === undefined))
    add(
      'error',
      username === undefined ? 'password' : 'username',
      'username and password go together.',
      'Give both, or neither where the authority asks for none.',
    );
  if (ca === undefined)
    add(
      certReq ? 'warning' : 'error',
      'url',
      certReq
        ? 'nobody says whose stamps are believed: whatever answers there is kept.'
        : 'a stamp without the certificate of its signer cannot be checked.',
      'Add ca: the PEM file of the authority that issues the certificates of the stamps.',
    );
  if (url.startsWith('http://') && password !== undefined && !isLoopback(hostOfUrl(url)))
    add(
      'warning',
      'url',
      'the password travels in the clear.',
      'Write https:// where the authority offers it.',
    );
  if (url.startsWith('http://') && serverCa !== undefined)
    add('error', 'serverCa', 'is for https only.', 'Write https://, or remove serverCa.');
  return remarks;
}

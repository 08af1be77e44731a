import { readSigningKey, sha256, type SigningKey } from '../../protocols/evidence/keys.ts';

/** PKCS #8 of an Ed25519 key is this and its 32 bytes. */
const PKCS8 = '302e020100300506032b657004220420';
const keys = new Map<string, SigningKey>();

/** The key of a name: the same in every run, because signatures are part of the trace. */
export function keyOf(name: string): SigningKey {
  let key = keys.get(name);
  if (key === undefined) {
    const secret = Buffer.from(sha256(`simulation ${name}`), 'base64url');
    const der = Buffer.concat([Buffer.from(PKCS8, 'hex'), secret]).toString('base64');
    key = readSigningKey(`-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`);
    keys.set(name, key);
  }
  return key;
}

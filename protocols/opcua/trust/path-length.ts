import type { X509Certificate } from 'node:crypto';
import { readDer, readObjectIdentifier } from './der-reader.ts';

const BASIC_CONSTRAINTS = '2.5.29.19';
const EXTENSIONS = 0xa3;
const INTEGER = 0x02;
const OCTETS = 0x04;

/** How many authorities may stand below this one on the way to a server (RFC 5280); Infinity where it does not say. */
export function pathLengthOf({ raw }: X509Certificate): number {
  const [certificate] = readDer(raw);
  const [signed] = readDer(certificate?.content ?? Buffer.alloc(0));
  const extensions = readDer(signed?.content ?? Buffer.alloc(0)).find(({ tag }) => tag === EXTENSIONS);
  const [list] = readDer(extensions?.content ?? Buffer.alloc(0));
  for (const { content } of readDer(list?.content ?? Buffer.alloc(0))) {
    const [name, ...rest] = readDer(content);
    if (name === undefined || readObjectIdentifier(name.content) !== BASIC_CONSTRAINTS) continue;
    const [constraints] = readDer(rest.find(({ tag }) => tag === OCTETS)?.content ?? Buffer.alloc(0));
    const length = readDer(constraints?.content ?? Buffer.alloc(0)).find(({ tag }) => tag === INTEGER);
    if (length !== undefined) return Number(`0x${length.content.toString('hex')}`);
  }
  return Infinity;
}

import { createHash } from 'node:crypto';

/** Namespace of every name-based UUID that millwatt gives out: drawn once, never changed. */
const NAMESPACE = '7b0d5c1e-4c0a-4a53-9d0e-3a8c4a6f51d2';

/** The UUID version 5 (RFC 9562, 5.5) of a name in millwatt's namespace: the same name always has the same. */
export function uuidOf(name: string): string {
  const bytes = createHash('sha1')
    .update(NAMESPACE.replaceAll('-', ''), 'hex')
    .update(name, 'utf8')
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

import type { RecordHeader } from '../telemetry/record.ts';
import { verifySignature, type SigningKey } from './keys.ts';

/** Whose key hands over to which: both 32 raw bytes, base64url. */
export interface KeyRotation {
  site: string;
  agent: string;
  from: string;
  to: string;
}

/** The old key's signature over the statement that the new one takes its place, base64url. */
export function signRotation(old: SigningKey, { site, agent, to }: Omit<KeyRotation, 'from'>): string {
  const text = rotationText({ site, agent, from: old.publicKey, to });
  return Buffer.from(old.sign(text)).toString('base64url');
}

/** True where the signature (base64url) is that of the old key over this statement. */
export function isRotationSigned(rotation: KeyRotation, signature: string): boolean {
  return verifySignature(rotation.from, rotationText(rotation), Buffer.from(signature, 'base64url'));
}

/** The key that handed over to the one of this record, by a statement that holds; undefined where there is none. */
export function rotatedFrom(header: RecordHeader): string | undefined {
  const { site, agent, key, rotatedFrom: from, rotatedBy } = header;
  if (from === undefined || rotatedBy === undefined) return undefined;
  return isRotationSigned({ site, agent, from, to: key }, rotatedBy) ? from : undefined;
}

/** Begins with words that nothing else that an agent signs begins with. */
function rotationText({ site, agent, from, to }: KeyRotation): Uint8Array {
  return Buffer.from(`millwatt-key-rotation-1\n${site}\n${agent}\n${from}\n${to}\n`, 'utf8');
}

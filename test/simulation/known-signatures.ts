import crypto, { type KeyObject } from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

/** Raw signature -> what it was made over, and the raw public key of who made it. */
const known = new Map<string, { bytes: Buffer; publicKey: string }>();
const publicKeys = new WeakMap<KeyObject, string>();
/** Of the seeds before nothing comes again. */
const KNOWN_MAX = 4096;

/**
 * Ed25519 costs a tenth of a seed, and half of that is to find true what was signed in this very process a moment before. From here on
 * a signature that was made here, over exactly these bytes and by exactly this key, is true without being computed again;
 * everything else is computed: what was spoilt on its way, what another key is asked about. Call it once, in a process of its own.
 */
export function rememberSignatures(): void {
  const { sign, verify } = crypto;
  Object.assign(crypto, {
    sign: (algorithm: null, bytes: Uint8Array, key: KeyObject): Buffer => {
      const signature = sign(algorithm, bytes, key);
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(signature.toString('latin1'), { bytes: Buffer.from(bytes), publicKey: publicKeyOf(key) });
      return signature;
    },
    verify: (algorithm: null, bytes: Uint8Array, key: KeyObject, signature: Uint8Array): boolean => {
      const made = known.get(Buffer.from(signature).toString('latin1'));
      if (made !== undefined && made.bytes.equals(bytes) && made.publicKey === publicKeyOf(key)) return true;
      return verify(algorithm, bytes, key, signature);
    },
  });
  syncBuiltinESMExports();
}

function publicKeyOf(key: KeyObject): string {
  let raw = publicKeys.get(key);
  if (raw === undefined) {
    const publicKey = key.type === 'private' ? crypto.createPublicKey(key) : key;
    raw = publicKey.export({ format: 'jwk' }).x ?? '';
    publicKeys.set(key, raw);
  }
  return raw;
}

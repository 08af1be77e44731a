import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';

/** An Ed25519 key pair (RFC 8032) of an agent or a collector. */
export interface SigningKey {
  /** 32 raw bytes, base64url. */
  publicKey: string;
  sign(bytes: Uint8Array): Uint8Array;
  /** PKCS #8 PEM, to be kept in a file of mode 0600. */
  exportPem(): string;
}

/** Draws a new key pair. */
export function generateSigningKey(): SigningKey {
  return signingKeyOf(generateKeyPairSync('ed25519').privateKey);
}

/** Reads a key from PKCS #8 PEM; throws when it is not an Ed25519 private key. */
export function readSigningKey(pem: string): SigningKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519')
    throw new TypeError(`expected an Ed25519 key, not ${key.asymmetricKeyType}`);
  return signingKeyOf(key);
}

function signingKeyOf(privateKey: KeyObject): SigningKey {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new TypeError('the key has no public part');
  return {
    publicKey: x,
    sign: (bytes) => sign(null, bytes, privateKey),
    exportPem: () => privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

const publicKeys = new Map<string, KeyObject>();

/** True when the signature over the bytes was made by the key (32 raw bytes, base64url). A malformed key verifies nothing. */
export function verifySignature(publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean {
  let key = publicKeys.get(publicKey);
  if (key === undefined) {
    try {
      key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    } catch {
      return false;
    }
    // A hostile site could send many keys; the cache is only a shortcut.
    if (publicKeys.size >= 1024) publicKeys.clear();
    publicKeys.set(publicKey, key);
  }
  return verify(null, bytes, key, signature);
}

/** SHA-256 in base64url without padding. */
export function sha256(...pieces: (Uint8Array | string)[]): string {
  const [only] = pieces;
  // In one call where it can be: every record that is read passes here.
  if (only !== undefined && pieces.length === 1) return hash('sha256', only, 'base64url');
  const digest = createHash('sha256');
  for (const piece of pieces) digest.update(piece);
  return digest.digest('base64url');
}

/** A key's fingerprint for people to compare: SHA-256 over its 32 bytes, hex, in groups of four. */
export function fingerprint(publicKey: string): string {
  const hex = createHash('sha256').update(Buffer.from(publicKey, 'base64url')).digest('hex');
  return hex.slice(0, 32).replace(/(.{4})(?=.)/g, '$1-');
}

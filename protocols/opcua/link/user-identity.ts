import { createPrivateKey, X509Certificate } from 'node:crypto';
import type * as NodeOpcua from 'node-opcua';
import { MillwattError } from '../../errors.ts';
import type { OpcuaSourceOptions } from '../opcua-options.ts';

/** What of the options says who logs in. */
export type LoginOptions = Pick<
  OpcuaSourceOptions,
  'id' | 'username' | 'password' | 'userCertificate' | 'userKey'
>;

/**
 * Who the agent is to the server: the holder of a certificate, a user with a password, or nobody in particular. Throws an
 * error of class `refuse` (code `bad-user-certificate`) for a certificate without its key.
 */
export function makeUserIdentity(
  opcua: Pick<typeof NodeOpcua, 'UserTokenType'>,
  options: LoginOptions,
): NodeOpcua.UserIdentityInfo {
  const { username, password, userCertificate, userKey } = options;
  if (userCertificate !== undefined) {
    requirePair(options);
    return {
      type: opcua.UserTokenType.Certificate,
      certificateData: new X509Certificate(userCertificate).raw,
      // The library takes the key as PEM in a form of its own choice only.
      privateKey: createPrivateKey(userKey ?? '')
        .export({ type: 'pkcs8', format: 'pem' })
        .toString(),
    };
  }
  if (username === undefined) return { type: opcua.UserTokenType.Anonymous };
  return { type: opcua.UserTokenType.UserName, userName: username, password: password ?? '' };
}

/** Throws where `userCertificate` is no certificate, or `userKey` is not its key; never with a word of the key. */
export function requirePair({ id, userCertificate, userKey }: LoginOptions): void {
  if (userCertificate === undefined && userKey === undefined) return;
  const fail = (what: string) =>
    new MillwattError('refuse', 'bad-user-certificate', `Source ${id}: ${what}.`, {
      cure: 'Give userCertificate and userKey as PEM files that belong to each other, the key without a passphrase.',
    });
  if (userCertificate === undefined || userKey === undefined)
    throw fail('userCertificate and userKey belong together, and one of them is missing');
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(userCertificate);
  } catch {
    throw fail('userCertificate holds no certificate in PEM');
  }
  let belongs: boolean;
  try {
    belongs = certificate.checkPrivateKey(createPrivateKey(userKey));
  } catch {
    throw fail('userKey holds no private key in PEM that can be read');
  }
  if (!belongs) throw fail('userKey is not the key of userCertificate');
}

import { constants, createHash, verify, X509Certificate, type KeyObject } from 'node:crypto';
import { id_signedData, SignedData, type ContentInfo, type SignerInfo } from '@peculiar/asn1-cms';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import { id_ct_tstInfo } from '@peculiar/asn1-tsp';
import { Certificate } from '@peculiar/asn1-x509';
import { SignedAttributes, SigningCertificate } from './ess-certificate.ts';

const DIGESTS: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};
/** How each algorithm signs, and with which digest where it names one itself. */
const SIGNATURES: Readonly<Record<string, { scheme: 'pkcs1' | 'pss' | 'ecdsa' | 'eddsa'; digest?: string }>> =
  {
    '1.2.840.113549.1.1.1': { scheme: 'pkcs1' },
    '1.2.840.113549.1.1.11': { scheme: 'pkcs1', digest: 'sha256' },
    '1.2.840.113549.1.1.12': { scheme: 'pkcs1', digest: 'sha384' },
    '1.2.840.113549.1.1.13': { scheme: 'pkcs1', digest: 'sha512' },
    '1.2.840.113549.1.1.10': { scheme: 'pss' },
    '1.2.840.10045.2.1': { scheme: 'ecdsa' },
    '1.2.840.10045.4.3.2': { scheme: 'ecdsa', digest: 'sha256' },
    '1.2.840.10045.4.3.3': { scheme: 'ecdsa', digest: 'sha384' },
    '1.2.840.10045.4.3.4': { scheme: 'ecdsa', digest: 'sha512' },
    '1.3.101.112': { scheme: 'eddsa' },
  };
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';
const SIGNING_CERTIFICATE = '1.2.840.113549.1.9.16.2.12';
const SIGNING_CERTIFICATE_V2 = '1.2.840.113549.1.9.16.2.47';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const TIME_STAMPING = '1.3.6.1.5.5.7.3.8';
const CERTIFICATES_MAX = 16;

/** What a token holds, and whose signature is on it: the signature is sound, the certificate is anyone's. */
export interface SignedToken {
  /** TSTInfo, DER. */
  content: Buffer;
  signer: X509Certificate;
  /** All that came with the token. */
  certificates: X509Certificate[];
}

/**
 * Opens a time-stamp token (CMS SignedData, RFC 5652) and checks its one signature. Throws an Error whose message ends the sentence
 * "The stamp ...", or what the parser throws.
 *
 * @param more certificates that may be the signer's where the token brings none
 */
export function openToken(token: ContentInfo, more: readonly X509Certificate[]): SignedToken {
  if (token.contentType !== id_signedData) throw new Error('is not signed');
  const signed = AsnConvert.parse(token.content, SignedData);
  const { eContentType, eContent } = signed.encapContentInfo;
  if (eContentType !== id_ct_tstInfo || eContent?.single === undefined)
    throw new Error('signs something else than a time');
  const content = Buffer.from(eContent.single.buffer);
  const [info, ...others] = signed.signerInfos;
  if (info === undefined || others.length > 0) throw new Error('has not one signature');
  const certificates = certificatesOf(signed, Buffer.from(token.content));
  const signer = signerOf(info, [...certificates, ...more]);
  requireTimeStamping(signer);
  requireSigned(info, content, signer.publicKey);
  return { content, signer, certificates };
}

function certificatesOf({ certificates = [] as never }: SignedData, token: Buffer): X509Certificate[] {
  const own = [...certificates].flatMap(({ certificate }) => certificate ?? []);
  if (own.length > CERTIFICATES_MAX) throw new Error(`brings more than ${CERTIFICATES_MAX} certificates`);
  return own.map((certificate) => {
    const bytes = Buffer.from(AsnConvert.serialize(certificate));
    // Another text of the same would have another signature.
    if (!token.includes(bytes)) throw new Error('brings a certificate that is not DER');
    return new X509Certificate(bytes);
  });
}

function attribute({ signedAttrs = [] }: SignerInfo, ...types: string[]): ArrayBuffer | undefined {
  const found = signedAttrs.filter(({ attrType }) => types.includes(attrType));
  const [only] = found;
  return found.length === 1 && only?.attrValues.length === 1 ? only.attrValues[0] : undefined;
}

/** The certificate that the signer bound by its hash (RFC 3161, 2.4.2). */
function signerOf(info: SignerInfo, candidates: readonly X509Certificate[]): X509Certificate {
  const v2 = attribute(info, SIGNING_CERTIFICATE_V2);
  const bound = v2 ?? attribute(info, SIGNING_CERTIFICATE);
  if (bound === undefined) throw new Error('does not name the certificate of its signer');
  const [first] = AsnConvert.parse(bound, SigningCertificate).certs;
  const oid = first?.hashAlgorithm?.algorithm;
  const digest = v2 === undefined ? 'sha1' : oid === undefined ? 'sha256' : DIGESTS[oid];
  if (first === undefined || digest === undefined)
    throw new Error('names the certificate of its signer in a way we do not know');
  const hash = Buffer.from(first.certHash.buffer);
  const signer = candidates.find(({ raw }) => createHash(digest).update(raw).digest().equals(hash));
  if (signer === undefined)
    throw new Error(
      'does not bring the certificate of its signer (certReq), and none of those that are trusted is it',
    );
  return signer;
}

/** RFC 3161, 2.3: for time stamping, for nothing else, and critical. */
function requireTimeStamping({ raw, keyUsage }: X509Certificate): void {
  const { tbsCertificate } = AsnConvert.parse(raw, Certificate);
  const usage = tbsCertificate.extensions?.find(({ extnID }) => extnID === EXTENDED_KEY_USAGE);
  if (usage?.critical !== true || keyUsage.length !== 1 || keyUsage[0] !== TIME_STAMPING)
    throw new Error('is signed with a certificate that is not for time stamping alone');
}

function requireSigned(info: SignerInfo, content: Buffer, key: KeyObject): void {
  const { signedAttrs, digestAlgorithm, signatureAlgorithm } = info;
  const how = SIGNATURES[signatureAlgorithm.algorithm];
  const digest = DIGESTS[digestAlgorithm.algorithm];
  if (how === undefined || digest === undefined || (how.digest ?? digest) !== digest)
    throw new Error(
      `is signed in a way we do not know (${signatureAlgorithm.algorithm}, ${digestAlgorithm.algorithm})`,
    );
  const type = attribute(info, CONTENT_TYPE);
  const noted = attribute(info, MESSAGE_DIGEST);
  if (signedAttrs === undefined || type === undefined || noted === undefined)
    throw new Error('lacks what every stamp signs');
  if (!Buffer.from(type).equals(Buffer.from(CONTENT_TYPE_TIME)))
    throw new Error('signs something else than a time');
  const due = createHash(digest).update(content).digest();
  if (!Buffer.from(AsnConvert.parse(noted, OctetString).buffer).equals(due))
    throw new Error('is not of what it signed');
  const bytes = Buffer.from(AsnConvert.serialize(new SignedAttributes(signedAttrs)));
  const isSigned = verify(
    how.scheme === 'eddsa' ? null : digest,
    bytes,
    how.scheme === 'pss'
      ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_AUTO }
      : key,
    Buffer.from(info.signature.buffer),
  );
  if (!isSigned) throw new Error('is not signed by the key of its certificate');
}

/** The object identifier of TSTInfo, DER. */
const CONTENT_TYPE_TIME = Buffer.of(6, 11, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 16, 1, 4);

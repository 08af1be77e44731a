import { Attribute } from '@peculiar/asn1-cms';
import { AsnArray, AsnProp, AsnPropTypes, AsnType, AsnTypeTypes, OctetString } from '@peculiar/asn1-schema';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';

/*
 * Forms that no package that we use declares: the attribute by which a signer binds its own certificate (RFC 2634, 5.4, and RFC 5035), and
 * the set of attributes as it is signed. What is usually written as decorators is applied here as functions.
 */

/** ESSCertID (SHA-1) and ESSCertIDv2 (SHA-256 where no algorithm is named): the hash of a certificate. */
export class EssCertId {
  hashAlgorithm?: AlgorithmIdentifier;
  certHash: OctetString = new OctetString();
  issuerSerial?: ArrayBuffer;
}
AsnType({ type: AsnTypeTypes.Sequence })(EssCertId);
AsnProp({ type: AlgorithmIdentifier, optional: true })(EssCertId.prototype, 'hashAlgorithm');
AsnProp({ type: OctetString })(EssCertId.prototype, 'certHash');
AsnProp({ type: AsnPropTypes.Any, optional: true })(EssCertId.prototype, 'issuerSerial');

/** SigningCertificate and SigningCertificateV2: the first one is the signer's. */
export class SigningCertificate {
  certs: EssCertId[] = [];
  policies?: ArrayBuffer;
}
AsnType({ type: AsnTypeTypes.Sequence })(SigningCertificate);
AsnProp({ type: EssCertId, repeated: 'sequence' })(SigningCertificate.prototype, 'certs');
AsnProp({ type: AsnPropTypes.Any, optional: true })(SigningCertificate.prototype, 'policies');

/** Signed attributes as the SET that is signed; they are sent under the tag of their place (RFC 5652, 5.4). */
export class SignedAttributes extends AsnArray<Attribute> {
  constructor(items: Attribute[] = []) {
    super(items);
    Object.setPrototypeOf(this, SignedAttributes.prototype);
  }
}
AsnType({ type: AsnTypeTypes.Set, itemType: Attribute })(SignedAttributes);

import { hash } from 'node:crypto';
import { verifySignature, type SigningKey } from '../../protocols/evidence/keys.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import type { Manifest } from './manifest.ts';

const PAYLOAD_TYPE = 'application/vnd.in-toto+json';

/**
 * The collector's word on a package: an in-toto Statement v1 over its manifest, in a DSSE envelope (Ed25519), as canonical
 * JSON. Deterministic.
 */
export function signStatement(manifestBytes: Uint8Array, manifest: Manifest, key: SigningKey): string {
  const payload = statementOf(manifestBytes, manifest);
  const sig = Buffer.from(key.sign(preAuthentication(payload))).toString('base64');
  return envelopeOf(payload, manifest.collector, sig);
}

/** What is wrong with the envelope of a manifest, as a sentence; undefined when the collector that it names signed it. */
export function statementFault(
  envelope: string,
  manifestBytes: Uint8Array,
  manifest: Manifest,
): string | undefined {
  const payload = statementOf(manifestBytes, manifest);
  const found = /"sig":"([A-Za-z0-9+/]{86}==)"/.exec(envelope)?.[1];
  // All but the signature follows from the manifest, so there is one envelope for each.
  if (found === undefined || envelopeOf(payload, manifest.collector, found) !== envelope)
    return 'It is not the statement that belongs to manifest.json.';
  const sig = Buffer.from(found, 'base64');
  if (sig.toString('base64') !== found) return 'Its signature is not written as base64 is.';
  if (verifySignature(manifest.collector, preAuthentication(payload), sig)) return undefined;
  return 'It is not signed by the key of the collector that manifest.json names.';
}

function statementOf(manifestBytes: Uint8Array, manifest: Manifest): Buffer {
  const { site, machine, fromMs, toMs, software } = manifest;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'manifest.json', digest: { sha256: hash('sha256', manifestBytes, 'hex') } }],
    predicateType: 'urn:millwatt:evidence-package:1',
    predicate: { site, machine, fromMs, toMs, software },
  };
  return Buffer.from(canonicalText(statement), 'utf8');
}

/** What DSSE signs: type and body, each with its length before it. */
function preAuthentication(payload: Buffer): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `, 'utf8'),
    payload,
  ]);
}

function envelopeOf(payload: Buffer, keyid: string, sig: string): string {
  return canonicalText({
    payload: payload.toString('base64'),
    payloadType: PAYLOAD_TYPE,
    signatures: [{ keyid, sig }],
  });
}

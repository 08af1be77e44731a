import { isDigest } from '../../protocols/telemetry/ids.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import type { SourceDescription } from '../../protocols/telemetry/snapshot.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import { isObject } from './manifest.ts';

/** A source that fed a machine, as its agent sealed it: meter, class, ratios and profile. */
export interface PackedMeter {
  agent: string;
  source: SourceDescription;
}

/** The document on a meter's calibration that somebody holds: the package has its hash only. */
export interface PackedCertificate {
  /** Serial number of the meter. */
  meter: string;
  /** SHA-256 of the document, base64url. */
  sha256: string;
}

/** True for a list of certificates, whatever they are of. */
export function areCertificates(value: unknown): value is PackedCertificate[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one) =>
        isObject(one) &&
        Object.keys(one).sort().join() === 'meter,sha256' &&
        typeof one['meter'] === 'string' &&
        isDigest(one['sha256']),
    )
  );
}

/** All sources of a machine that config snapshots name, each differing description once, in order of their texts. Throws an error of class `quarantine` on a snapshot that is none. */
export function metersOf(snapshots: Iterable<string>, machine: string): PackedMeter[] {
  const byText = new Map<string, PackedMeter>();
  for (const text of snapshots) {
    const { agent, sources, channels } = decodeSnapshot(text);
    const used = new Set(channels.flatMap((one) => (one.machine === machine ? [one.source] : [])));
    for (const source of sources) {
      const meter = { agent, source };
      if (used.has(source.id)) byText.set(canonicalText(meter), meter);
    }
  }
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, meter]) => meter);
}

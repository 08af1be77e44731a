import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { PackedCertificate } from '../../collector/evidence/packed-meters.ts';
import type { MachineConfig } from '../../config/collector-config.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';

/** What a name of a file ends with, and a number of a certificate does not. */
const FILE = /\.(pdf|xml|png|jpe?g|tiff?|txt|zip|p7m)$/i;

/** Certificates that a configuration names. */
export interface FoundCertificates {
  certificates: PackedCertificate[];
  /** What is named like a file and is none, as sentences. */
  missing: string[];
}

/**
 * The hashes of the calibration certificates of a machine's meters, as far as `certificate` names a file. A number of a certificate
 * stands in the footprint record.
 *
 * @param folder of the configuration: relative paths begin there
 * @param snapshots in force at the end: the meter that a component has last is the one that its certificate is of
 */
export async function certificatesOf(
  { id, metering }: Pick<MachineConfig, 'id' | 'metering'>,
  folder: string,
  snapshots: readonly ConfigSnapshot[],
): Promise<FoundCertificates> {
  const found: FoundCertificates = { certificates: [], missing: [] };
  for (const [component, { certificate }] of Object.entries(metering)) {
    if (certificate === undefined) continue;
    const path = resolve(folder, certificate);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true) {
      const hash = createHash('sha256');
      await pipeline(createReadStream(path), hash);
      const meter = serialOf(id, component, snapshots) ?? component;
      found.certificates.push({ meter, sha256: hash.digest('base64url') });
    } else if (FILE.test(certificate))
      found.missing.push(`The certificate of ${component}, ${certificate}, is no file here.`);
  }
  found.certificates.sort((a, b) => (`${a.meter} ${a.sha256}` < `${b.meter} ${b.sha256}` ? -1 : 1));
  return found;
}

function serialOf(
  machine: string,
  component: string,
  snapshots: readonly ConfigSnapshot[],
): string | undefined {
  for (const { channels, sources } of snapshots.toReversed())
    for (const channel of channels) {
      if (channel.machine !== machine || channel.component !== component) continue;
      const source = sources.find(({ id }) => id === channel.source);
      const serial = source?.meter?.serial ?? source?.device?.serial;
      if (serial !== undefined) return serial;
    }
  return undefined;
}

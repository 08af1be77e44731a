import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openCollectorJournal } from '../../../cli/journal-access.ts';
import { silentLog } from '../../../protocols/log.ts';
import { derivePlant, plantConfig, type PlantOptions } from '../../collector/reports/period-plant.ts';

const run = promisify(execFile);
const MILLWATT = join(import.meta.dirname, '../../../cli/millwatt.ts');
const HOUR_MS = 3_600_000;
/** 2026-07-06 04:00 UTC. */
const FROM_MS = Date.UTC(2026, 6, 6, 4);

/** What a command of ours came to. */
export interface Ended {
  code: number;
  /** stdout and stderr. */
  out: string;
}

/** The folder of a collector that ran, with its configuration. */
export interface EvidenceSite {
  folder: string;
  /** `millwatt ARGS` in the folder, on this very Node. */
  millwatt(...args: string[]): Promise<Ended>;
  /** `millwatt export evidence` of the whole time; its JSON. */
  exported(file: string, ...more: string[]): Promise<Record<string, unknown>>;
  close(): void;
}

/** Machine, bands and footprint as a plant would write them; the certificate is a file. */
const YAML = `
site: plant
broker: { url: mqtt://127.0.0.1:1883 }
data: .
calendar: { zone: Europe/Berlin }
footprint:
  company: { name: Example Machining Co, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: DE }
  region: DE
machines:
  - id: mill-1
    name: Mill 1
    ratedPower: 15kW
    metering:
      supply: { ct: { class: '0.5' }, calibrated: 2026-03-01, calibrateEvery: 5, certificate: certificate.pdf }
      spindle: { certificate: gone.pdf }
`;

/** A plant of twelve hours that a real collector received and derived, to be asked from the command line. */
export async function makeEvidenceSite(options: PlantOptions = {}, hours = 12): Promise<EvidenceSite> {
  const plant = await derivePlant(FROM_MS, hours, { config: plantConfig(), ...options });
  const folder = plant.dataFolder;
  const config = join(folder, 'collector.yaml');
  writeFileSync(config, YAML);
  writeFileSync(join(folder, 'certificate.pdf'), 'a certificate\n');
  // The commands want the journal of the collector.
  openCollectorJournal(folder, silentLog).close();
  const millwatt = async (...args: string[]): Promise<Ended> => {
    try {
      const { stdout, stderr } = await run(process.execPath, [MILLWATT, ...args], {
        cwd: folder,
        env: { ...process.env, COLUMNS: '200', NO_COLOR: '1' },
        maxBuffer: 1e8,
      });
      return { code: 0, out: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout + stderr };
    }
  };
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    folder,
    millwatt,
    close: plant.close,
    async exported(file, ...more) {
      const asked = ['export', 'evidence', '-c', config, '--machine', 'mill-1', '--json', '-o', file];
      const time = ['--from', iso(FROM_MS), '--to', iso(FROM_MS + hours * HOUR_MS)];
      const { code, out } = await millwatt(...asked, ...time, ...more);
      if (code !== 0) throw new Error(out);
      return JSON.parse(out) as Record<string, unknown>;
    },
  };
}

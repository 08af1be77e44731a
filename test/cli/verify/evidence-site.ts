import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openCollectorJournal } from '../../../cli/journal-access.ts';
import { machineModelsOf } from '../../../cli/machine-model-of.ts';
import { startDerivation } from '../../../collector/derivation/deriver.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { followAmendments } from '../../../collector/journal/amendment-source.ts';
import { goneOf } from '../../../collector/ledger/gone-ranges.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import { loadCollectorConfig } from '../../../config/load.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { unfoldPart, type SealedRecord } from '../../../protocols/evidence/seal.ts';
import { parseRecord } from '../../../protocols/telemetry/record.ts';
import { silentLog } from '../../../protocols/log.ts';
import { derivePlant, plantConfig, type PlantOptions } from '../../collector/reports/period-plant.ts';

const run = promisify(execFile);
const MILLWATT = join(import.meta.dirname, '../../../cli/millwatt.ts');
const HOUR_MS = 3_600_000;
/** 2026-07-06 04:00 UTC. */
export const FROM_MS = Date.UTC(2026, 6, 6, 4);

/** What a command of ours came to. */
export interface Ended {
  code: number;
  /** stdout and stderr. */
  out: string;
}

/** The folder of a collector that ran, with its configuration. */
export interface EvidenceSite {
  folder: string;
  /** The words of `millwatt export evidence` of the whole time. */
  asked: readonly string[];
  /** `millwatt ARGS` in the folder, on this very Node. */
  millwatt(...args: string[]): Promise<Ended>;
  /** Exports the whole time; its JSON. Rejects where that is refused. */
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
  writeFileSync(join(folder, 'collector.yaml'), YAML);
  writeFileSync(join(folder, 'certificate.pdf'), 'a certificate\n');
  // The commands want the journal of the collector.
  openCollectorJournal(folder, silentLog).close();
  return siteIn(folder, FROM_MS, FROM_MS + hours * HOUR_MS, plant.close);
}

/** What was sealed and decided, and in what order it came. */
export interface LedgerSite {
  site?: string;
  machine?: string;
  /** What came together; all is derived before the next comes. */
  batches: readonly (readonly SealedRecord[])[];
  /** What people decided before the first came, without what is the same of all. */
  amendments?: readonly Record<string, unknown>[];
  /** Which of them were revoked, by their place. */
  revoked?: readonly number[];
  fromMs: number;
  toMs: number;
}

/** The folder of a collector that took in records as they are given, on real files. */
export async function makeLedgerSite(given: LedgerSite): Promise<EvidenceSite & { hours: MachineHour[] }> {
  const { site = 'plant', machine = 'mill-1', batches, amendments = [], fromMs, toMs } = given;
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-evidence-'));
  const yaml = `site: ${site}\nbroker: { url: mqtt://127.0.0.1:1883 }\ndata: .\nmachines: [{ id: ${machine}, ratedPower: 20kW }]\n`;
  writeFileSync(join(folder, 'collector.yaml'), yaml);
  const { config } = loadCollectorConfig(join(folder, 'collector.yaml'));
  const journal = openCollectorJournal(folder, silentLog);
  const entered = amendments.map((body) => {
    const told = { component: 'supply', fromMs, toMs: null, reason: 'seen at inspection', ...body };
    return journal.append({ atMs: fromMs, kind: 'amendment', machine, by: 'Anna', body: told });
  });
  for (const place of given.revoked ?? []) {
    const body = { amendment: entered[place]?.hash, reason: 'mistaken' };
    journal.append({ atMs: fromMs, kind: 'revocation', machine, by: 'Anna', body });
  }
  const clock = new SteppedClock(toMs + 24 * HOUR_MS);
  const ledger = await openLedger({ folder: join(folder, 'ledger'), log: silentLog, clock });
  const views = openViews({ folder });
  const derivation = startDerivation({
    ledger,
    views,
    machines: machineModelsOf(config, folder),
    amendments: followAmendments(journal, silentLog),
    site,
    clock,
    log: silentLog,
  });
  for (const batch of batches) {
    const receivedMs = clock.wallMs();
    await Promise.all(batch.map((record) => ledger.append({ ...record, receivedMs, gone: goneIn(record) })));
    await derivation.idle();
    clock.stepTo(clock.wallMs() + 60_000);
  }
  await derivation.stop();
  const hours = views.hours(machine, fromMs, toMs);
  views.close();
  await ledger.close();
  journal.close();
  const close = () => rmSync(folder, { recursive: true, force: true });
  return { ...siteIn(folder, fromMs, toMs, close, machine), hours };
}

/** What a record says will never come, as admission reads it. */
function goneIn({ header, bytes }: SealedRecord): ReturnType<typeof goneOf> {
  const [part] = header.kind === 'log' ? parseRecord(bytes).parts : [];
  return goneOf(header, part === undefined ? undefined : unfoldPart(part));
}

function siteIn(
  folder: string,
  fromMs: number,
  toMs: number,
  close: () => void,
  machine = 'mill-1',
): EvidenceSite {
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
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString()) as [string, string];
  return {
    folder,
    asked: ['export', 'evidence', '-c', 'collector.yaml', '--machine', machine, '--from', from, '--to', to],
    millwatt,
    close,
    async exported(file, ...more) {
      const { code, out } = await millwatt(...this.asked, '--json', '-o', file, ...more);
      if (code !== 0) throw new Error(out);
      return JSON.parse(out) as Record<string, unknown>;
    },
  };
}

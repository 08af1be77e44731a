import { fingerprint } from '../../protocols/evidence/keys.ts';
import { join, resolve } from 'node:path';
import { hourMethods, OUTDATED, type TellMethod } from '../../collector/derivation/hour-method.ts';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { unconfiguredMachine } from '../../collector/energy/machine-model.ts';
import { readDays, type DayReader } from '../../collector/evidence/days/day-store.ts';
import type { PackageSource } from '../../collector/evidence/write-package.ts';
import type { EmissionFactor } from '../../collector/footprint/factors/emission-factor.ts';
import type { FootprintRecord } from '../../collector/footprint/record/footprint-record.ts';
import { AgentKeys, handoversOf } from '../../collector/ingest/keys.ts';
import { followAmendments } from '../../collector/journal/amendment-source.ts';
import { followKeyActs } from '../../collector/journal/key-acts.ts';
import type { JournalEntry, JournalReader } from '../../collector/journal/journal.ts';
import { readLedger, type LedgerView } from '../../collector/ledger/read-ledger.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import { snapshotsInForce } from '../../collector/reports/configs-in-force.ts';
import type { JobSource } from '../../collector/reports/job-source.ts';
import type { CollectorConfig } from '../../config/collector-config.ts';
import { MillwattError } from '../../protocols/errors.ts';
import type { SigningKey } from '../../protocols/evidence/keys.ts';
import { silentLog } from '../../protocols/log.ts';
import { readConfiguredJournal, readKey } from '../journal-access.ts';
import { requireMachine } from '../known-machine.ts';
import { machineModelsOf } from '../machine-model-of.ts';
import { sitePlanOf } from '../site-plan-of.ts';
import { VERSION } from '../version.ts';
import { recordsOfAgents } from './agent-records.ts';
import { certificatesOf } from './evidence-certificates.ts';

/** What a package is asked of: one machine, and whole hours, wall ms: [fromMs, toMs). */
export interface EvidenceQuery {
  machine: string;
  fromMs: number;
  toMs: number;
}

/** Everything that a package is made of, and the ledger and its days, to be closed when it is written. */
export interface EvidenceSource {
  source: PackageSource & { hours: readonly MachineHour[] };
  ledger: LedgerView;
  days: DayReader | undefined;
  /** What people should know of it, as sentences. */
  remarks: string[];
}

/** Makes the footprint record of the machine, with a bar; undefined where no energy is known. */
export type MakeFootprint = (
  from: JobSource,
  methodOf: TellMethod,
  key: SigningKey,
) => Promise<FootprintRecord | undefined>;

/**
 * Opens what a package of a configured collector is made of, all as of one moment; the collector may run meanwhile. Throws errors
 * of class `refuse`: `no-machine`, `no-hours`, `other-method` where the hours are not those that this configuration gives, and as
 * `readViews`, `readLedger` and `readConfiguredJournal`.
 *
 * @param folder of the configuration
 */
export async function openEvidence(
  { config, folder }: { config: CollectorConfig; folder: string },
  { machine, fromMs, toMs }: EvidenceQuery,
  makeFootprint: MakeFootprint,
): Promise<EvidenceSource> {
  const dataFolder = resolve(folder, config.data);
  const key = readKey(dataFolder);
  const views = readViews({ folder: dataFolder, frozen: true });
  try {
    requireMachine(views.machines(), machine);
    const journal = readConfiguredJournal(config, folder);
    try {
      const amendments = entriesOf(journal, machine);
      const models = machineModelsOf(config, folder);
      const model = models.find((one) => one.machine === machine) ?? unconfiguredMachine(machine);
      const methodOf = hourMethods(views, models, followAmendments(journal, silentLog));
      requireMethod(methodOf, machine);
      const hours = views.hours(machine, fromMs, toMs);
      requireHours(hours, machine);
      const configured = config.machines.find(({ id }) => id === machine);
      const { snapshots } = snapshotsInForce(views, hours);
      const told =
        configured === undefined
          ? { certificates: [], missing: [] }
          : await certificatesOf(configured, folder, snapshots);
      const plan = sitePlanOf(config, process.versions['tz'] ?? '');
      const record =
        config.footprint === undefined
          ? undefined
          : await makeFootprint({ views, plan, journal }, methodOf, key);
      const lastOrdinal = views.cursor('derive');
      const ledger = readLedger({ folder: join(dataFolder, 'ledger'), log: silentLog, lastOrdinal });
      const agents = ledger.agentsOf(machine);
      const standings = standingsOf(ledger, journal);
      const days = readDays(dataFolder);
      const source = {
        site: config.site,
        machine,
        fromMs,
        toMs,
        madeMs: Date.now(),
        software: { name: 'millwatt', version: VERSION },
        ledger: agents === undefined ? ledger : recordsOfAgents(ledger, agents),
        lastOrdinal,
        standingOf: (agent: string, agentKey: string) =>
          standings.get(`${agent} ${agentKey}`) ?? { standing: 'other' as const },
        key,
        model,
        amendments,
        hours,
        records: record === undefined ? [] : [record],
        factors: factorsOf(record),
        certificates: told.certificates,
        days,
      };
      return {
        source,
        ledger,
        days,
        remarks: [...told.missing, ...unseenKeys(ledger, machine, standings), ...remarksOf(config, record)],
      };
    } finally {
      journal.close();
    }
  } finally {
    views.close();
  }
}

/** What is known now of the key of each chain: the journal is closed before they are written. */
function standingsOf(ledger: LedgerView, journal: JournalReader) {
  const chains = ledger.chains();
  const keys = new AgentKeys(chains, followKeyActs(journal, silentLog), handoversOf(ledger.configRecords()));
  return new Map(chains.map(({ agent, key }) => [`${agent} ${key}`, keys.evidenceOf(agent, key)]));
}

/** A key that nobody compared is told to the verifier; whoever hands it out can still do so. */
function unseenKeys(
  ledger: LedgerView,
  machine: string,
  standings: ReadonlyMap<string, { standing: string }>,
): string[] {
  const agents = ledger.agentsOf(machine);
  const seen = ledger
    .chains()
    .filter(
      ({ agent, key }) =>
        agents?.has(agent) !== false && standings.get(`${agent} ${key}`)?.standing === 'seen',
    )
    .map(({ agent, key }) => `${agent} ${fingerprint(key)}`);
  return [...new Set(seen)].map(
    (name) =>
      `Nobody compared the key ${name}, and the verifier is told so: compare it with \`millwatt keys show\` on the gateway, then \`millwatt keys confirm ${name}\` here, and export again.`,
  );
}

function entriesOf(journal: JournalReader, machine: string): JournalEntry[] {
  const entries = (['amendment', 'revocation'] as const).flatMap((kind) => journal.entries(kind, machine));
  return entries.sort((a, b) => a.seq - b.seq);
}

/** Hours of another method would be refused by whoever verifies them: they do not follow from this model. */
function requireMethod(methodOf: TellMethod, machine: string): void {
  if (!methodOf(machine).isOutdated) return;
  throw new MillwattError('refuse', 'other-method', OUTDATED.saying(machine), { cure: OUTDATED.cure });
}

function requireHours(hours: readonly MachineHour[], machine: string): void {
  if (hours.length > 0) return;
  throw new MillwattError('refuse', 'no-hours', `No hour of ${machine} is known in that time.`, {
    cure: `Give --from and --to a time in which it was metered: \`millwatt hours --machine ${machine}\` shows it.`,
  });
}

/** Each row once, in the order of their ids. */
function factorsOf(record: FootprintRecord | undefined): EmissionFactor[] {
  const byId = new Map(record?.evidence.factors.map((factor) => [factor.id, factor]));
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function remarksOf({ footprint }: CollectorConfig, record: FootprintRecord | undefined): string[] {
  if (record !== undefined) return [];
  return [
    footprint === undefined
      ? 'It has no footprint record: the configuration has no `footprint`.'
      : 'It has no footprint record: no energy is known in that time.',
  ];
}

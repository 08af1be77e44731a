import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { machineModelsOf } from '../../../cli/machine-model-of.ts';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import { loadCollectorConfig } from '../../../config/load.ts';
import { loadKeyFile } from '../../../protocols/evidence/key-file.ts';
import { silentLog } from '../../../protocols/log.ts';
import { Bench } from '../../collector/derivation/derivation-bench.ts';
import { MACHINE, PlantFeed, shiftOf } from '../../collector/derivation/plant-feed.ts';

/** The folder of a collector that has derived a shift, and was stopped; 37 records of gw-1. */
export async function makeSite() {
  const bench = await Bench.open();
  const { folder } = bench;
  writeFileSync(
    join(folder, 'collector.yaml'),
    `site: plant\ncollector: col-1\ndata: .\nbroker: { url: mqtt://127.0.0.1:1, username: c }\nmachines:\n  - id: ${MACHINE}\n    ratedPower: 15 kW\n`,
  );
  const { config } = loadCollectorConfig(join(folder, 'collector.yaml'));
  bench.model = machineModelsOf(config, folder)[0]!;
  await bench.restart();
  const records = shiftOf(new PlantFeed(), 3);
  await bench.append(...records);
  await bench.derive();
  const key = loadKeyFile(join(folder, 'collector-key.pem'), '');
  const journal = openJournal({ folder, key, log: silentLog });
  const note = (minute: number) =>
    journal.append({
      atMs: Date.UTC(2026, 2, 3, 0, minute),
      kind: 'job',
      machine: MACHINE,
      by: 'test',
      body: { minute },
    });
  note(1);
  note(2);
  await bench.close();
  journal.close();
  const ledger = join(folder, 'ledger');
  const path = join(
    ledger,
    readdirSync(ledger).find((name) => name.startsWith('records-'))!,
  );
  return { folder, ledger, path, records };
}

/** Changes a file of a stopped collector. */
export function change(path: string, act: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(path);
  act(db);
  db.close();
}

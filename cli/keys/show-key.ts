import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { loadAgentConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { loadKeyFile } from '../../protocols/evidence/key-file.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';

/** `millwatt keys show`: the fingerprint of this gateway's own key, to be compared with what the collector lists. The agent may run meanwhile. */
export function runKeysShow({ config: file, json }: { config: string; json?: true }): void {
  const { config, folder } = loadAgentConfig(file);
  const { site, agent } = config;
  const path = join(resolve(folder, config.data), 'agent-key.pem');
  // Looking draws none.
  if (!existsSync(path))
    throw new MillwattError('refuse', 'no-agent', `There is no ${path}: no agent has run here.`, {
      cure: 'Start `millwatt agent` with this configuration once, or correct its data folder.',
    });
  const { publicKey } = loadKeyFile(path, 'Restore the file from a backup.');
  const mark = fingerprint(publicKey);
  process.stdout.write(
    json
      ? `${JSON.stringify({ ok: true, site, agent, fingerprint: mark, key: publicKey }, null, 2)}\n`
      : `${mark}\nThis is the key of agent ${agent} of site ${site}. On the collector: millwatt keys confirm ${agent} ${mark}\n`,
  );
}

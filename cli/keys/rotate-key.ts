import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { agentKeyPath, readAgentKey, rotateAgentKey } from '../../agent/agent-key.ts';
import { isInUse } from '../../agent/chain-key.ts';
import { loadAgentConfig } from '../../config/load.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { lockFolder } from '../../protocols/folder-lock.ts';
import { printLines } from '../amend/amend-print.ts';
import { confirm } from '../amend/confirm.ts';

/** `millwatt keys rotate`: a new key for a stopped agent, which the old one signs for; records that wait stay as they are. */
export async function runKeysRotate(options: { config: string; yes?: true; json?: true }): Promise<void> {
  const { config, folder } = loadAgentConfig(options.config);
  const { site, agent } = config;
  const dataFolder = resolve(folder, config.data);
  if (!existsSync(agentKeyPath(dataFolder))) throw noAgent(agentKeyPath(dataFolder));
  becomeOwner(dataFolder);
  const unlock = lock(dataFolder);
  try {
    const before = readAgentKey(dataFolder, { site, agent });
    if (before.rotation !== undefined && !isInUse(dataFolder, before.key.publicKey))
      throw new MillwattError(
        'refuse',
        'rotated-already',
        `The key was rotated already, and the agent has not run since: it is ${fingerprint(before.key.publicKey)}.`,
        { cure: 'Start the agent, so that it tells the collector of that one, before you draw another.' },
      );
    printLines(
      [
        `Agent ${agent} of site ${site} gets a new key; ${fingerprint(before.key.publicKey)} signs for it, and is destroyed.`,
        'Records that wait in the spool stay as they were sealed.',
      ],
      options,
    );
    await confirm('Draw a new key?', options);
    const { old, key } = rotateAgentKey(dataFolder, { site, agent });
    const [was, is] = [fingerprint(old.publicKey), fingerprint(key.publicKey)];
    if (options.json)
      process.stdout.write(`${JSON.stringify({ ok: true, site, agent, was, is }, null, 2)}\n`);
    else
      printLines(
        [
          `Its key is ${is} now. Start the agent: its first record says whose place it took, and the collector takes it as rotated.`,
          `A collector that revoked the old one does not: compare and confirm the new one there then (millwatt keys confirm ${agent} ${is}).`,
        ],
        options,
      );
  } finally {
    unlock();
  }
}

/** What an administrator writes has to be readable for the user that the agent runs under. */
function becomeOwner(dataFolder: string): void {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = statSync(agentKeyPath(dataFolder));
  process.setegid?.(gid);
  process.seteuid?.(uid);
}

function lock(dataFolder: string): () => void {
  try {
    return lockFolder(dataFolder, 'agent');
  } catch (error) {
    if (!(error instanceof MillwattError) || error.code !== 'folder-in-use') throw error;
    throw new MillwattError('refuse', 'agent-runs', `The agent of ${dataFolder} runs.`, {
      cure: 'Stop it, run this again, and start it: it keeps what it has not delivered.',
      cause: error,
    });
  }
}

function noAgent(path: string): MillwattError {
  return new MillwattError('refuse', 'no-agent', `There is no ${path}: no agent has run here.`, {
    cure: 'Start `millwatt agent` with this configuration once, or correct its data folder.',
  });
}

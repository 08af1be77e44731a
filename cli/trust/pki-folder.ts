import { existsSync, lchownSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadAgentConfig } from '../../config/load.ts';

/** Where an agent keeps its keys and certificates, and its OPC UA sources. */
export interface AgentPki {
  folder: string;
  dataFolder: string;
  /** Endpoints by id of the source. */
  endpoints: ReadonlyMap<string, string>;
}

/** The certificates of the agent that a configuration describes. Throws as `loadAgentConfig`. */
export function findPki(file: string): AgentPki {
  const { config, folder } = loadAgentConfig(file);
  const dataFolder = resolve(folder, config.data);
  return {
    dataFolder,
    folder: pkiFolderOf(dataFolder),
    endpoints: new Map(
      config.sources.flatMap((source) =>
        source.protocol === 'opcua' ? [[source.id, source.endpoint] as const] : [],
      ),
    ),
  };
}

/** Where the agent of this data folder keeps what has to do with OPC UA security. */
export function pkiFolderOf(dataFolder: string): string {
  return join(dataFolder, 'opcua-pki');
}

/**
 * Runs some work that writes there, and gives what it wrote to the user whose data it is. Without it, an agent that runs
 * under a user of its own could not read the certificate that was just trusted with `sudo`.
 */
export async function writeAsOwner<T>(
  { folder, dataFolder }: AgentPki,
  work: () => T | Promise<T>,
): Promise<T> {
  const isAdministrator = process.getuid?.() === 0;
  const { uid, gid } = lstatSync(findExisting(dataFolder));
  const isNew = !existsSync(dataFolder);
  try {
    return await work();
  } finally {
    if (isAdministrator && existsSync(folder)) {
      if (isNew) lchownSync(dataFolder, uid, gid);
      give(folder, uid, gid);
    }
  }
}

function give(path: string, uid: number, gid: number): void {
  const state = lstatSync(path);
  if (state.isSymbolicLink()) return;
  // Never through a link that was put there meanwhile.
  if (state.uid !== uid) lchownSync(path, uid, gid);
  if (state.isDirectory()) for (const name of readdirSync(path)) give(join(path, name), uid, gid);
}

/** The folder itself, or the nearest one above it that is there. */
function findExisting(folder: string): string {
  const parent = dirname(folder);
  return existsSync(folder) || parent === folder ? folder : findExisting(parent);
}

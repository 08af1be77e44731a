import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

/** What is measured, to the version. */
export const NODE_RED = '5.0.7';
export const CONTRIB_MODBUS = '5.60.2';
/** Stands in for contrib-modbus's own fork of it, which no package registry has. */
export const MODBUS_SERIAL = '8.0.25';

const INSTALL_DEADLINE_MS = 120_000;

/**
 * Installs Node-RED and its Modbus nodes into a folder with the npm of the PATH, without running install scripts; they
 * are no dependencies of ours. Resolves with the path of Node-RED's program; throws an error when npm fails.
 */
export async function installNodeRed(folder: string): Promise<string> {
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({
      private: true,
      dependencies: { 'node-red': NODE_RED, 'node-red-contrib-modbus': CONTRIB_MODBUS },
      overrides: { '@openp4nr/modbus-serial': `npm:modbus-serial@${MODBUS_SERIAL}` },
    }),
  );
  const npm = spawn('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    // The Node that runs us, so that npm chooses versions for it.
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}` },
    timeout: INSTALL_DEADLINE_MS,
  });
  const [code] = (await once(npm, 'exit')) as [number | null];
  if (code !== 0) throw new Error('npm could not install Node-RED: it needs a package registry within reach');
  return join(folder, 'node_modules/node-red/red.js');
}

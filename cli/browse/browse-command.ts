import { readFileSync } from 'node:fs';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { widthOf } from '../screen.ts';
import { chooseDuration } from './browse-duration.ts';
import type { BrowseCommandOptions } from './browse-options.ts';
import { writePrintableJson } from './browse-text.ts';

/** Options that only one of the two protocols has. */
const OPCUA_ONLY = ['config', 'pki', 'security', 'user', 'passwordFile', 'path', 'depth', 'all'] as const;
const MTCONNECT_ONLY = ['device', 'ca'] as const;
const WRITTEN: Readonly<Record<string, string>> = { passwordFile: 'password-file' };
const WIDTH_MAX = 100;

/**
 * `millwatt browse URL`: shows what a control offers, an OPC UA server (opc.tcp) or an MTConnect agent (http, https), and
 * prints an entry for the configuration. Reads only.
 */
export async function runBrowse(url: string, options: BrowseCommandOptions): Promise<void> {
  const scheme = /^([a-z.]+):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'opc.tcp') {
    refuse(options, MTCONNECT_ONLY, 'an OPC UA server');
    await (await import('./browse-opcua.ts')).runBrowseOpcua(url, options);
  } else if (scheme === 'http' || scheme === 'https') {
    refuse(options, OPCUA_ONLY, 'an MTConnect agent');
    await browseAgent(url, options);
  } else
    throw usageError(
      `${JSON.stringify(url)} is no address of a control.`,
      'Write opc.tcp://host:4840 for an OPC UA server, or http://host:5000 for an MTConnect agent.',
    );
  // A connection that is still being tried would keep the process alive for nothing.
  process.exit();
}

async function browseAgent(url: string, options: BrowseCommandOptions): Promise<void> {
  const { browseMtconnect } = await import('./browse-mtconnect.ts');
  const width = widthOf();
  const { lines, json } = await browseMtconnect(url, {
    timeoutMs: chooseDuration(options.timeout),
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(options.ca === undefined ? {} : { ca: readFileSync(options.ca, 'utf8') }),
    ...(Number.isFinite(width) ? { width: Math.min(width, WIDTH_MAX) } : {}),
  });
  process.stdout.write(options.json ? writePrintableJson(json) : `${lines.join('\n')}\n`);
}

function refuse(
  options: BrowseCommandOptions,
  names: readonly (keyof BrowseCommandOptions)[],
  what: string,
): void {
  const name = names.find((one) => options[one] !== undefined);
  if (name !== undefined)
    throw usageError(`--${WRITTEN[name] ?? name} is of no use for ${what}.`, 'Leave it out.');
}

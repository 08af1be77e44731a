import { readFileSync } from 'node:fs';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { chooseDuration } from './browse-duration.ts';
import type { BrowseCommandOptions } from './browse-options.ts';
import { leaveStopped, sayStopped } from './browse-stopped.ts';
import { writePrintableJson } from './browse-text.ts';
import { describeFileFault, MillwattError } from '../../protocols/errors.ts';

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
  refusePassword(url);
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

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new MillwattError('refuse', 'no-pem', `--ca ${file} cannot be read: ${describeFileFault(cause)}.`, {
      cure: 'Give the path of the certificate of the authority in PEM: -----BEGIN CERTIFICATE----- and so on.',
      cause,
    });
  }
}

async function browseAgent(url: string, options: BrowseCommandOptions): Promise<void> {
  const { browseMtconnect } = await import('./browse-mtconnect.ts');
  const width = widthOf();
  const stop = listenForStop();
  const browsing = browseMtconnect(url, {
    signal: stop,
    timeoutMs: chooseDuration(options.timeout),
    ...(options.device === undefined ? {} : { device: options.device }),
    ...(options.ca === undefined ? {} : { ca: readAuthority(options.ca) }),
    ...(Number.isFinite(width) ? { width: Math.min(width, WIDTH_MAX) } : {}),
  });
  try {
    const { lines, json, isCut } = await browsing;
    process.stdout.write(options.json ? writePrintableJson(json) : `${lines.join('\n')}\n`);
    if (isCut) leaveStopped();
  } catch (error) {
    if (!stop.aborted) throw error;
    sayStopped(error, { protocol: 'mtconnect', url, devices: [] }, options.json === true);
  }
}

/** A password in an address would be seen by all who list the processes here; it is not printed either. */
function refusePassword(url: string): void {
  const [host = ''] = url.replace(/^[^/]*:\/\//, '').split(/[/?#]/, 1);
  // A password may hold a slash itself: then what stands before it is no host with its port.
  const isHost = /^(\[[^\]@]+\]|[^:@[\]]+)(:\d+)?$/.test(host);
  if (!url.includes('@') || isHost) return;
  throw usageError(
    'The address holds a user or a password, and everyone on this computer can see it.',
    'Write the address without; --user and --password-file log in to an OPC UA server.',
  );
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

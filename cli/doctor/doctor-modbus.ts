import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accessSync, constants, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SourceConfig } from '../../config/agent-config.ts';
import type { ModbusTcpSourceConfig } from '../../config/modbus/modbus-config.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { readPem } from '../broker-link.ts';
import { examine, type Examination } from '../examination.ts';

/** The serial ports and certificates of an agent's Modbus sources, before any device is asked. */
export async function* examineModbus(
  sources: readonly SourceConfig[],
  folder: string,
): AsyncGenerator<Examination> {
  const ports = [
    ...new Set(sources.flatMap((source) => (source.protocol === 'modbus-rtu' ? [source.serialPort] : []))),
  ];
  for (const port of ports)
    yield examine(`serial port ${port}`, () => trySerialPort(port, ports.slice(0, ports.indexOf(port))));
  for (const source of sources) {
    if (source.protocol !== 'modbus-tcp' || source.tls === undefined) continue;
    const { tls } = source;
    yield examine(`certificates of ${source.id}`, () => tryCertificates(tls, folder));
  }
}

/** Looks whether the port is there, is a device, is ours to use, and is not another name of a port before it. */
export function trySerialPort(path: string, others: readonly string[]): string {
  if (statSync(path, { throwIfNoEntry: false }) === undefined)
    throw refuse('no-port', `${path} is not there.`, {
      cure: 'Plug the adapter in, and look for its name in /dev/serial/by-id; that name stays the same after a restart.',
    });
  if (!statSync(path).isCharacterDevice())
    throw refuse('no-port', `${path} is no serial port.`, {
      cure: 'Look for its name in /dev/serial/by-id.',
    });
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw refuse('no-access', `${path} may not be used by this user.`, {
      cure: 'Add the user that runs millwatt to the group dialout (sudo usermod -aG dialout USER), then log in anew or restart the service.',
      cause,
    });
  }
  const real = realpathSync(path);
  const same = others.find(
    (other) => statSync(other, { throwIfNoEntry: false }) && realpathSync(other) === real,
  );
  if (same !== undefined)
    throw refuse('same-port', `${path} and ${same} are the same port, which can be opened only once.`, {
      cure: 'Write one of the two names in all sources.',
    });
  return real === path ? `${path} is there and may be used` : `${path} is ${real} and may be used`;
}

type Tls = NonNullable<ModbusTcpSourceConfig['tls']>;

/** Reads the files of a TLS identity; an authority that has ended, or a key of another certificate, is told. */
export function tryCertificates({ ca, cert, key }: Tls, folder: string, now = new Date()): string {
  const said: string[] = [];
  for (const file of [ca, cert]) {
    if (file === undefined) continue;
    const certificate = parse(file, () => new X509Certificate(readPem(resolve(folder, file))));
    if (certificate.validToDate < now)
      throw refuse('expired', `${file} ended on ${dayOf(certificate)}.`, {
        cure: 'Put the renewed certificate in its place.',
      });
    said.push(`${file} is good until ${dayOf(certificate)}`);
  }
  if (cert !== undefined && key !== undefined) {
    const certificate = parse(cert, () => new X509Certificate(readPem(resolve(folder, cert))));
    const own = parse(key, () => createPrivateKey(readPem(resolve(folder, key))));
    if (!certificate.checkPrivateKey(own))
      throw refuse('wrong-key', `${key} is not the key of ${cert}.`, {
        cure: 'Put the key that was made with this certificate in its place.',
      });
  }
  return said.length === 0 ? 'none are needed: the authorities of the system are trusted' : said.join(', ');
}

function parse<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof MillwattError) throw cause;
    throw refuse('no-pem', `${file} is not a PEM file that can be read.`, {
      cure: 'Give a file that begins with -----BEGIN, without a passphrase.',
      cause,
    });
  }
}

function dayOf({ validToDate }: X509Certificate): string {
  return validToDate.toISOString().slice(0, 10);
}

function refuse(code: string, message: string, options: { cure: string; cause?: unknown }): MillwattError {
  return new MillwattError('refuse', code, message, options);
}

import { isIP } from 'node:net';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
} from 'node:tls';
import type { MillwattError } from '../../errors.ts';
import type { TlsSettings } from '../endpoint.ts';
import { closedError } from '../modbus-error.ts';
import type { Wire, WireEvents } from './tcp-wire.ts';
import { tlsDroppedError, tlsError, tlsMaterialError, keyAsCertificateError } from './tls-error.ts';

/**
 * Opens a connection with TLS 1.2 or newer. The certificate of the other end is verified always: by `ca`, or by the
 * authorities of the system, and against `serverName`, or the host. Throws a MillwattError (`retry`, `refused`) when our
 * own certificate, key or authority cannot be used.
 */
export function openTlsWire(host: string, port: number, settings: TlsSettings, events: WireEvents): Wire {
  const name = settings.serverName ?? host;
  let isOpen = false;
  let isOver = false;
  let hasHeard = false;
  const options: ConnectionOptions = {
    host,
    port,
    secureContext: readMaterial(`${host}:${port}`, settings),
    rejectUnauthorized: true,
    // Only names are announced; an address is still checked against the certificate.
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
  const socket = connect(options);
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  const lose = (describe: (where: string) => MillwattError) => {
    if (isOver) return;
    isOver = true;
    events.onLost(describe);
  };
  // Many servers look at our certificate after the handshake, and drop the connection without a word.
  const onEnd = () =>
    lose((where) =>
      isOpen && hasHeard ? closedError(where) : tlsDroppedError(where, settings.cert !== undefined, isOpen),
    );
  socket.once('secureConnect', () => {
    if (isOver) return;
    isOpen = true;
    events.onOpen();
  });
  socket.on('data', (bytes: Buffer) => {
    hasHeard = true;
    if (!isOver) events.onBytes(bytes, bytes.length);
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ECONNRESET' && !hasHeard) onEnd();
    else lose((where) => tlsError(where, error, { name, isOpen, hasCert: settings.cert !== undefined }));
  });
  socket.on('end', onEnd);
  socket.on('close', onEnd);
  return {
    write: (bytes) => socket.write(bytes),
    destroy: () => {
      isOver = true;
      socket.destroy();
    },
  };
}

const CERTIFICATE = /-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/;

function readMaterial(where: string, settings: TlsSettings): SecureContext {
  const { ca, cert, key } = settings;
  // OpenSSL takes an authority without a certificate for none at all, and then trusts nobody.
  for (const [name, pem] of Object.entries({ ca, cert }))
    if (pem?.includes('PRIVATE KEY-----') === true && !CERTIFICATE.test(pem))
      throw keyAsCertificateError(where, `tls.${name}`);
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
  } catch (error) {
    throw tlsMaterialError(where, error);
  }
}

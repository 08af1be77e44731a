import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createAuthority, type Authority, type Identity } from '../../../support/certificates.ts';
import { requireTool } from '../../../support/tools.ts';
import { makeTempFolder } from '../../ledger/temp-folder.ts';

/** A time-stamping authority on 127.0.0.1: what it answers is made by `openssl ts -reply`. */
export interface TestAuthority {
  url: string;
  folder: string;
  ca: Authority;
  /** Requests that came, DER. */
  requests: Buffer[];
  headers: IncomingMessage['headers'][];
  /** What is done to a request before openssl sees it. */
  change: (request: Buffer) => Buffer;
  /** Answers in openssl's place; undefined where it is openssl's turn. */
  answer: ((response: ServerResponse) => void) | undefined;
  /** Signs with another certificate from now on. */
  signWith(identity: Identity): void;
}

/** Undefined where it is not installed. */
export const openssl = requireTool('openssl');
const program = openssl ?? '';
const POLICY = '1.3.6.1.4.1.13762.3';

/** Starts one that ends with the test. */
export async function startAuthority(options: { digest?: string } = {}): Promise<TestAuthority> {
  const folder = makeTempFolder();
  const ca = createAuthority(program, 'StampRoot');
  onTestFinished(() => ca.dispose());
  writeFileSync(join(folder, 'serial'), '01\n');
  writeFileSync(
    join(folder, 'tsa.cnf'),
    `[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ncrypto_device=builtin\nsigner_cert=tsa.pem\nsigner_key=tsa.key\ncerts=ca.pem\nsigner_digest=${options.digest ?? 'sha256'}\ndefault_policy=${POLICY}\ndigests=sha256\naccuracy=secs:1\nordering=no\ntsa_name=yes\ness_cert_id_chain=no\n`,
  );
  writeFileSync(join(folder, 'ca.pem'), ca.cert);
  const authority: TestAuthority = {
    url: '',
    folder,
    ca,
    requests: [],
    headers: [],
    change: (request) => request,
    answer: undefined,
    signWith: ({ cert, key }) => {
      writeFileSync(join(folder, 'tsa.pem'), cert);
      writeFileSync(join(folder, 'tsa.key'), key);
    },
  };
  authority.signWith(ca.issue({ commonName: 'StampSigner', usage: 'critical,timeStamping' }));
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      authority.requests.push(Buffer.concat(pieces));
      authority.headers.push(request.headers);
      if (authority.answer !== undefined) return authority.answer(response);
      response.setHeader('content-type', 'application/timestamp-reply');
      response.end(replyTo(authority.change(Buffer.concat(pieces)), folder));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  authority.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsr`;
  return authority;
}

/** The authority's answer to a request. */
function replyTo(request: Uint8Array, folder: string): Buffer {
  writeFileSync(join(folder, 'request.tsq'), request);
  execFileSync(
    program,
    ['ts', '-reply', '-config', 'tsa.cnf', '-queryfile', 'request.tsq', '-out', 'reply.tsr'],
    {
      cwd: folder,
      stdio: 'pipe',
    },
  );
  return readFileSync(join(folder, 'reply.tsr'));
}

/** What `openssl ts -verify` says of a stamp over a text. */
export function opensslSays(folder: string, text: string, stamp: Uint8Array, caFile = 'ca.pem'): string {
  writeFileSync(join(folder, 'day.txt'), text);
  writeFileSync(join(folder, 'day.tsr'), stamp);
  const line = `ts -verify -data day.txt -in day.tsr -CAfile ${caFile}`;
  try {
    return String(execFileSync(program, line.split(' '), { cwd: folder, stdio: 'pipe' })).trim();
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr);
  }
}

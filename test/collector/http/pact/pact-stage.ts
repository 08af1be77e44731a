import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  startPactServer,
  type PactAddress,
  type PactServer,
} from '../../../../collector/http/pact/pact-server.ts';
import { FootprintBook } from '../../../../collector/pact/footprint-book.ts';
import { openPactFile } from '../../../../collector/pact/pact-file.ts';
import { openPactHost, type PactHost } from '../../../../collector/pact/pact-host.ts';
import type { PactPartner, PactPlan } from '../../../../collector/pact/pact-plan.ts';
import { silentLog, type Log } from '../../../../protocols/log.ts';
import { createAuthority, type Authority } from '../../../support/certificates.ts';
import { sampleFootprints } from '../../footprint/exports/pact/api/sample-footprints.ts';
import { AT_PARTNER, startPartner, type PartnerServer } from './pact-partner.ts';

/** What came back; `text` is the body. */
export interface PactReply {
  status: number;
  headers: Record<string, string | undefined>;
  text: string;
}

/** Secrets of the partners here; no answer and no log may ever hold one. */
export const SECRETS = {
  oem: 'canary-secret-of-the-oem-4711-long-enough',
  other: 'canary-secret-of-another-4712-long-enough',
};

/** A PACT host with its server over TLS, with the sample footprints, and the server of a partner. */
export interface PactStage {
  host: PactHost;
  server: PactServer;
  partner: PartnerServer;
  authority: Authority;
  dataFolder: string;
  logged: string[];
  plan: PactPlan;
  ask: (path: string, options?: AskOptions) => Promise<PactReply>;
  /** A token for a partner; its secret by default. */
  token: (id?: keyof typeof SECRETS, scope?: string) => Promise<string>;
  restart: () => Promise<void>;
  close: () => Promise<void>;
}

interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer;
  token?: string;
}

export const basicOf = (id: string, secret: string) =>
  `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;

/** Opens it; `clock.wallMs` may be moved. */
export async function openStage(
  options: {
    clock?: { wallMs: number };
    address?: Partial<PactAddress>;
    partners?: (events: PactPartner['events']) => PactPartner[];
    isEmpty?: boolean;
    log?: Log;
  } = {},
): Promise<PactStage> {
  const { clock = { wallMs: Date.UTC(2026, 6, 6, 8) } } = options;
  const openssl = execFileSync('which', ['openssl'], { encoding: 'utf8' }).trim();
  const authority = createAuthority(openssl, 'test-ca');
  const tls = authority.issue({ names: 'IP:127.0.0.1,DNS:api.example.com', commonName: 'pact' });
  const partner = await startPartner(authority.issue({ names: 'IP:127.0.0.1', commonName: 'oem' }));
  const dataFolder = mkdtempSync(join(tmpdir(), 'millwatt-pact-'));
  if (options.isEmpty !== true) fill(dataFolder);
  const logged: string[] = [];
  const note = (fields: object, message: string) => void logged.push(`${JSON.stringify(fields)} ${message}`);
  const events = {
    url: `${partner.url}/3/events`,
    tokenUrl: `${partner.url}/auth/token`,
    ...AT_PARTNER,
    ca: authority.cert,
  };
  const plan: PactPlan = {
    url: 'https://pact.example.com',
    servesSchema: true,
    publish: [],
    partners: options.partners?.(events) ?? [
      { id: 'oem', secret: SECRETS.oem, sees: 'all', scopes: ['read', 'events'], events },
      {
        id: 'other',
        secret: SECRETS.other,
        sees: ['URN:pact:example.com:part:housing-7'],
        scopes: ['read'],
        events: null,
      },
    ],
  };
  const open = () =>
    openPactHost({
      plan,
      dataFolder,
      from: () => {
        throw new Error('nothing is published here');
      },
      version: '1.2.3',
      wallMs: () => clock.wallMs,
      random: () => 0,
      log: options.log ?? { debug: note, info: note, warn: note, error: note },
      isPublishing: false,
    });
  const serve = (host: PactHost) =>
    startPactServer({ host: '127.0.0.1', port: 0, tls, ...options.address }, host, {
      ...silentLog,
      error: note,
    });
  const host = open();
  const stage: PactStage = {
    host,
    server: await serve(host),
    partner,
    authority,
    dataFolder,
    logged,
    plan,
    ask: (path, { method = 'GET', headers = {}, body, token } = {}) =>
      new Promise((resolve, reject) => {
        const sent = httpsRequest(
          {
            host: '127.0.0.1',
            port: stage.server.port,
            path,
            method,
            ca: authority.cert,
            agent: false,
            headers: {
              host: 'api.example.com',
              ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
              ...headers,
            },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on('data', (chunk: Buffer) => chunks.push(chunk));
            response.on('error', reject);
            response.on('end', () =>
              resolve({
                status: response.statusCode ?? 0,
                headers: response.headers as PactReply['headers'],
                text: Buffer.concat(chunks).toString(),
              }),
            );
          },
        );
        sent.on('error', reject);
        sent.end(body);
      }),
    token: async (id = 'oem', scope) => {
      const reply = await stage.ask('/auth/token', {
        method: 'POST',
        headers: {
          authorization: basicOf(id, SECRETS[id]),
          'content-type': 'application/x-www-form-urlencoded',
        },
        body: `grant_type=client_credentials${scope === undefined ? '' : `&scope=${scope}`}`,
      });
      return (JSON.parse(reply.text) as { access_token: string }).access_token;
    },
    restart: async () => {
      await stage.server.close();
      await stage.host.stop();
      stage.host = open();
      stage.server = await serve(stage.host);
    },
    close: async () => {
      await stage.server.close();
      await stage.host.stop();
      await partner.close();
      authority.dispose();
      rmSync(dataFolder, { recursive: true, force: true });
    },
  };
  return stage;
}

/** The sample footprints, published one after the other: the last deprecates the first. */
function fill(dataFolder: string): void {
  const db = openPactFile(dataFolder);
  const book = new FootprintBook(db);
  for (const [at, footprint] of sampleFootprints().entries()) {
    const isPart = at === 0 || at === 3;
    book.publish(
      {
        subject: isPart ? 'part' : footprint.id,
        issue: at === 3 ? 2 : 1,
        content: `content ${at}`,
        footprint: { ...footprint, status: 'Active' },
      },
      at,
      () => {},
    );
  }
  db.close();
}

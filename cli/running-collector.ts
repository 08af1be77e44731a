import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Alarm } from '../collector/alarms.ts';
import type { HealthMessage, SpoolFull } from '../protocols/telemetry/live.ts';

const DEADLINE_MS = 3000;
/** Of a thousand agents; characters. */
const ANSWER_MAX = 10_000_000;

/** Where a collector of this configuration would serve its page. */
export interface PageAddress {
  host: string;
  port: number;
  token: string | undefined;
  /** The certificate that the page is served with; plain HTTP without. */
  cert: string | undefined;
}

/** The site of the millwatt collector that serves this address now; undefined where none does, or it does not let us in. */
export async function askRunningCollector(address: PageAddress): Promise<string | undefined> {
  try {
    if ((await ask(address, '/healthz', undefined))['status'] !== 'ok') return undefined;
    const { site, publicKey } = await ask(address, '/api/v1/site', address.token);
    return typeof site === 'string' && typeof publicKey === 'string' ? site : undefined;
  } catch {
    return undefined;
  }
}

/** By how much the clock of each agent is ahead of the collector's, ms, of those that have spoken and say that it is set; rejects where nobody answers. */
export async function askClockOffsets(address: PageAddress): Promise<{ id: string; offsetMs: number }[]> {
  const { agents } = await ask(address, '/api/v1/agents', address.token);
  return (
    Array.isArray(agents)
      ? (agents as { id?: unknown; clockOffsetMs?: unknown; health?: HealthMessage | null }[])
      : []
  ).flatMap(({ id, clockOffsetMs, health }) =>
    typeof clockOffsetMs === 'number' && health?.clock.state !== 'unsynced'
      ? [{ id: String(id), offsetMs: clockOffsetMs }]
      : [],
  );
}

/** The spools that are or were full, as their agents told a collector; rejects where nobody answers. */
export async function askFullSpools(address: PageAddress): Promise<{ id: string; full: SpoolFull }[]> {
  const { agents } = await ask(address, '/api/v1/agents', address.token);
  return (Array.isArray(agents) ? (agents as { id?: unknown; health?: HealthMessage | null }[]) : []).flatMap(
    ({ id, health }) => {
      const full = health?.spool.full;
      return full === undefined ? [] : [{ id: String(id), full }];
    },
  );
}

/** From when on readings are kept, and until when hours are frozen, wall ms; undefined where all is kept. Rejects where nobody answers. */
export async function askRetention(
  address: PageAddress,
): Promise<{ fullSinceMs: number | null; frozenToMs: number | null } | undefined> {
  const { retention } = await ask(address, '/api/v1/site', address.token);
  if (typeof retention !== 'object' || retention === null) return undefined;
  const { fullSinceMs, frozenToMs } = retention as Record<string, unknown>;
  const time = (value: unknown) => (typeof value === 'number' ? value : null);
  return { fullSinceMs: time(fullSinceMs), frozenToMs: time(frozenToMs) };
}

/** What a person has to see to, of one part of the collector; rejects where nobody answers. */
export async function askAlarms(
  address: PageAddress,
  part: Alarm['part'],
): Promise<Pick<Alarm, 'reason' | 'cure'>[]> {
  const { alarms } = await ask(address, '/api/v1/alarms', address.token);
  return (Array.isArray(alarms) ? (alarms as Alarm[]) : [])
    .filter((alarm) => alarm.part === part)
    .map(({ reason, cure }) => ({ reason, cure }));
}

function ask(
  { host, port, cert }: PageAddress,
  path: string,
  token: string | undefined,
): Promise<Record<string, unknown>> {
  const options = {
    host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host,
    port,
    path,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(DEADLINE_MS),
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const request =
      cert === undefined
        ? requestHttp(options)
        : // It must be our own certificate; which names it bears does not matter on our own computer.
          requestHttps({
            ...options,
            ca: cert,
            allowPartialTrustChain: true,
            checkServerIdentity: () => undefined,
          });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('error', reject);
      response.on('data', (part: string) => {
        text += part;
        if (text.length > ANSWER_MAX) request.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => {
        try {
          resolve(JSON.parse(text) as Record<string, unknown>);
        } catch (error) {
          reject(error);
        }
      });
    });
    request.end();
  });
}

import { InfluxDB } from '@influxdata/influxdb-client';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import type { InfluxStore, QuerySeries, WriteOutcome } from './influx-store.ts';
import { classifyWrite } from './write-outcome.ts';

/** How to reach an InfluxDB. Secrets are the resolved ones; none appears in a message. */
export interface InfluxConnection {
  /** http://host:port or https://host:port, without credentials. */
  url: string;
  version: 1 | 2 | 3;
  /** Database (1.x, 3.x) or bucket (2.x). */
  database: string;
  /** Organisation (2.x). */
  org?: string;
  /** Account (1.x). */
  username?: string;
  password?: string;
  /** API token (2.x, 3.x). */
  token?: string;
  /** Deadline of one request, ms; 20 s without. */
  timeoutMs?: number;
}

/** InfluxDB over HTTP, 1.x, 2.x or 3.x. */
export function openInfluxStore(connection: InfluxConnection, nowMs: () => number): InfluxStore {
  const { database, version } = connection;
  const base = connection.url.replace(/\/+$/, '');
  const timeoutMs = connection.timeoutMs ?? 20_000;
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(database)) {
    throw new MillwattError('refuse', 'bad-database', `InfluxDB database ${JSON.stringify(database)}?`, {
      cure: 'Use letters, digits, "_", "." and "-" for `influx.database`.',
    });
  }
  const headers = authorization(connection);

  const call = async (path: string, init: RequestInit): Promise<Response> =>
    await fetch(`${base}${path}`, {
      ...init,
      headers: { ...headers, ...(init.headers as Record<string, string> | undefined) },
      // A redirect would carry our credentials to a server that nobody configured.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });

  /** Making a database of 1.x does not tell whether it was there, so its measurements are looked at. */
  const ensureDatabaseV1 = async (): Promise<{ empty: boolean }> => {
    const ask = async (q: string, db: Record<string, string> = {}) => {
      const body = new URLSearchParams({ ...db, q });
      return readSeries(await request(() => call('/query', { method: 'POST', body })));
    };
    let refusal: unknown;
    try {
      await ask(`CREATE DATABASE "${database}"`);
    } catch (error) {
      if (!(error instanceof MillwattError) || error.remedy !== 'refuse') throw error;
      refusal = error;
    }
    let empty = false;
    try {
      empty = (await ask('SHOW MEASUREMENTS LIMIT 1', { db: database })).length === 0;
    } catch (error) {
      if (error instanceof MillwattError && error.remedy === 'retry') throw error;
      // An account that may only write cannot know.
    }
    if (refusal !== undefined && !empty) throw refusal;
    return { empty };
  };

  return {
    write: async (lines): Promise<WriteOutcome> => {
      let response: Response;
      try {
        response = await call(writePath(connection), { method: 'POST', body: lines });
      } catch (error) {
        return { kind: 'retry', afterMs: null, reason: `InfluxDB at ${base} ${noAnswer(error)}` };
      }
      const answer = { status: response.status, retryAfter: response.headers.get('retry-after') };
      try {
        const body = await response.text();
        return classifyWrite({ ...answer, body, bodyComplete: true }, nowMs());
      } catch {
        return classifyWrite({ ...answer, body: '', bodyComplete: false }, nowMs());
      }
    },

    query: async (influxql) => {
      const body = new URLSearchParams({ db: database, q: influxql, epoch: 'ms' });
      return readSeries(await request(() => call('/query', { method: 'POST', body })));
    },

    ensureDatabase: async () => {
      if (version === 1) {
        return await ensureDatabaseV1();
      } else if (version === 2) {
        return { empty: await makeBucket(connection, timeoutMs) };
      }
      let status = 0;
      // 3.x makes the database at the first write; asking for one that is there is answered with 409.
      await request(async () => {
        const response = await call('/api/v3/configure/database', {
          method: 'POST',
          body: JSON.stringify({ db: database }),
          headers: { 'content-type': 'application/json' },
        });
        ({ status } = response);
        return response;
      }, [409]);
      return { empty: status !== 409 };
    },

    health: async () => {
      try {
        const response = await call('/ping', { method: 'GET' });
        await response.arrayBuffer();
        const up = response.status < 500;
        const said = response.headers.get('x-influxdb-version') ?? '';
        return { up, version: said, reason: up ? '' : `InfluxDB answered ${response.status}` };
      } catch (error) {
        return { up: false, version: '', reason: `InfluxDB at ${base} ${noAnswer(error)}` };
      }
    },
  };
}

function authorization({ version, username, password, token }: InfluxConnection): Record<string, string> {
  if (token !== undefined) return { authorization: version === 3 ? `Bearer ${token}` : `Token ${token}` };
  if (username === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}

function writePath({ version, database, org }: InfluxConnection): string {
  const name = encodeURIComponent(database);
  if (version === 1) return `/write?db=${name}&precision=ms`;
  if (version === 3) return `/api/v3/write_lp?db=${name}&precision=millisecond`;
  return `/api/v2/write?bucket=${name}&org=${encodeURIComponent(org ?? '')}&precision=ms`;
}

/** Sends a request that must succeed; gives the body's text. */
async function request(send: () => Promise<Response>, alsoFine: number[] = []): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await send();
    text = await response.text();
  } catch (cause) {
    throw new MillwattError('retry', 'influx-unreachable', `InfluxDB ${noAnswer(cause)}.`, {
      cure: 'Check that InfluxDB runs, and `influx.url`.',
      cause,
    });
  }
  if (response.ok || alsoFine.includes(response.status)) return text;
  const outcome = classifyWrite(
    { status: response.status, retryAfter: null, body: text, bodyComplete: true },
    0,
  );
  const reason = 'reason' in outcome ? outcome.reason : `InfluxDB answered ${response.status}`;
  throw new MillwattError(outcome.kind === 'retry' ? 'retry' : 'refuse', 'influx-refused', `${reason}.`, {
    cure: outcome.kind === 'halt' ? outcome.cure : '',
  });
}

function readSeries(text: string): QuerySeries[] {
  const answer = JSON.parse(text) as {
    results?: {
      error?: string;
      series?: {
        name: string;
        tags?: Record<string, string>;
        columns: string[];
        values?: QuerySeries['rows'];
      }[];
    }[];
    error?: string;
  };
  const error = answer.error ?? answer.results?.find((result) => result.error !== undefined)?.error;
  if (error !== undefined)
    throw new MillwattError('refuse', 'influx-refused', `InfluxDB could not run the query: ${error}.`);
  return (answer.results ?? []).flatMap((result) =>
    (result.series ?? []).map(({ name, tags, columns, values }) => ({
      name,
      tags: tags ?? {},
      columns,
      rows: values ?? [],
    })),
  );
}

/** Looks the bucket up with the official client, and makes it when it is missing: then true. */
async function makeBucket(connection: InfluxConnection, timeoutMs: number): Promise<boolean> {
  const { url, token = '', database, org = '' } = connection;
  const { transport } = new InfluxDB({ url, token, timeout: timeoutMs });
  try {
    const named = `/api/v2/buckets?org=${encodeURIComponent(org)}&name=${encodeURIComponent(database)}`;
    const found = await askJson<{ buckets?: unknown[] }>(named, undefined);
    if ((found?.buckets ?? []).length > 0) return false;
    const orgs = await askJson<{ orgs?: { id: string }[] }>(
      `/api/v2/orgs?org=${encodeURIComponent(org)}`,
      undefined,
    );
    const orgId = orgs?.orgs?.[0]?.id;
    if (orgId === undefined)
      throw new MillwattError('refuse', 'influx-no-org', `InfluxDB knows no organisation ${org}.`, {
        cure: 'Correct `influx.org`.',
      });
    await askJson('/api/v2/buckets', { orgID: orgId, name: database, retentionRules: [] });
    return true;
  } catch (cause) {
    if (cause instanceof MillwattError) throw cause;
    const status = (cause as { statusCode?: number }).statusCode ?? 0;
    const heals = status === 0 || status === 408 || status === 429 || status >= 500;
    throw new MillwattError(
      heals ? 'retry' : 'refuse',
      'influx-no-bucket',
      `Bucket ${database} could not be looked up or made: ${describeError(cause)}.`,
      { cure: 'Create the bucket by hand, and give the token the right to read and write it.', cause },
    );
  }

  async function askJson<T>(path: string, body: object | undefined): Promise<T | undefined> {
    const options = {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
    };
    try {
      return (await transport.request(path, body === undefined ? '' : JSON.stringify(body), options)) as T;
    } catch (error) {
      // 2.x answers 404 to a name it does not know.
      if (body === undefined && (error as { statusCode?: number }).statusCode === 404) return undefined;
      throw error;
    }
  }
}

function noAnswer(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  if (name === 'TimeoutError') return 'did not answer in time';
  return `did not answer (${cause?.code ?? name ?? 'no reason given'})`;
}

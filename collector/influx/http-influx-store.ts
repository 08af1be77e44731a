import { MillwattError } from '../../protocols/errors.ts';
import type { InfluxStore, QuerySeries, StoredPoint, WriteOutcome } from './influx-store.ts';
import { makeBucket } from './make-bucket.ts';
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
  /** Reads the secrets again, when the server does not take those we have; may throw. */
  readSecrets?: () => { password?: string; token?: string };
  /** Deadline of one request, ms; 20 s without. */
  timeoutMs?: number;
}

/** What `fetch` may send twice. */
interface Sent {
  method: 'GET' | 'POST';
  body?: string | URLSearchParams;
  headers?: Record<string, string>;
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
  let current = connection;

  const send = async (path: string, init: Sent): Promise<Response> =>
    await fetch(`${base}${path}`, {
      ...init,
      headers: { ...authorization(current), ...init.headers },
      // A redirect would carry our credentials to a server that nobody configured.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });

  /** Sends a request; where the secrets were changed since we read them, once more with the new ones. */
  const call = async (path: string, init: Sent): Promise<Response> => {
    const response = await send(path, init);
    if ((response.status !== 401 && response.status !== 403) || connection.readSecrets === undefined)
      return response;
    const before = authorization(current)['authorization'];
    current = { ...current, ...connection.readSecrets() };
    if (authorization(current)['authorization'] === before) return response;
    await response.body?.cancel();
    return await send(path, init);
  };

  const attempt = async (path: string, init: Sent): Promise<WriteOutcome> => {
    let response: Response;
    try {
      response = await call(path, init);
    } catch (error) {
      // A secret that cannot be read again: somebody is just changing it, or has to.
      if (error instanceof MillwattError) return { kind: 'halt', reason: error.message, cure: error.cure };
      const suspect = isTimeout(error) ? ({ suspect: 'size' } as const) : {};
      return { kind: 'retry', afterMs: null, reason: `InfluxDB at ${base} ${noAnswer(error)}`, ...suspect };
    }
    const { status, headers } = response;
    const answer = { status, retryAfter: headers.get('retry-after'), location: headers.get('location') };
    try {
      return classifyWrite({ ...answer, body: await response.text(), bodyComplete: true }, nowMs());
    } catch {
      return classifyWrite({ ...answer, body: '', bodyComplete: false }, nowMs());
    }
  };

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

  const deleteV1 = async (points: readonly StoredPoint[]): Promise<WriteOutcome> => {
    const q = points.map(deleteStatement).join('; ');
    return await attempt('/query', { method: 'POST', body: new URLSearchParams({ db: database, q }) });
  };

  return {
    write: (lines) => attempt(writePath(connection), { method: 'POST', body: lines }),

    deletePoints: async (points) => {
      if (version === 1 && points.length > 0) return await deleteV1(points);
      for (const point of version === 2 ? points : []) {
        const body = JSON.stringify(deletionOf(point));
        const headers = { 'content-type': 'application/json' };
        const outcome = await attempt(deletePath(connection), { method: 'POST', body, headers });
        if (outcome.kind !== 'ok') return outcome;
      }
      return { kind: 'ok', expired: 0 };
    },

    query: async (influxql) => {
      const body = new URLSearchParams({ db: database, q: influxql, epoch: 'ms' });
      return readSeries(await request(() => call('/query', { method: 'POST', body })));
    },

    ensureDatabase: async () => {
      if (version === 1) {
        return await ensureDatabaseV1();
      } else if (version === 2) {
        return { empty: await makeBucket(current, timeoutMs) };
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
  if (version === 3)
    return `/api/v3/write_lp?db=${name}&precision=millisecond&accept_partial=true&no_sync=false`;
  return `/api/v2/write?bucket=${name}&org=${encodeURIComponent(org ?? '')}&precision=ms`;
}

function deletePath({ database, org }: InfluxConnection): string {
  return `/api/v2/delete?bucket=${encodeURIComponent(database)}&org=${encodeURIComponent(org ?? '')}`;
}

/** A point for the delete API of 2.x, whose range ends before its stop. */
function deletionOf({ measurement, tags, timeMs }: StoredPoint): object {
  const predicate = [['_measurement', measurement] as const, ...tags].map(
    ([name, value]) => `${name}="${value}"`,
  );
  return {
    start: new Date(timeMs).toISOString(),
    stop: new Date(timeMs + 1).toISOString(),
    predicate: predicate.join(' AND '),
  };
}

function deleteStatement({ measurement, tags, timeMs }: StoredPoint): string {
  const where = tags.map(([name, value]) => `"${name}" = '${value}'`);
  // The parser of 1.x knows no equality of times here.
  where.push(`time >= ${timeMs}ms`, `time <= ${timeMs}ms`);
  return `DELETE FROM "${measurement}" WHERE ${where.join(' AND ')}`;
}

/** Sends a request that must succeed; gives the body's text. */
async function request(send: () => Promise<Response>, alsoFine: number[] = []): Promise<string> {
  let response: Response;
  let text: string;
  try {
    response = await send();
    text = await response.text();
  } catch (cause) {
    if (cause instanceof MillwattError) throw cause;
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
  const answer = readAnswer(text) as {
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
    throw new MillwattError('refuse', 'influx-refused', `InfluxDB could not run the query: ${error}.`, {
      cure: /database not found/.test(error)
        ? 'A running collector makes a dropped database anew within half a minute and writes every point again; without one: `millwatt project --rebuild`.'
        : 'Check `influx.database`, and whether the user or token may read it.',
    });
  return (answer.results ?? []).flatMap((result) =>
    (result.series ?? []).map(({ name, tags, columns, values }) => ({
      name,
      tags: tags ?? {},
      columns,
      rows: values ?? [],
    })),
  );
}

function readAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MillwattError(
      'refuse',
      'influx-refused',
      'InfluxDB answered a query with something that is no JSON.',
      {
        cure: 'Something else may answer there, a proxy perhaps: check `influx.url`.',
        cause,
      },
    );
  }
}

function isTimeout(error: unknown): boolean {
  return (error as { name?: string }).name === 'TimeoutError';
}

function noAnswer(error: unknown): string {
  if (isTimeout(error)) return 'did not answer in time';
  const { name, cause } = error as { name?: string; cause?: { code?: string } };
  return `did not answer (${cause?.code ?? name ?? 'no reason given'})`;
}

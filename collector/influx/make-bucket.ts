import { InfluxDB } from '@influxdata/influxdb-client';
import { describeError, MillwattError } from '../../protocols/errors.ts';

/** Where a bucket of InfluxDB 2.x is or shall be. */
export interface BucketAddress {
  url: string;
  token?: string;
  database: string;
  org?: string;
}

/** Looks the bucket up with the official client, and makes it when it is missing: then true. Throws an error of class `retry` or `refuse`. */
export async function makeBucket(
  { url, token = '', database, org = '' }: BucketAddress,
  timeoutMs: number,
): Promise<boolean> {
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

import { hostOfUrl, isLoopback } from './address-checks.ts';
import type { CollectorConfig } from './collector-config.ts';
import { checkSecret } from './file-checks.ts';
import type { Remark } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

/** Each generation of InfluxDB has its own way to log in: 1.x a user, 2.x a token and an organisation, 3.x a token. */
export function checkInflux(
  influx: NonNullable<CollectorConfig['influx']>,
  folder: string,
  world: Surroundings,
): Remark[] {
  const remarks: Remark[] = [];
  const add = (severity: Remark['severity'], key: string, message: string, cure: string) =>
    remarks.push({ severity, path: ['influx', key], message, cure });
  for (const key of ['password', 'token'] as const) {
    const reference = influx[key];
    if (reference !== undefined) remarks.push(...checkSecret(['influx', key], reference, folder, world));
  }
  if (influx.version === 1) {
    for (const key of ['token', 'org'] as const)
      if (influx[key] !== undefined)
        add(
          'error',
          key,
          `InfluxDB 1.x knows no ${key}.`,
          `Remove ${key}, or correct version (2 or 3); 1.x takes username and password.`,
        );
    if ((influx.username === undefined) !== (influx.password === undefined))
      add(
        'error',
        influx.username === undefined ? 'password' : 'username',
        'username and password go together.',
        'Give both, or neither where the server asks for none.',
      );
  } else {
    for (const key of ['username', 'password'] as const)
      if (influx[key] !== undefined)
        add(
          'error',
          key,
          `InfluxDB ${influx.version}.x takes a token, not a ${key}.`,
          'Give token instead, or write version: 1.',
        );
    for (const key of influx.version === 2 ? (['token', 'org'] as const) : [])
      if (influx[key] === undefined)
        add(
          'error',
          key,
          `InfluxDB 2.x needs ${key}.`,
          `Add ${key}, or write version: 1 for an InfluxDB 1.x.`,
        );
  }
  if (influx.url.startsWith('http://') && !isLoopback(hostOfUrl(influx.url)))
    add(
      'warning',
      'url',
      'the points and the credentials travel in the clear.',
      'Write https:// where the server offers it.',
    );
  return remarks;
}

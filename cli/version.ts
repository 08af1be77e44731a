import { existsSync, readFileSync } from 'node:fs';

/** The version in package.json, which lies beside cli/ in the repository and beside dist/ when published. */
export const VERSION = readVersion();

function readVersion(): string {
  const besides = [
    new URL('../package.json', import.meta.url),
    new URL('../../package.json', import.meta.url),
  ];
  const file = besides.find((url) => existsSync(url));
  if (file === undefined) return '0.0.0';
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}

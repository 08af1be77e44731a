import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const TESTS = resolve(import.meta.dirname, '..');
const REPOSITORY = dirname(TESTS);
/** Told by how many pieces of a kind of their own, or of this program. */
const APART = /^test\/(long|simulation|fuzz)\/|bit-flips|month-flips|storm|kill-cycles|soak-line|backlog/;

/** Test files that do more with MILLWATT_TEST_LONG=1, by themselves or by what they import of the tests; in order. */
export function listPropertyFiles(): string[] {
  const all = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(TESTS, name));
  const texts = new Map(all.map((path) => [path, readFileSync(path, 'utf8')]));
  const asks = (path: string): boolean => texts.get(path)?.includes("'MILLWATT_TEST_LONG'") === true;
  const imports = (path: string): string[] =>
    [...(texts.get(path) ?? '').matchAll(/from '(\.[^']+\.ts)'/g)].map(([, name]) =>
      resolve(dirname(path), name ?? ''),
    );
  return all
    .filter((path) => path.endsWith('.test.ts') && (asks(path) || imports(path).some(asks)))
    .map((path) => relative(REPOSITORY, path))
    .filter((path) => !APART.test(path))
    .sort();
}

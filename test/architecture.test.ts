import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { builtinModules } from 'node:module';
import { findCycles, readSource, type Source } from './source-reader.ts';

/*
 * The rules of the house, held by reading the import lines and a few tokens of every source file. A violation is listed
 * as file:line with the rule's sentence. Comments and texts are blanked before tokens are looked for.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PRODUCT = ['agent', 'cli', 'collector', 'config', 'protocols'];
/** Folders whose code computes and does nothing else. */
const PURE = ['collector/energy', 'collector/footprint', 'collector/diagnostics'];

/** Which folder may import an npm package; tests and benchmarks may import any. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  serialport: ['protocols/modbus'],
  mqtt: ['protocols/mqtt'],
  'mqtt-packet': ['protocols/mqtt'],
  aedes: ['protocols/mqtt'],
  'node-opcua': ['protocols/opcua', 'protocols/simulator'],
  'node-opcua-nodesets': ['protocols/opcua', 'protocols/simulator'],
  sax: ['protocols/mtconnect'],
  zod: ['config'],
  yaml: ['config'],
  '@influxdata/influxdb-client': ['collector/influx'],
  fastify: ['collector/http'],
  '@fastify/static': ['collector/http'],
  uplot: ['collector/http'],
  systeminformation: ['agent'],
  yazl: ['collector/exports'],
  'hyparquet-writer': ['collector/exports'],
  '@peculiar/asn1-cms': ['collector/evidence/stamps'],
  '@peculiar/asn1-schema': ['collector/evidence/stamps'],
  '@peculiar/asn1-tsp': ['collector/evidence/stamps'],
  '@peculiar/asn1-x509': ['collector/evidence/stamps'],
  pino: ['cli'],
  commander: ['cli'],
};

/** Which rooms a room may import from, itself included. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocols: ['protocols'],
  config: ['config', 'protocols'],
  agent: ['agent', 'config', 'protocols'],
  collector: ['collector', 'config', 'protocols'],
  cli: ['cli', 'agent', 'collector', 'config', 'protocols'],
};

function listSources(folder: string): string[] {
  const absolute = join(ROOT, folder);
  if (!statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(absolute, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name).split(sep).join('/'))
    .sort();
}

const files = PRODUCT.flatMap(listSources);
const sources = new Map(files.map((file) => [file, readSource(readFileSync(join(ROOT, file), 'utf8'))]));

/** The file of ours that a relative import names, from the root. */
function resolve(file: string, specifier: string): string {
  return normalize(join(dirname(file), specifier))
    .split(sep)
    .join('/');
}

const isRelative = (specifier: string) => specifier.startsWith('.');
const isBuiltin = (specifier: string) => specifier.startsWith('node:') || builtinModules.includes(specifier);
const packageOf = (specifier: string) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
const isIn = (file: string, folders: readonly string[]) =>
  folders.some((folder) => file.startsWith(`${folder}/`));

/** Violations that a check finds in every file, as `file:line sentence`. */
function collect(
  check: (file: string, source: Source) => Iterable<[line: number, sentence: string]>,
): string[] {
  return [...sources].flatMap(([file, source]) =>
    [...check(file, source)].map(([line, sentence]) => `${file}:${line} ${sentence}`),
  );
}

/** Lines where a token stands in code. */
function* linesWith(source: Source, pattern: RegExp): Iterable<number> {
  for (const [index, line] of source.code.entries()) if (pattern.test(line)) yield index + 1;
}

describe('the architecture', () => {
  it('is looked at: the rooms are there and their imports are read', () => {
    expect(files.length).toBeGreaterThan(20);
    expect([...sources.values()].reduce((sum, source) => sum + source.imports.length, 0)).toBeGreaterThan(30);
  });

  it('lets each room import only from the rooms below it', () => {
    const violations = collect(function* (file, { imports }) {
      const [room = ''] = file.split('/');
      for (const { specifier, line } of imports) {
        if (!isRelative(specifier)) continue;
        const [target = ''] = resolve(file, specifier).split('/');
        const allowed = MAY_IMPORT[room] ?? [];
        if (!allowed.includes(target))
          yield [line, `imports ${specifier}: ${room} may import only from ${allowed.join(', ')}`];
      }
    });
    expect(violations).toEqual([]);
  });

  it('gives every npm package one owner', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
      optionalDependencies: Record<string, string>;
    };
    // Node itself comes as a package that nobody imports.
    const optional = Object.keys(manifest.optionalDependencies).filter(
      (name) => !name.startsWith('node-linux-'),
    );
    expect([...Object.keys(manifest.dependencies), ...optional].sort()).toEqual(Object.keys(OWNERS).sort());
    const violations = collect(function* (file, { imports }) {
      for (const { specifier, line } of imports) {
        if (isRelative(specifier) || isBuiltin(specifier)) continue;
        const owners = OWNERS[packageOf(specifier)] ?? [];
        if (!isIn(file, owners))
          yield [
            line,
            `imports ${specifier}: only ${owners.join(' and ') || 'nobody'} may; take an interface instead`,
          ];
      }
    });
    expect(violations).toEqual([]);
  });

  it('keeps what computes pure: nothing of Node, of npm, of the clock or of chance', () => {
    const violations = collect(function* (file, source) {
      if (!isIn(file, PURE)) return;
      for (const { specifier, line } of source.imports) {
        const target = isRelative(specifier) ? resolve(file, specifier) : '';
        if (!isIn(target, [...PURE, 'protocols/telemetry']) && target !== 'protocols/errors.ts')
          yield [
            line,
            `imports ${specifier}: ${dirname(file)} is pure and may import only protocols/telemetry`,
          ];
      }
      const impure =
        /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\b|\bprocess\b|\bset(Timeout|Interval)\b/;
      for (const line of linesWith(source, impure))
        yield [line, 'reads the clock, chance or the process: pure code gets such things as arguments'];
    });
    expect(violations).toEqual([]);
  });

  it('touches process, argv and env only in cli', () => {
    // Measuring oneself is allowed anywhere, because it changes nothing and reads no setting.
    const measuring =
      /^(memoryUsage|cpuUsage|resourceUsage|hrtime|versions?|platform|arch|pid|uptime|constrainedMemory)$/;
    const violations = collect(function* (file, source) {
      if (isIn(file, ['cli'])) return;
      for (const [index, line] of source.code.entries()) {
        const members = [...line.matchAll(/(?<![\w.#$-])process\s*(?:\?\.|\.|\[)/g)].map(
          ({ index: column, 0: { length } }) =>
            /^'?(\w*)/.exec(source.text[index]?.slice(column + length) ?? '')?.[1] ?? '',
        );
        // A name that Node's process does not have belongs to a variable of ours.
        if (members.some((name) => (name === '' || name in process) && !measuring.test(name)))
          yield [index + 1, 'touches process: only cli may, and hands on what others need'];
      }
      for (const { specifier, line } of source.imports) {
        if (specifier === 'node:process') yield [line, 'imports node:process: only cli may'];
      }
    });
    expect(violations).toEqual([]);
  });

  it('prints only in cli', () => {
    const violations = collect(function* (file, source) {
      if (isIn(file, ['cli'])) return;
      for (const line of linesWith(source, /(?<![\w.'#$])console\s*\./))
        yield [line, 'prints: only cli and bench use console; take a Log instead'];
    });
    expect(violations).toEqual([]);
  });

  it('names every relative import with its extension', () => {
    const violations = collect(function* (_, { imports }) {
      for (const { specifier, line } of imports) {
        if (isRelative(specifier) && !/\.(ts|json)$/.test(specifier))
          yield [line, `imports ${specifier}: relative imports end in .ts`];
      }
    });
    expect(violations).toEqual([]);
  });

  it('has no import cycle', () => {
    const graph = new Map(
      [...sources].map(([file, { imports }]) => [
        file,
        imports
          .filter(({ specifier }) => isRelative(specifier))
          .map(({ specifier }) => resolve(file, specifier)),
      ]),
    );
    expect(findCycles(graph).map((cycle) => cycle.join(' -> '))).toEqual([]);
  });

  it('has no barrels', () => {
    const violations = collect(function* (_, source) {
      const statements = source.code.join('\n').trim();
      const isBarrel = /^(export\s+(type\s+)?(\*|\{[^}]*\})[^;]*from[^;]*;\s*)+$/.test(statements);
      if (isBarrel) yield [1, 'only re-exports: import from where a thing is declared'];
    });
    expect(violations).toEqual([]);
  });

  it('names files for what they are, in kebab-case', () => {
    const violations = files.flatMap((file) => {
      const name = file.slice(file.lastIndexOf('/') + 1);
      if (/^(utils?|helpers?|common|misc|shared|index)\.ts$/.test(name))
        return [`${file}:1 is named after nothing it does`];
      return /^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.ts$/.test(name) ? [] : [`${file}:1 is not in kebab-case`];
    });
    expect(violations).toEqual([]);
  });

  it('explains every export', () => {
    // A union derived from the list just above it, and the output type of a schema, are explained there.
    const derived = /^export type \w+ = (\(typeof \w+\)\[number\]|keyof typeof \w+|z\.(output|infer|input)<)/;
    const violations = collect(function* (_, { text, exports }) {
      for (const { line, documented } of exports) {
        const declaration = text[line - 1] ?? '';
        if (!documented && !derived.test(declaration))
          yield [line, `exports without a doc comment: ${declaration.slice(0, 60).trim()}`];
      }
    });
    expect(violations).toEqual([]);
  });

  it('keeps files small', () => {
    const violations = [...sources].flatMap(([file, { text }]) =>
      text.length > 500 ? [`${file}:${text.length} is longer than one idea needs (500 lines)`] : [],
    );
    expect(violations).toEqual([]);
  });
});

describe('the architecture test itself', () => {
  it('reads imports of every form, and none in comments and texts', () => {
    const { imports } = readSource(
      [
        "import { a } from './a.ts';",
        "import type { B } from './b.ts';",
        'import {',
        '  c,',
        "} from './c.ts';",
        "import './d.ts';",
        "export { e } from './e.ts';",
        "const f = await import('./f.ts');",
        "// import './comment.ts';",
        "/* import './block.ts'; */",
        'const text = "import \'./text.ts\'";',
        "const g = createRequire(import.meta.url)('./g.ts');",
        "type H = import('./h.ts').H;",
      ].join('\n'),
    );
    expect(imports.map(({ specifier, line }) => `${line} ${specifier}`)).toEqual([
      '1 ./a.ts',
      '2 ./b.ts',
      '5 ./c.ts',
      '6 ./d.ts',
      '7 ./e.ts',
      '8 ./f.ts',
      '13 ./h.ts',
    ]);
  });

  it('blanks comments, texts and templates, but not the code in a template', () => {
    const { code } = readSource(
      'const a = `process.env ${process.argv} console.log`; // process.exit\nlet b = /"/; process.x',
    );
    expect(code[0]).toContain('process.argv');
    expect(code[0]).not.toMatch(/env|exit|console/);
    expect(code[1]).toContain('process.x');
  });

  it('sees which exports are explained', () => {
    const { exports } = readSource(
      '/** Says it. */\nexport const a = 1;\nexport const b = 2;\n\n/** Too far. */\n\nexport function c() {}\n',
    );
    expect(exports).toEqual([
      { line: 2, documented: true },
      { line: 3, documented: false },
      { line: 7, documented: false },
    ]);
  });

  it('finds a cycle, once', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c', 'd']],
      ['c', ['a']],
      ['d', ['d', 'x']],
    ]);
    expect(findCycles(graph)).toEqual([
      ['a', 'b', 'c', 'a'],
      ['d', 'd'],
    ]);
  });

  it('looks at this repository', () => {
    expect(
      relative(ROOT, fileURLToPath(import.meta.url))
        .split(sep)
        .join('/'),
    ).toBe('test/architecture.test.ts');
  });
});

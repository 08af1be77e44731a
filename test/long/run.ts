/*
 * The long run: `npm run test:long -- KIND --minutes 25`. Works on what is committed, in pieces of about two minutes; each is in
 * docs/reliability-record.json as soon as it has ended, so it can be interrupted and goes on where it was.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeCommittedTree } from './committed-tree.ts';
import { LONG_KINDS, type LongKind } from './kinds.ts';
import { runPiece } from './long-piece.ts';
import { readRecord } from './long-record.ts';
import { furthestBehind, runSlice } from './long-slice.ts';
import { runSideBySide } from './side-by-side.ts';
import { tableOf, withTable } from './long-table.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const RECORD = `${REPOSITORY}docs/reliability-record.json`;
const DOCUMENT = `${REPOSITORY}docs/reliability.md`;
const MINUTES_MAX = 30;

const HELP = `npm run test:long -- [KIND] [--minutes 25] [--commit HEAD] [--json]
npm run test:long -- --report

Goes on with a kind of long run for so many minutes (1 to ${MINUTES_MAX}), without one with the kind that is furthest behind.
Kinds:
${LONG_KINDS.map(({ name, test, wanted, unit, files }) => `  ${name}: ${test}, ${wanted} ${unit} wanted; ${files.length > 2 ? `${files.length} files` : files.join(', ')}`).join('\n')}`;

process.exitCode = await main();

async function main(): Promise<number> {
  let given: ReturnType<typeof readArguments>;
  try {
    given = readArguments();
  } catch (error) {
    return refuse(`${(error as Error).message}\n\n${HELP}`);
  }
  const { values, positionals } = given;
  if (values.help) return say(HELP);
  if (values.report) {
    const record = readRecord(RECORD);
    const never = LONG_KINDS.filter(({ name }) => !(name in record.kinds)).map(({ name }) => name);
    const rest = never.length === 0 ? '' : `\n\nNever run: ${never.join(', ')}`;
    process.stdout.write(`${values.json ? JSON.stringify(record, null, 2) : `${tableOf(record)}${rest}`}\n`);
    return 0;
  }
  const minutes = Number(values.minutes);
  if (!(minutes >= 1 && minutes <= MINUTES_MAX))
    return refuse(`--minutes is ${values.minutes}; say 1 to ${MINUTES_MAX}.`);
  const tree = writeCommittedTree(REPOSITORY, values.commit);
  try {
    const fits = ({ files, minutesMin = 0 }: LongKind) =>
      files.every((file) => tree.has(file)) && minutesMin <= minutes;
    const [name] = positionals;
    const kind =
      name === undefined
        ? furthestBehind(LONG_KINDS.filter(fits), readRecord(RECORD))
        : LONG_KINDS.find((one) => one.name === name);
    if (kind === undefined && name === undefined) return say('Everything that is wanted is done.');
    if (kind === undefined) return refuse(`There is no kind ${name}.\n\n${HELP}`);
    if (!fits(kind))
      return refuse(
        `${kind.name} needs ${kind.files.join(' and ')} at ${tree.commit.slice(0, 7)}, and --minutes ${kind.minutesMin ?? 1} or more.`,
      );

    const interrupted = new AbortController();
    process.once('SIGINT', () => interrupted.abort());
    process.once('SIGTERM', () => interrupted.abort());
    const end = await runSlice(kind, minutes, {
      recordPath: RECORD,
      commit: tree.commit,
      codeOf: ({ tried }) => tree.codeOf(tried),
      run: (one, piece) =>
        runSideBySide(one, piece, (_, part) =>
          runPiece(one, part, { folder: tree.folder, signal: interrupted.signal }),
        ),
      nowMs: () => performance.now(),
      today: () => new Date().toISOString().slice(0, 10),
      say: (line) => void say(line),
    });
    writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8'), readRecord(RECORD)));
    if (values.json) process.stdout.write(`${JSON.stringify({ commit: tree.commit, ...end })}\n`);
    else say(`${end.kind}: ${end.done} done, ${end.failed} failed in ${end.seconds} s (${end.why})`);
    return end.failed > 0 ? 1 : end.why === 'interrupted' ? 130 : 0;
  } finally {
    tree.remove();
  }
}

function readArguments() {
  return parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '25' },
      commit: { type: 'string', default: 'HEAD' },
      json: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

/** For whoever watches; stdout is for figures. */
function say(line: string): number {
  process.stderr.write(`${line}\n`);
  return 0;
}

function refuse(line: string): number {
  say(line);
  return 2;
}

import type { CheckLine } from '../../collector/evidence/check-line.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { sayBytes } from '../ledger/say-bytes.ts';
import { style } from '../screen.ts';
import { renderTable } from '../text-table.ts';
import { hoursText, kwhText } from './hours-totals.ts';
import { plainText } from './plain-text.ts';
import { RESULT_WORDS, resultSentence, type Verification } from './verification.ts';

const WORDS = { pass: 'PASS', fail: 'FAIL', 'not-proven': 'not proven' } as const;
const COLOURS = { pass: 'green', fail: 'red', 'not-proven': 'yellow' } as const;
const RESULT_COLOURS = {
  verified: 'green',
  consistent: 'yellow',
  'not-judged': 'yellow',
  failed: 'red',
} as const;

/** What was found, for a terminal. */
export function verdictLines(verification: Verification, width: number): string[] {
  const { verdict, file, bytes, sha256 } = verification;
  const table = renderTable(
    [{ title: 'result' }, { title: 'check' }, { title: 'says', wrap: 40 }],
    verdict.lines.map((line) => [WORDS[line.result], line.check, sayLine(line)]),
    width,
  );
  return [
    ...table.map(colour),
    '',
    `${plainText(file)}, ${sayBytes(bytes)}`,
    ...(sha256 === null ? [] : [`SHA-256 ${sha256}`]),
    ...contentLines(verification),
    '',
    ...verdict.lines
      .filter(({ result }) => result === 'fail')
      .slice(0, 1)
      .map((fault) => `first fault: ${fault.check}, ${sayLine(fault)}`),
    `${style(RESULT_WORDS[verdict.result], RESULT_COLOURS[verdict.result])}: ${resultSentence(verdict)}`,
  ];
}

/** Where a fault is, and what it is. What passed needs no place. */
export function sayLine({ result, place, saying }: CheckLine): string {
  const said = plainText(saying);
  return result === 'pass' || place === '' ? said : `${plainText(place)}: ${said}`;
}

function contentLines({ verdict, totals }: Verification): string[] {
  if (verdict.contents === undefined) return [];
  const { machine, site, fromMs, toMs, collector, software } = verdict.contents.manifest;
  const span = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
  const hours =
    totals === undefined
      ? 'hours not computed anew'
      : `${totals.hours} hours (${totals.final} final), ${totals.supplyMwh === null ? 'no metered supply' : `${kwhText(totals.supplyMwh)} kWh`}, ${hoursText(totals.states.processing.timeMs)} h processing`;
  return [
    `${machine} of ${site}, ${span}: ${hours}`,
    `made by ${plainText(`${software.name} ${software.version}`)}, signed by the collector ${fingerprint(collector)}`,
  ];
}

function colour(line: string): string {
  const result = (['pass', 'fail', 'not-proven'] as const).find((one) => line.startsWith(WORDS[one]));
  if (result === undefined) return line;
  const word = WORDS[result];
  return `${style(word, COLOURS[result])}${line.slice(word.length)}`;
}

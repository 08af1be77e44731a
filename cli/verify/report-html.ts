import type { CheckLine } from '../../collector/evidence/check-line.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { html, Html, type HtmlPiece } from './html-text.ts';
import { figureSections } from './report-figures.ts';
import { REPORT_STYLE } from './report-style.ts';
import { sourceSections } from './report-sources.ts';
import { EXIT_CODES, RESULT_WORDS, resultSentence, type Verification } from './verification.ts';

const WORDS = { pass: 'PASS', fail: 'FAIL', 'not-proven': 'not proven' } as const;

/**
 * The report of a verification, for the files of whoever verified: one page of HTML without scripts, images or links, which prints on A4.
 * Everything that is of the package is escaped. Deterministic.
 */
export function reportHtml(verification: Verification): string {
  const { verdict, file } = verification;
  const machine = verdict.contents?.manifest.machine;
  const title = `Verification of ${machine === undefined ? file : `the evidence of ${machine}`}`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${new Html(REPORT_STYLE)}
        </style>
      </head>
      <body>
        <header>
          <p class="kind">Report of a verification</p>
          <h1>${title}</h1>
        </header>
        ${verdictSection(verification)} ${factsSection(verification)} ${figureSections(verification)}
        ${unprovenSection(verdict.lines)} ${linesSection(verdict.lines)} ${sourceSections(verification)}
        <section class="sign">
          <h2>Filed by</h2>
          <table class="signature">
            <tr>
              <td>Name</td>
              <td>Date</td>
              <td>Signature</td>
            </tr>
          </table>
        </section>
      </body>
    </html> `;
  return page.text;
}

function verdictSection({ verdict }: Verification): Html {
  const { result, lines } = verdict;
  const count = (what: CheckLine['result']) => lines.filter((line) => line.result === what).length;
  return html`<section class="verdict ${result}">
    <p class="result">${RESULT_WORDS[result]}</p>
    <p>${resultSentence(verdict)}</p>
    <p class="counts">
      ${count('pass')} checks passed, ${count('fail')} failed; ${count('not-proven')} things are not proven.
    </p>
  </section>`;
}

function factsSection({
  verdict,
  file,
  bytes,
  sha256,
  atMs,
  software,
  trusted,
  authorities,
}: Verification): Html {
  const manifest = verdict.contents?.manifest;
  const rows: [string, HtmlPiece][] = [
    ['File', html`${file}, ${bytes} bytes`],
    ['SHA-256 of the file', sha256 === null ? 'not taken: larger than any package' : code(sha256)],
  ];
  if (manifest !== undefined)
    rows.push(
      ['Machine', `${manifest.machine} of site ${manifest.site}`],
      ['Hours that begin in', `${instant(manifest.fromMs)} to ${instant(manifest.toMs)} (UTC)`],
      ['Made', `${instant(manifest.madeMs)}, by the clock of the collector`],
      ['Made by', `${manifest.software.name} ${manifest.software.version}, algorithm ${manifest.algorithm}`],
      ['Signed by the collector', code(fingerprint(manifest.collector))],
    );
  rows.push(
    ['Verified', `${instant(atMs)}, by ${software}, from the file alone: no network, no ledger`],
    [
      'Keys trusted',
      trusted.length === 0
        ? 'none: nobody said whose keys to trust'
        : trusted.map((key) => html`<div>${code(key.fingerprint)} (${key.from})</div>`),
    ],
    ['Time-stamping authorities trusted', authorities ?? 'none: no stamp proves when the records were there'],
    ['Exit code', `${EXIT_CODES[verdict.result]}`],
  );
  return html`<section>
    <h2>What was verified, and with what</h2>
    <table class="facts">
      ${rows.map(
        ([name, value]) =>
          html`<tr>
            <th scope="row">${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </table>
  </section>`;
}

function unprovenSection(lines: readonly CheckLine[]): Html {
  const unproven = lines.filter(({ result }) => result === 'not-proven');
  return html`<section>
    <h2>What this does not prove</h2>
    <p>
      A signature proves that nothing was changed after it was made. It does not prove that what was signed is
      true.
    </p>
    <ul>
      ${unproven.map(({ check, place, saying }) => html`<li>${check === 'trust' && place !== 'manifest.json' ? `${place}: ` : ''}${saying}</li>`)}
      <li>
        That each agent sealed all that it read, and read the meter that it names, is the word of whoever
        holds its key.
      </li>
    </ul>
  </section>`;
}

function linesSection(lines: readonly CheckLine[]): Html {
  return html`<section>
    <h2>Every check</h2>
    <table class="lines checks">
      <thead>
        <tr>
          <th>Result</th>
          <th>Check</th>
          <th>Place</th>
          <th>What was found</th>
        </tr>
      </thead>
      <tbody>
        ${lines.map(
          ({ check, result, place, saying }) =>
            html`<tr class="${result}">
              <td>${WORDS[result]}</td>
              <td>${check}</td>
              <td>${place}</td>
              <td>${saying}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

/** A hash or a key: in letters that can be told apart, broken where the line ends. */
function code(text: string): Html {
  return html`<code>${text}</code>`;
}

/** `2026-10-01 06:00:00Z`; the whole second is enough for people. */
function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

import type { FootprintRecord } from '../../record/footprint-record.ts';
import type { ExportFile } from '../export-file.ts';
import { readPage } from './read-page.ts';
import { leavesOfReport } from './report-leaves.ts';
import { POLICY, STYLE } from './report-style.ts';
import type { HtmlPorts } from './write-html.ts';

/**
 * Where a page does not say what the record says; empty for a sound one. Each text that is marked with a place has to be that of
 * the record, letter by letter, and no text or figure of the record may be missing. Then its form: nothing that runs, no address,
 * no element or attribute that reports do not have, its own style and policy.
 */
export function checkHtml(
  files: readonly ExportFile[],
  record: FootprintRecord,
  { fingerprintOf }: HtmlPorts,
): string[] {
  const leaves = leavesOfReport(record);
  leaves.set('fingerprint', fingerprintOf(record.issuer.key));
  return files.flatMap(({ path, content }) => {
    const page = readPage(typeof content === 'string' ? content : new TextDecoder().decode(content));
    const shown = new Set<string>();
    const faults = [...page.faults];
    for (const { path: place, text } of page.found) {
      shown.add(place);
      const wanted = leaves.get(place);
      if (wanted === undefined)
        faults.push(`${place} is shown as ${JSON.stringify(text)}, and the record has no such place`);
      else if (text !== wanted)
        faults.push(`${place} is shown as ${JSON.stringify(text)}, not ${JSON.stringify(wanted)}`);
    }
    for (const [place, text] of leaves)
      if (!shown.has(place) && !mayLack(place, text, record))
        faults.push(`${place} is not shown: ${JSON.stringify(text)}`);
    if (page.styles.length !== 1 || page.styles[0] !== STYLE) faults.push('the style is not that of reports');
    if (page.equivalents.size !== 1 || page.equivalents.get('Content-Security-Policy') !== POLICY)
      faults.push('the content security policy is not that of reports');
    return faults.map((fault) => `${path}: ${fault}`);
  });
}

/** Zeros that the page tells in words, what a row of factors is not, and a key for which the page has words of its own. */
function mayLack(place: string, text: string, { activity, coverage }: FootprintRecord): boolean {
  if (/^evidence\.factors\[\d+\]\.is\w+$/.test(place)) return text.startsWith('not ');
  if (/^sensitivity\[\d+\]\.figure$/.test(place)) return true;
  if (place === 'activity.exportKwh') return activity.exportKwh === '0';
  const [, way] = /^coverage\.obtained\.bridgedByKwh\.(\w+)$/.exec(place) ?? [];
  if (way !== undefined)
    return Object.entries(coverage.obtained.bridgedByKwh).some(([key, kwh]) => key === way && kwh === '0');
  const [, name] = /^activity\.states\.(\w+)\.\w+$/.exec(place) ?? [];
  return Object.entries(activity.states).some(
    ([state, { hours, energyKwh }]) => state === name && hours === '0' && energyKwh === '0',
  );
}

import type { StateSpan } from '../energy/state-span.ts';

/** Spans as CSV (RFC 4180): one row a stretch; what decided it in the source's own words. */
export function statesToCsv(machine: string, spans: readonly StateSpan[]): string {
  const columns = ['from_utc', 'to_utc', 'machine', 'state', 'seconds', 'decided_by', 'basis'];
  const rows = spans.map(({ fromMs, toMs, state, decider, basis }) => [
    new Date(fromMs).toISOString(),
    new Date(toMs).toISOString(),
    machine,
    state,
    String((toMs - fromMs) / 1000),
    decider,
    quote(basis),
  ]);
  return [columns, ...rows].map((row) => `${row.join(',')}\r\n`).join('');
}

/** A control may say anything: quoted, on one line, and no cell that a spreadsheet would take for a formula. */
function quote(text: string): string {
  const plain = text.replaceAll(/[\r\n\t]+/g, ' ').replaceAll('"', '""');
  return /^[=+\-@]/.test(plain) ? `"'${plain}"` : `"${plain}"`;
}

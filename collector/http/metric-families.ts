/** One metric in the text format of Prometheus: a name, what it means, and its values by labels. */
export interface MetricFamily {
  /** With its unit last: `millwatt_ledger_bytes`. */
  name: string;
  help: string;
  type: 'counter' | 'gauge';
  values: { labels?: Record<string, string>; value: number | null }[];
}

/** The text that a scraper reads; values that are not known are left out. */
export function renderMetrics(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, help, type, values } of families) {
    const known = values.filter(({ value }) => value !== null && !Number.isNaN(value));
    if (known.length === 0) continue;
    lines.push(
      `# HELP ${name} ${help.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')}`,
      `# TYPE ${name} ${type}`,
    );
    for (const { labels = {}, value } of known) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
      lines.push(`${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function escapeLabel(text: string): string {
  return text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

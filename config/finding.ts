/** One thing that is wrong (`error`) or unwise (`warning`) in a configuration file. Warnings do not keep us from starting. */
export interface Finding {
  severity: 'error' | 'warning';
  file: string;
  /** 1-based. */
  line: number;
  /** 1-based. */
  column: number;
  /** Where in the configuration, such as `sources[0].every`; empty for the file as a whole. */
  path: string;
  /** What is wrong, as a sentence. Never holds a secret. */
  message: string;
  /** What to do about it, as a sentence. */
  cure: string;
}

/** Where a value stands in the configuration: keys and list positions from the top. */
export type ConfigPath = readonly (string | number)[];

/** A finding before it is given its place in a file. */
export interface Remark {
  severity: 'error' | 'warning';
  path: ConfigPath;
  /** Whether the key or its value is at fault; the value by default. */
  target?: 'key' | 'value';
  message: string;
  cure: string;
}

/** `sources[0].every` */
export function formatPath(path: ConfigPath): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
  return text;
}

/** `agent.yaml:7:12: sources[0].every: must be a duration. Cure: Write 1s.` */
export function formatFinding(finding: Finding): string {
  const place = `${finding.file}:${finding.line}:${finding.column}`;
  const severity = finding.severity === 'warning' ? 'warning: ' : '';
  const path = finding.path === '' ? '' : `${finding.path}: `;
  return `${place}: ${severity}${path}${finding.message} Cure: ${finding.cure}`;
}

/** True where at least one finding keeps us from starting. */
export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.severity === 'error');
}

import { readFile } from 'node:fs/promises';
import { checkConfig } from '../config/load.ts';
import { MillwattError } from '../protocols/errors.ts';
import { style } from './screen.ts';

/** `millwatt check`: every finding of every file, all at once; fails when one of them is an error. */
export async function runCheck(options: { config: string[]; json?: true }): Promise<void> {
  let errors = 0;
  const reports = [];
  for (const file of options.config) {
    const text = await readConfigFile(file);
    const { kind, findings } = checkConfig(text, file);
    errors += findings.filter((finding) => finding.severity === 'error').length;
    reports.push({ file, kind, findings });
  }
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: errors === 0, reports }, null, 2)}\n`);
  else {
    for (const { file, kind, findings } of reports) {
      for (const finding of findings) {
        const mark = finding.severity === 'error' ? style('error', 'red') : style('warning', 'yellow');
        const where = `${finding.file}:${finding.line}:${finding.column}`;
        process.stdout.write(`${where} ${mark} ${finding.path === '' ? '' : `${finding.path}: `}${finding.message}\n`);
        if (finding.cure !== '') process.stdout.write(`    cure: ${finding.cure}\n`);
      }
      if (findings.every((finding) => finding.severity !== 'error')) {
        process.stdout.write(`${file}: ${style('good', 'green')} (${kind ?? 'unknown'} configuration)\n`);
      }
    }
  }
  if (errors > 0) process.exitCode = 1;
}

async function readConfigFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new MillwattError('refuse', 'no-config', `The configuration ${file} cannot be read.`, {
      cure: 'Check the path; config/samples/ has files to begin with.',
      cause,
    });
  }
}

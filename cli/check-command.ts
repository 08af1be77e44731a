import { checkConfig } from '../config/check.ts';
import { formatFinding, hasErrors } from '../config/finding.ts';
import { readConfigText } from '../config/load.ts';
import { style } from './screen.ts';

/** `millwatt check`: every finding of every file, all at once; fails when one of them is an error. */
export async function runCheck(options: { config: string[]; json?: true }): Promise<void> {
  const reports = options.config.map((file) => {
    const { kind, findings } = checkConfig(readConfigText(file), file);
    return { file, kind, findings };
  });
  const failed = reports.some(({ findings }) => hasErrors(findings));
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: !failed, reports }, null, 2)}\n`);
  else {
    for (const { file, kind, findings } of reports) {
      for (const finding of findings) process.stdout.write(`${formatFinding(finding)}\n`);
      if (!hasErrors(findings))
        process.stdout.write(`${file}: ${style('good', 'green')} (${kind} configuration)\n`);
    }
  }
  if (failed) process.exitCode = 1;
}

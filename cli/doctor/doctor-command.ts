import { readConfigText } from '../../config/load.ts';
import { checkConfig } from '../../config/check.ts';
import { judgePlan } from '../judge-plan.ts';
import { profileFolderOf, readSurroundings } from '../../config/surroundings.ts';
import { formatFinding, hasErrors } from '../../config/finding.ts';
import { describeError } from '../../protocols/errors.ts';
import { examineAgent } from './doctor-agent.ts';
import { examineCollector } from './doctor-collector.ts';
import { examineComputer } from './doctor-computer.ts';
import type { Examination } from '../examination.ts';
import { style, widthOf } from '../screen.ts';
import { writePrintableJson } from '../browse/browse-text.ts';
import { listenForStop, untilAborted } from '../signals.ts';
import { wrapLines } from '../text-wrap.ts';

/** Columns that `failed` and the blanks behind it take. */
const MARK_WIDTH = 9;
/** As a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** `millwatt doctor`: tries, one after the other, everything a running agent or collector would need. */
export async function runDoctor(options: { config?: string; json?: true }): Promise<void> {
  const found: Examination[] = [];
  const say = (examination: Examination) => {
    found.push(examination);
    if (!options.json) process.stdout.write(`${lineOf(examination)}\n`);
  };
  for (const examination of examineComputer()) say(examination);
  const stop = listenForStop();
  if (options.config !== undefined)
    await Promise.race([examineConfig(options.config, say), untilAborted(stop)]);
  const count = (wanted: Examination['result']) => found.filter(({ result }) => result === wanted).length;
  const failed = count('failed');
  const warnings = count('warning');
  const warned = warnings === 0 ? '' : warnings === 1 ? ' 1 warning.' : ` ${warnings} warnings.`;
  if (options.json)
    process.stdout.write(
      writePrintableJson({
        ok: failed === 0 && !stop.aborted,
        isComplete: !stop.aborted,
        examinations: found,
      }),
    );
  else
    process.stdout.write(
      `${stop.aborted ? 'Ended before everything was tried. ' : ''}${failed === 0 ? 'Everything that was tried works.' : `${failed} of ${found.length} failed.`}${warned}\n`,
    );
  // Connections that were tried may still be closing.
  process.exit(stop.aborted ? INTERRUPTED : failed === 0 ? 0 : 1);
}

async function examineConfig(file: string, say: (examination: Examination) => void): Promise<void> {
  const world = readSurroundings({
    profileFolder: profileFolderOf(file),
    env: process.env,
    judge: judgePlan(Date.now()),
  });
  const { kind, findings } = checkConfig(readConfigText(file), file, undefined, world);
  if (hasErrors(findings)) {
    for (const finding of findings)
      say({
        subject: 'configuration',
        result: finding.severity === 'error' ? 'failed' : 'warning',
        message: formatFinding(finding),
        cure: '',
      });
    return;
  }
  say({
    subject: 'configuration',
    result: 'good',
    message: `${file} is a good ${kind} configuration`,
    cure: '',
  });
  try {
    if (kind === 'agent') for await (const examination of examineAgent(file)) say(examination);
    if (kind === 'collector') for await (const examination of examineCollector(file)) say(examination);
  } catch (error) {
    say({ subject: kind ?? 'configuration', result: 'failed', message: describeError(error), cure: '' });
  }
}

function lineOf({ subject, result, message, cure }: Examination): string {
  const mark = {
    good: style('good   ', 'green'),
    warning: style('warning', 'yellow'),
    failed: style('failed ', 'red'),
  }[result];
  return [`${subject}: ${message}`, ...(cure === '' ? [] : [`cure: ${cure}`])]
    .flatMap((text) => wrapLines(text, widthOf() - MARK_WIDTH, 0))
    .map((line, index) => `${index === 0 ? `${mark}  ` : ' '.repeat(MARK_WIDTH)}${line}`)
    .join('\n');
}

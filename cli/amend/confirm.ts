import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { MillwattError } from '../../protocols/errors.ts';

/**
 * Waits until a person agrees on the terminal; nothing is asked with `--yes`. Throws an error of class `refuse`:
 * `not-confirmed` where there is no terminal to ask at, `declined` where the answer is no.
 * @param question what is about to be done: `Enter this amendment?`
 */
export async function confirm(
  question: string,
  { yes = false }: { yes?: boolean | undefined },
): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY)
    throw new MillwattError(
      'refuse',
      'not-confirmed',
      'Nothing was entered: there is no terminal to ask at.',
      {
        cure: 'Read what it would do, then add --yes.',
      },
    );
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  // Ctrl-C, Ctrl-D and a terminal that went away are answers, too.
  const left = once(lines, 'close').then(() => '');
  const answer = await Promise.race([lines.question(`${question} [y/N] `).catch(() => ''), left]);
  lines.close();
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new MillwattError('refuse', 'declined', 'Nothing was entered.');
}

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
  try {
    const answer = await lines.question(`${question} [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    lines.close();
  }
  throw new MillwattError('refuse', 'declined', 'Nothing was entered.');
}

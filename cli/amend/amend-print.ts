import { widthOf } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';
import type { AmendSite } from './amend-site.ts';

/** Lines for people; on stderr where stdout is for one JSON object. */
export function printLines(lines: readonly string[], { json }: { json?: true | undefined }): void {
  const out = json ? process.stderr : process.stdout;
  out.write(`${lines.flatMap((line) => wrapLines(line, widthOf(out))).join('\n')}\n`);
}

/** When figures will change. */
export async function sayEffect(site: Pick<AmendSite, 'isRunning'>): Promise<string> {
  return (await site.isRunning())
    ? 'The collector runs: figures change within a minute.'
    : 'No collector answers here now: figures change at its next start.';
}

import { readConfiguredJournal } from '../journal-access.ts';
import { openSite } from '../amend/amend-site.ts';
import { widthOf } from '../screen.ts';
import { wrapLines } from '../text-wrap.ts';
import { drawKeys } from './key-lines.ts';
import { readKeys } from './read-keys.ts';
import { completeCommands } from '../complete-commands.ts';

/** `millwatt keys`: which keys agents sign with, how far each is trusted, and what was sealed under it. The collector may run meanwhile. */
export function runKeysList({ config: file, json }: { config: string; json?: true }): void {
  const site = openSite(file);
  try {
    const journal = readConfiguredJournal(site.config, site.folder);
    try {
      const keys = readKeys(site.dataFolder, journal);
      if (json) {
        process.stdout.write(`${JSON.stringify({ ok: true, keys }, null, 2)}\n`);
        return;
      }
      const width = widthOf();
      process.stdout.write(
        `${drawKeys(keys, width)
          .flatMap((line) => wrapLines(completeCommands(line, file, 'collector'), width))
          .join('\n')}\n`,
      );
    } finally {
      journal.close();
    }
  } finally {
    site.close();
  }
}

import { Option, type Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';

const configOption = () => new Option('-c, --config <file>', 'configuration file of the collector (YAML)');
const EXAMPLE = 'millwatt journal -c collector.yaml';

/** Adds `millwatt journal` and what checks it. */
export function addJournalCommands(program: Command): void {
  const journal = program
    .command('journal')
    .description('show what people told and decided: amendments, jobs, commissionings, bills, keys')
    .exitOverride();
  journal
    .command('list', { isDefault: true })
    .description(
      'list all entries in the order of entry (what `millwatt journal` does); marks of jobs together',
    )
    .addOption(configOption())
    .option('--machine <id>', 'only of this machine or main meter')
    .option('--kind <kind>', 'only amendment, revocation, job (each mark), commissioning, reading or key')
    .option('--from <time>', 'entered from then on; without zone on the clocks of the site (default: all)')
    .option('--to <time>', 'entered before')
    .option('--json', 'print as JSON, each mark by itself')
    .addHelpText('after', `\nExample:\n  ${EXAMPLE} --machine mill-1 --from 2026-11-01\n`)
    .action(async (options) =>
      (await import('./journal-command.ts')).runJournal({
        ...options,
        ...chooseConfig(undefined, options.config, EXAMPLE),
      }),
    );
  journal
    .command('verify')
    .description('check every entry against its signature and its neighbours (as `millwatt amend verify`)')
    .addOption(configOption())
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExample:\n  millwatt journal verify -c collector.yaml\n')
    .action(async (options) =>
      (await import('../amend/list-amendments.ts')).runVerify({
        ...options,
        ...chooseConfig(undefined, options.config, 'millwatt journal verify -c collector.yaml'),
      }),
    );
}

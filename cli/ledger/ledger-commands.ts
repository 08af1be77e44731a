import type { Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';

const EXAMPLE = 'millwatt ledger verify -c collector.yaml';

/** Adds `millwatt ledger` and its subcommands; what they do is imported only when one is called. */
export function addLedgerCommands(program: Command): void {
  program
    .command('ledger')
    .description('check that records, decisions and figures are what was signed')
    .command('verify')
    .description('check every record, its signature and its chain, and the journal; reads only')
    .option('-c, --config <file>', 'configuration file of the collector (YAML)')
    .option('--derive', 'compute all hours anew from the ledger and compare them with what is stored')
    .option('--heads <file>', 'write the last record of every chain there, to be kept elsewhere')
    .option('--since <file>', 'heads that were written earlier: all of them must still be there')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nExample:\n  ${EXAMPLE} --heads heads-2026-11.json\n  ${EXAMPLE} --derive --since heads-2026-10.json\n`,
    )
    .action(async (options) =>
      (await import('./verify-command.ts')).runLedgerVerify({
        ...options,
        ...chooseConfig(undefined, options.config, EXAMPLE),
      }),
    );
}

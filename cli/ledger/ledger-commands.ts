import type { Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';

const VERIFY = 'millwatt ledger verify -c collector.yaml';
const CHECK = 'millwatt ledger check -c collector.yaml';
const ROOTS = 'millwatt ledger roots -c collector.yaml';
const BACKUP = 'millwatt ledger backup -c collector.yaml /mnt/backup/2026-11-22';

/** Adds `millwatt ledger` and its subcommands; what they do is imported only when one is called. */
export function addLedgerCommands(program: Command): void {
  const ledger = program.command('ledger').description('check, verify and back up what a collector keeps');
  ledger
    .command('check')
    .description('check that every file is whole; quick, reads only, the collector may run')
    .option('-c, --config <file>', 'configuration file of the collector (YAML)')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nExit code: 0 all is whole, 1 something is wrong, 2 wrong command line.\n\nExample:\n  ${CHECK}\n`,
    )
    .action(async (options) =>
      (await import('./check-command.ts')).runLedgerCheck({
        ...options,
        ...chooseConfig(undefined, options.config, CHECK),
      }),
    );
  ledger
    .command('backup')
    .description('copy the data of a collector that may run, into a new folder')
    .argument('<folder>', 'where to; complete afterwards, or not there')
    .option('-c, --config <file>', 'configuration file of the collector (YAML)')
    .option('--no-views', 'leave out what can be computed again from the ledger')
    .option('--check', 'look at such a folder instead: whether it is what was copied, and whole')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nExample:\n  ${BACKUP}\n  millwatt ledger backup --check /mnt/backup/2026-11-22\n`,
    )
    .action(async (folder, options) =>
      (await import('./backup-command.ts')).runLedgerBackup(folder, {
        ...options,
        ...(options.check === true ? {} : chooseConfig(undefined, options.config, BACKUP)),
      }),
    );
  ledger
    .command('roots')
    .description('the signed root of every day (UTC) of the ledger, and its time stamp')
    .option('-c, --config <file>', 'configuration file of the collector (YAML)')
    .option('--make', 'sign days that ended and have no root yet; the collector must be stopped')
    .option('--stamp', 'ask the configured authority for a time stamp of the last signed day')
    .option('--text <number>', 'print what was signed of this day, to the byte: a stamp is of this text')
    .option('--tsr <number>', 'print the stamp of this day (DER)')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nExample:\n  ${ROOTS}\n  ${ROOTS} --text 31 > day.txt\n  ${ROOTS} --tsr 31 > day.tsr\n  openssl ts -verify -data day.txt -in day.tsr -CAfile tsa-ca.pem\n`,
    )
    .action(async (options) =>
      (await import('./roots-command.ts')).runLedgerRoots({
        ...options,
        ...chooseConfig(undefined, options.config, ROOTS),
      }),
    );
  ledger
    .command('verify')
    .description(
      'check every record, its signature and its chain, the journal and the signed days; reads only',
    )
    .option('-c, --config <file>', 'configuration file of the collector (YAML)')
    .option('--derive', 'compute all hours anew from the ledger and compare them with what is stored')
    .option('--heads <file>', 'write the last record of every chain there, to be kept elsewhere')
    .option('--since <file>', 'heads that were written earlier: all of them must still be there')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `\nExample:\n  ${VERIFY} --heads heads-2026-11.json\n  ${VERIFY} --derive --since heads-2026-10.json\n`,
    )
    .action(async (options) =>
      (await import('./verify-command.ts')).runLedgerVerify({
        ...options,
        ...chooseConfig(undefined, options.config, VERIFY),
      }),
    );
}

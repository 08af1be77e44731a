import type { Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';

const COLLECTOR = 'configuration file of the collector (YAML)';

/** Adds `millwatt pact` and its subcommands; what they do is imported only when one is called. */
export function addPactCommands(program: Command): void {
  const pact = program
    .command('pact')
    .description('what is published to partners, and what is withdrawn')
    .exitOverride();
  pact
    .command('list', { isDefault: true })
    .description(
      'show what is published to partners, what cannot be, and which events wait for them (what `millwatt pact` does)',
    )
    .option('-c, --config <file>', COLLECTOR)
    .option('--json', 'print as JSON')
    .addHelpText('after', exampleText('-c collector.yaml'))
    .action(async (typed) =>
      (await import('./pact-command.ts')).runPact({
        ...typed,
        ...configOf(typed.config, '-c collector.yaml'),
      }),
    );
  addDeciding(pact.command('withdraw'))
    .description('partners find a footprint Deprecated, are told, and nothing is published in its place')
    .requiredOption(
      '--because <text>',
      'why, 3 to 500 characters: it is kept here, and partners do not see it',
    )
    .option('--by <name>', 'who decides (default: your user name)')
    .addHelpText('after', exampleText('withdraw 1f3a09c1 --because "wrong mass" -c collector.yaml'))
    .action(async (id: string, typed) =>
      (await import('./withdraw-command.ts')).runPactWithdraw(id, {
        ...typed,
        ...configOf(typed.config, 'withdraw ID --because TEXT -c collector.yaml'),
      }),
    );
  addDeciding(pact.command('restore'))
    .description('let what was withdrawn be published anew, as a new issue')
    .addHelpText('after', exampleText('restore 1f3a09c1 -c collector.yaml'))
    .action(async (id: string, typed) =>
      (await import('./withdraw-command.ts')).runPactRestore(id, {
        ...typed,
        ...configOf(typed.config, 'restore ID -c collector.yaml'),
      }),
    );
}

function addDeciding(command: Command): Command {
  return command
    .argument('<id>', 'of the footprint, or its first eight characters or more')
    .option('-c, --config <file>', COLLECTOR)
    .option('--json', 'print as JSON')
    .option('--yes', 'do not ask; needed where there is no terminal');
}

function configOf(config: string | undefined, example: string): { config: string } {
  return chooseConfig(undefined, config, `millwatt pact ${example}`);
}

function exampleText(line: string): string {
  return `\nExample:\n  millwatt pact ${line}\n`;
}

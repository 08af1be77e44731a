import type { Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';

/** Adds `pact`. */
export function addPactCommand(program: Command): void {
  program
    .command('pact')
    .description('show what is published to partners, what cannot be, and which events wait for them')
    .option('-c, --config <file>', 'configuration file of the collector (YAML)')
    .option('--json', 'print as JSON')
    .addHelpText('after', '\nExamples:\n  millwatt pact -c collector.yaml\n')
    .action(async (options) =>
      (await import('./pact-command.ts')).runPact({
        ...options,
        ...chooseConfig(undefined, options.config, 'millwatt pact -c collector.yaml'),
      }),
    );
}

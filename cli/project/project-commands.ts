import type { Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';

const EXAMPLE = 'millwatt project --rebuild --verify -c collector.yaml';

/** Adds `millwatt project`; what it does is imported only when it is called. */
export function addProjectCommand(program: Command): void {
  program
    .command('project')
    .argument('[file]', 'the configuration file, in place of -c')
    .description('show how far InfluxDB has the ledger, write it again, count it, see to what it refused')
    .option('-c, --config <file>', 'configuration file of the collector (YAML)')
    .option('--rebuild', 'write every point again; the collector may run meanwhile')
    .option('--verify', 'count values by machine and day in the ledger and in InfluxDB')
    .option('--from <time>', 'only from here; without zone on the clocks of the site')
    .option('--to <time>', 'only up to here, read as --from')
    .option('--quarantine', 'list the lines that InfluxDB refused, with the reason')
    .option('--retry', 'write the lines in quarantine again')
    .option('--json', 'print one JSON object')
    .addHelpText('after', `\nExample:\n  ${EXAMPLE}\n`)
    .action(async (file, options) =>
      (await import('./project-command.ts')).runProject({
        ...options,
        ...chooseConfig(file, options.config, EXAMPLE),
      }),
    );
}

import { Option, type Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';

const configOption = () => new Option('-c, --config <file>', 'configuration file (YAML)');

/** Adds `periods` and `use-phase`. */
export function addPeriodCommands(program: Command): void {
  program
    .command('periods')
    .argument('<machine>', 'id of the machine')
    .description("print shifts, days, months and so on by the site's calendar, with their uncertainty")
    .addOption(configOption())
    .option('--by <kind>', 'quarterHour, hour, shift, day, week, month or year', 'day')
    .option(
      '--from <time>',
      'begin; without zone on the clocks of the site, a date is a day of its calendar (default: by kind, 7 days)',
    )
    .option('--to <time>', 'end (default: now)')
    .option('--budget', 'print every line of the uncertainty, state by state')
    .option('--json', 'print the full reports as JSON')
    .option('--csv', 'print as CSV')
    .addHelpText(
      'after',
      '\nExamples:\n  millwatt periods mill-1 -c collector.yaml --by shift --from 2026-11-20\n  millwatt periods mill-1 -c collector.yaml --by month --csv\n  millwatt periods mill-1 -c collector.yaml --by day --from 2026-11-20 --to 2026-11-21 --budget\n',
    )
    .action(async (machine, options) =>
      (await import('./periods-command.ts')).runPeriods(machine, {
        ...options,
        ...chooseConfig(undefined, options.config, 'millwatt periods mill-1 -c collector.yaml'),
      }),
    );

  program
    .command('use-phase')
    .argument('<machine>', 'id of the machine')
    .description('print kWh per machine-hour, power by state and the declared year of use, with uncertainty')
    .addOption(configOption())
    .option(
      '--from <time>',
      'begin; without zone on the clocks of the site, a date is a day of its calendar (default: 30 days before --to)',
    )
    .option('--to <time>', 'end (default: now)')
    .option('--json', 'print as JSON')
    .option('--csv', 'print as CSV, a row a figure')
    .addHelpText(
      'after',
      '\nExample:\n  millwatt use-phase mill-1 -c collector.yaml --from 2026-10-01 --to 2026-11-01\n',
    )
    .action(async (machine, options) =>
      (await import('./use-phase-command.ts')).runUsePhase(machine, {
        ...options,
        ...chooseConfig(undefined, options.config, 'millwatt use-phase mill-1 -c collector.yaml'),
      }),
    );
}

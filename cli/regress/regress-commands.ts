import { Option, type Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';
import { startWithSmallHeap } from '../small-heap.ts';

/** Adds `regress`. */
export function addRegressCommand(program: Command): void {
  program
    .command('regress')
    .description(
      'fit a line of kWh per machine-hour over a parameter of machines, and tell what it says of one that is not metered',
    )
    .addOption(new Option('-c, --config <file>', 'configuration file (YAML)'))
    .option('--over <parameter>', 'as under machines[].product.parameters, such as spindleKw')
    .addOption(
      new Option('--machines <ids>', 'these, with commas (default: all that have the parameter)').conflicts(
        'model',
      ),
    )
    .option('--model <id>', 'the machines of a model, as under footprint.models')
    .option('--hours <basis>', 'calendar, powered, operating or processing (default: as footprint.hours)')
    .option(
      '--from <time>',
      'begin; without zone on the clocks of the site, a date is a day of its calendar (default: 30 days before --to)',
    )
    .option('--to <time>', 'end (default: now)')
    .option('--at <values>', 'values of the parameter that a figure is asked for, with commas')
    .option('--svg <file>', 'write the plot as SVG, too')
    .option('--force', 'replace a file that is there')
    .option('--json', 'print as JSON, every number a text')
    .addHelpText(
      'after',
      '\nExample:\n  millwatt regress --over spindleKw --at 22 -c collector.yaml --from 2026-10-01 --to 2026-11-01 --svg spindles.svg\n',
    )
    .action(async (options) => {
      startWithSmallHeap();
      await (
        await import('./regress-command.ts')
      ).runRegress({
        ...options,
        ...chooseConfig(undefined, options.config, 'millwatt regress --over spindleKw -c collector.yaml'),
      });
    });
}

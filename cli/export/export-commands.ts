import { Option, type Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';
import { startWithSmallHeap } from '../small-heap.ts';

/** Adds `export`. */
export function addExportCommand(program: Command): void {
  program
    .command('export')
    .argument(
      '<format>',
      'json, csv, parquet, openlca, pact, ilcd, tidas, catena-x, aas, brightway, html or evidence',
    )
    .description(
      'write the footprint of a machine, line, model, job or part over a period, checked, as one file; or its evidence',
    )
    .addOption(new Option('-c, --config <file>', 'configuration file (YAML)'))
    .option('--machine <id>', 'of this machine-hour; with --part or --job, the machine that made it')
    .option('--line <id>', 'of the machine-hours of a line, as under footprint.lines')
    .option('--model <id>', 'of a typical unit of a model, by its machines as under footprint.models')
    .option(
      '--part <id>',
      'of a part that the machine made; without --machine, over all its steps (footprint.parts[].machines)',
    )
    .option('--job <id>', 'of a job of the machine')
    .option(
      '--from <time>',
      'begin; without zone on the clocks of the site, a date is a day of its calendar (default: 30 days before --to)',
    )
    .option('--to <time>', 'end (default: now)')
    .option('--issue <number>', 'how-manieth issue of the same record: 2 replaces 1', '1')
    .option('-o, --output <file>', 'where to (default: its name and format, in this folder)')
    .option('--force', 'replace a file that is there')
    .option('--no-check', 'evidence: do not verify the package before it gets its name')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  millwatt export pact --machine mill-1 -c collector.yaml --from 2026-10-01 --to 2026-11-01\n  millwatt export openlca --machine mill-1 --part housing-7 -c collector.yaml -o housing-7.zip\n  millwatt export evidence --machine mill-1 -c collector.yaml --from 2026-10-01 --to 2026-11-01\n',
    )
    .action(async (format, options) => {
      // A year of many machines is read hour by hour: its garbage must not widen the heap.
      startWithSmallHeap();
      const example = 'millwatt export pact --machine mill-1 -c collector.yaml';
      const asked = { ...options, ...chooseConfig(undefined, options.config, example) };
      if (format === 'evidence') await (await import('./evidence-command.ts')).runEvidenceExport(asked);
      else await (await import('./export-command.ts')).runExport(format, asked);
    });
}

import { Option, type Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';

const configOption = () => new Option('-c, --config <file>', 'configuration file (YAML)');
const example = (...lines: string[]) => `\nExample:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;

/** `millwatt jobs`: energy of jobs, and the marks they are cut by. */
export function addJobCommands(program: Command): void {
  const jobs = program
    .command('jobs')
    .description('print energy per job, order and part; import the jobs of an MES')
    .exitOverride();

  jobs
    .command('show', { isDefault: true })
    .argument('<machine>', 'id of the machine')
    .description('print energy per job, order or part (what `millwatt jobs MACHINE` does)')
    .addOption(configOption())
    .option(
      '--from <time>',
      'begin; without zone on the clocks of the site (default: 24 hours before --to); whole shifts, days or months are taken',
    )
    .option('--to <time>', 'end, ISO 8601 (default: now)')
    .option('--by <what>', 'job, order or part', 'job')
    .option('--rule <rule>', 'time, energy, equal, mass or none (default: as configured)')
    .option('--with-shared', 'give the jobs their share of shared loads, too')
    .option('--explain', 'show the arithmetic of every figure')
    .option('--json', 'print the whole report as JSON')
    .option('--csv', 'print as CSV')
    .addHelpText('after', example('millwatt jobs mill-1 -c collector.yaml --from 2026-03-02 --explain'))
    .action(async (machine, options) =>
      (await import('./jobs-command.ts')).runJobs(machine, {
        ...options,
        ...chooseConfig(undefined, options.config, 'millwatt jobs mill-1 -c collector.yaml'),
      }),
    );

  jobs
    .command('import')
    .argument('<machine>', 'id of the machine')
    .argument(
      '<file>',
      'CSV file: job, begin, end, order, part, good_parts, scrap_parts, mass_kg, volume_cm3',
    )
    .description('enter the jobs of a file; what was entered before is passed over')
    .addOption(configOption())
    .option('--skip-bad', 'enter the good rows, and list the others')
    .option('--by <name>', 'who enters them (default: your login)')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', example('millwatt jobs import mill-1 march.csv -c collector.yaml'))
    .action(async (machine, file, options) =>
      (await import('./import-command.ts')).runJobsImport(machine, file, {
        ...options,
        ...chooseConfig(undefined, options.config, 'millwatt jobs import mill-1 march.csv -c collector.yaml'),
      }),
    );

  jobs
    .command('marks')
    .argument('<machine>', 'id of the machine')
    .description('list what was told of its jobs, with what was taken back')
    .addOption(configOption())
    .option('--all', 'show every mark, however many')
    .option('--json', 'print as JSON')
    .addHelpText('after', example('millwatt jobs marks mill-1 -c collector.yaml'))
    .action(async (machine, options) =>
      (await import('./marks-command.ts')).runJobMarks(machine, {
        ...options,
        ...chooseConfig(undefined, options.config, 'millwatt jobs marks mill-1 -c collector.yaml'),
      }),
    );

  jobs
    .command('withdraw')
    .argument('<machine>', 'id of the machine')
    .argument('<id...>', 'ids of marks, as `jobs marks` lists them, or a beginning that only one has')
    .description('take marks back; the journal keeps both')
    .addOption(configOption())
    .option('--by <name>', 'who takes them back (default: your login)')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', example('millwatt jobs withdraw mill-1 4711/10-end -c collector.yaml'))
    .action(async (machine, ids, options) =>
      (await import('./marks-command.ts')).runJobsWithdraw(machine, ids, {
        ...options,
        ...chooseConfig(undefined, options.config, 'millwatt jobs withdraw mill-1 ID -c collector.yaml'),
      }),
    );
}

import { Option, type Command } from 'commander';
import type { AmendmentBody } from '../../collector/journal/amendment-body.ts';
import { chooseConfig } from '../config-argument.ts';

/** One kind of amendment on the command line. */
interface Subcommand {
  kind: AmendmentBody['kind'];
  description: string;
  /** Options of its own, beside --component, --reason, --by, --yes, --json and -c. */
  options: readonly Option[];
  example: string;
}

const FROM = '2026-03-02T06:00:00+01:00';
const TO = '2026-04-01T00:00:00+02:00';

const from = () => new Option('--from <time>', 'first moment, ISO 8601 with its zone').makeOptionMandatory();
const until = () => new Option('--to <time>', 'end, ISO 8601 with its zone (default: for ever)');
const end = () => new Option('--to <time>', 'end, ISO 8601 with its zone').makeOptionMandatory();
const must = (flags: string, description: string) => new Option(flags, description).makeOptionMandatory();

const SUBCOMMANDS: readonly Subcommand[] = [
  {
    kind: 'scale',
    description: 'readings were made with a wrong CT or VT ratio: multiply powers and counters',
    options: [
      new Option('--factor <number>', 'what is true is what was read times this: 2, 0.5 or 200/100'),
      new Option('--was <ratio>', 'the ratio that was taken: 100/5'),
      new Option('--is <ratio>', 'the ratio that is true: 200/5'),
      from(),
      until(),
    ],
    example: `mill-1 --was 100/5 --is 200/5 --from ${FROM} --to ${TO} --reason "plate of the CT reads 200/5"`,
  },
  {
    kind: 'direction',
    description:
      'current transformers are turned round: power changes its sign, import and export change places',
    options: [from(), until()],
    example: `mill-1 --from ${FROM} --reason "k and l exchanged, seen at inspection"`,
  },
  {
    kind: 'component',
    description: 'the readings of a component are those of another one',
    options: [
      new Option('--is <name>', 'the component as it was called (as --component)'),
      must('--becomes <name>', 'the component that they are of'),
      from(),
      until(),
    ],
    example: `mill-1 --is spindle --becomes coolant --from ${FROM} --to ${TO} --reason "plugs exchanged"`,
  },
  {
    kind: 'exclude',
    description: 'readings are worth nothing: leave them out',
    options: [from(), end()],
    example: `mill-1 --component coolant --from ${FROM} --to ${TO} --reason "meter on the test bench"`,
  },
  {
    kind: 'same-meter',
    description: 'a meter is the one that was known under another name: its counter goes on',
    options: [
      must('--meter <text>', 'how it is called now: "serial 4711", or its address'),
      must('--is <text>', 'how it was called before'),
      from(),
      until(),
    ],
    example: `mill-1 --meter "modbus-tcp 10.0.0.9:502 unit 1" --is "modbus-tcp 10.0.0.7:502 unit 1" --from ${FROM} --reason "gateway replaced"`,
  },
  {
    kind: 'meter-replaced',
    description: 'a meter was replaced: what the old one showed last, and the new one first',
    options: [
      new Option('--at <time>', 'when, ISO 8601 with its zone'),
      new Option('--from <time>', 'where nobody knows it so well: not before'),
      new Option('--to <time>', 'and before this'),
      must('--old-last <number>', 'what the display of the old one showed last'),
      must('--new-first <number>', 'what the display of the new one showed first'),
      new Option('--unit <unit>', 'unit of both displays: Wh, kWh or MWh').default('kWh'),
    ],
    example: `mill-1 --at ${FROM} --old-last 12345.6 --new-first 0.3 --reason "calibration expired"`,
  },
  {
    kind: 'step',
    description: 'an unexplained step of a counter was real energy: book it',
    options: [from(), end()],
    example: `mill-1 --from ${FROM} --to ${TO} --reason "the gateway was off for two days, the mill ran"`,
  },
];

/** Adds `millwatt amend` and its subcommands; what they do is imported only when one is called. */
export function addAmendCommands(program: Command): void {
  const amend = program
    .command('amend')
    .description(
      'correct what readings mean: wrong ratio, turned transformer, replaced meter; signed and revocable',
    )
    .addHelpText(
      'after',
      exampleText([
        'scale ' + (SUBCOMMANDS[0]?.example ?? ''),
        'list',
        'revoke 7f3a09c1be42 --reason "the plate was misread"',
      ]),
    );
  for (const { kind, description, options, example } of SUBCOMMANDS) {
    const command = amend.command(kind).argument('<machine>', 'id of the machine').description(description);
    addEntering(command).addOption(
      new Option('--component <name>', 'the component whose readings they are').default('supply'),
    );
    for (const option of options) command.addOption(option);
    command.addHelpText('after', exampleText([`${kind} ${example}`])).action(async (machine: string, typed) =>
      (await import('./enter-amendment.ts')).runAmend(kind, machine, {
        ...typed,
        ...(kind === 'component' && typed.is !== undefined ? { component: typed.is } : {}),
        ...configOf(typed.config),
      }),
    );
  }
  addEntering(amend.command('revoke').argument('<id>', 'id of the amendment, or its first four letters'))
    .description('take an amendment back: every figure becomes what it is without it')
    .addHelpText('after', exampleText(['revoke 7f3a09c1be42 --reason "the plate was misread"']))
    .action(async (id: string, typed) =>
      (await import('./revoke-amendment.ts')).runRevoke(id, { ...typed, ...configOf(typed.config) }),
    );
  addReading(amend.command('list'))
    .description('list all amendments: who, when, what, why, and whether they hold')
    .option('--machine <id>', 'only this machine')
    .addHelpText('after', exampleText(['list --machine mill-1']))
    .action(async (typed) =>
      (await import('./list-amendments.ts')).runList({ ...typed, ...configOf(typed.config) }),
    );
  addReading(amend.command('show').argument('<id>', 'id of the amendment, or its first four letters'))
    .description('show one amendment, and the machine-hours that rest on it')
    .addHelpText('after', exampleText(['show 7f3a09c1be42']))
    .action(async (id: string, typed) =>
      (await import('./list-amendments.ts')).runShow(id, { ...typed, ...configOf(typed.config) }),
    );
  addReading(amend.command('verify'))
    .description('check every entry of the journal against its signature and its neighbours')
    .addHelpText('after', exampleText(['verify']))
    .action(async (typed) =>
      (await import('./list-amendments.ts')).runVerify({ ...typed, ...configOf(typed.config) }),
    );
}

function addReading(command: Command): Command {
  return command
    .option('-c, --config <file>', 'configuration file of the collector (YAML)')
    .option('--json', 'print as JSON');
}

function addEntering(command: Command): Command {
  return addReading(command)
    .requiredOption('--reason <text>', 'why, 3 to 500 characters: a verifier reads it')
    .option('--by <name>', 'who decides (default: your user name)')
    .option('--yes', 'do not ask; needed where there is no terminal');
}

function configOf(config: string | undefined): { config: string } {
  return chooseConfig(undefined, config, 'millwatt amend list -c collector.yaml');
}

function exampleText(lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  millwatt amend ${line} -c collector.yaml\n`).join('')}`;
}

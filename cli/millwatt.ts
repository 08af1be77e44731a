import { Argument, Command, Option } from 'commander';
import { addAmendCommands } from './amend/amend-commands.ts';
import { chooseConfig, chooseConfigs, isConfigFile } from './config-argument.ts';
import { sideOf } from './complete-commands.ts';
import { addExportCommand } from './export/export-commands.ts';
import { describeFailure, type Called } from './failure.ts';
import { addJobCommands } from './jobs/job-commands.ts';
import { addJournalCommands } from './journal/journal-commands.ts';
import { addKeysCommands } from './keys/keys-commands.ts';
import { addLedgerCommands } from './ledger/ledger-commands.ts';
import { addPactCommands } from './pact/pact-commands.ts';
import { widthOf } from './screen.ts';
import { addPeriodCommands } from './periods/period-commands.ts';
import { addProjectCommand } from './project/project-commands.ts';
import { addRegressCommand } from './regress/regress-commands.ts';
import { startWithSmallHeap } from './small-heap.ts';
import { addVerifyCommand } from './verify/verify-commands.ts';
import { VERSION } from './version.ts';

const BROKEN_PIPE = 141;

const configOption = () => new Option('-c, --config <file>', 'configuration file (YAML)');
const configArgument = () => new Argument('[file]', 'the configuration file, in place of -c');

const program = new Command('millwatt')
  .description('Measured energy per machine-hour, from the spindle to the footprint.')
  .version(VERSION, '-V, --version')
  .exitOverride()
  .showHelpAfterError('(millwatt --help shows all commands)');

// Each command is imported only when it is called: an agent without OPC UA never loads node-opcua.
program
  .command('demo')
  .description('run a simulated plant, agent, broker and collector, and show them')
  .option('--speed <factor>', 'how fast the simulated past runs until it has reached now', '2400')
  .option('--port <port>', 'port of the page', '8484')
  .option('--data <folder>', 'where the demo keeps its ledger', './demo-data')
  .option('--json', 'print one JSON object a second instead of the live table')
  .addHelpText('after', example('millwatt demo --speed 600'))
  .action(async (options) => (await import('./demo/demo-command.ts')).runDemo(options));

program
  .command('agent')
  .description('read the configured machines and deliver their readings')
  .addArgument(configArgument())
  .addOption(configOption())
  .addHelpText('after', example('millwatt agent -c agent.yaml'))
  .action(async (file, options) => {
    const chosen = chooseConfig(file, options.config, 'millwatt agent -c agent.yaml');
    startWithSmallHeap();
    await (await import('./agent-command.ts')).runAgent(chosen);
  });

program
  .command('collector')
  .description('keep what agents deliver, derive machine-hours, serve the page')
  .addArgument(configArgument())
  .addOption(configOption())
  .addHelpText('after', example('millwatt collector -c collector.yaml'))
  .action(async (file, options) =>
    (await import('./collector-command.ts')).runCollector(
      chooseConfig(file, options.config, 'millwatt collector -c collector.yaml'),
    ),
  );

program
  .command('check')
  .description('check a configuration file and say everything that is wrong with it')
  .argument('[files...]', 'configuration files, in place of -c')
  .option('-c, --config <file...>', 'configuration files (agent, collector or simulation)')
  .option('--json', 'print findings as JSON')
  .addHelpText('after', example('millwatt check -c agent.yaml'))
  .action(async (files, options) =>
    (await import('./check-command.ts')).runCheck({
      ...options,
      ...chooseConfigs(files, options.config, 'millwatt check -c agent.yaml'),
    }),
  );

program
  .command('scan')
  .argument('<target>', '192.168.1.0/24, tcp://host:502, rtu+tcp://host:4001 or /dev/ttyUSB0')
  .description('look for Modbus devices, say what they are, and write their configuration; reads only')
  .option('--network', 'allow a range of hosts, at most a /20')
  .option('--public', 'allow a range that is not private')
  .option('--port <port>', 'TCP port of the hosts of a range (default: 502)')
  .option('--units <ids>', 'unit ids such as 1-10,20')
  .option('--baud <rates>', 'baud rates of a serial port (default: 9600 and the other usual ones)')
  .option('--parity <parities>', 'parities of a serial port (default: none,even)')
  .option('--rate <number>', 'requests a second at most (default: 10 in a network, 20 to a host, 50 serial)')
  .option('--timeout <time>', 'for one request (default: 1s, serial 500ms)')
  .option('--profiles <folder>', 'your own profiles, besides those of millwatt')
  .option('--quick', 'only the most usual unit ids and settings')
  .option('--all', 'do not stop at the first serial setting that finds a device')
  .option('--json', 'print one JSON object at the end')
  .addHelpText('after', example('millwatt scan 192.168.1.0/24 --network\n  millwatt scan /dev/ttyUSB0'))
  .action(async (target, options) =>
    (await import('./scan/scan-command.ts')).runScanCommand(target, options),
  );

program
  .command('probe')
  .argument(
    '[target]',
    'a configuration file; or tcp://host:502, rtu+tcp://host:4001 or /dev/ttyUSB0 without one',
  )
  .description('read sources now: registers, value, unit, quality, and each request')
  .option('-c, --config <file>', 'configuration file (YAML)')
  .option('--source <id>', 'only this source of the configuration')
  .option('--profile <id>', 'profile of the device at the target (default: found out)')
  .option('--unit <id>', 'unit id of the device at the target (default: 1)')
  .option('--baud <rate>', 'baud rate of a serial target (default: as the device is delivered, or 9600)')
  .option('--parity <parity>', 'parity of a serial target (default: as the device is delivered, or none)')
  .option('--profiles <folder>', 'your own profiles, for a target')
  .option('--once', 'read once and exit')
  .option('--json', 'print all of it as JSON, one line a source and poll')
  .addHelpText(
    'after',
    example(
      'millwatt probe -c agent.yaml --once\n  millwatt probe tcp://192.168.1.20 --profile siemens/pac3200 --unit 1',
    ),
  )
  .action(async (target, options) => {
    const { runProbe } = await import('./probe/probe-command.ts');
    if (target === undefined || !isConfigFile(target)) await runProbe(target, options);
    else
      await runProbe(undefined, {
        ...options,
        ...chooseConfig(target, options.config, 'millwatt probe -c agent.yaml'),
      });
  });

program
  .command('browse')
  .argument('<url>', 'opc.tcp://host:4840 (OPC UA) or http://host:5000 (MTConnect)')
  .description('show what a control offers, and write its configuration; reads only')
  .option('-c, --config <file>', 'OPC UA: use the certificates of this agent')
  .option('--pki <folder>', 'OPC UA: use the certificates in this folder')
  .option('--security <policy>', 'OPC UA: best, a policy such as Basic256Sha256, or none (default: best)')
  .option('--user <name>', 'OPC UA: user of the server')
  .option('--password-file <file>', 'OPC UA: file with the password of that user')
  .option('--path <path>', 'OPC UA: look below this node: DeviceSet/Meter, or a node id')
  .option('--depth <levels>', 'OPC UA: how deep to look for other variables (default: 5)')
  .option('--all', 'OPC UA: show all variables that are found')
  .option('--device <name>', 'MTConnect: which device, where the agent has several')
  .option('--ca <file>', 'MTConnect: certificate of the authority that signed the agent (PEM)')
  .option('--timeout <time>', 'for one request (default: 10s)')
  .option('--json', 'print one JSON object')
  .addHelpText(
    'after',
    example(
      'millwatt browse opc.tcp://192.168.1.30:4840 -c agent.yaml\n  millwatt browse http://192.168.1.40:5000',
    ),
  )
  .action(async (url, options) => (await import('./browse/browse-command.ts')).runBrowse(url, options));

program
  .command('profiles')
  .argument('[word]', 'a profile to explain, or part of a name to look for')
  .description('list the device profiles, look one up by the nameplate, or explain one')
  .option('-c, --config <file>', 'include the own profiles in profiles/ beside this configuration')
  .option('--yaml', 'print the file of a profile, as a start for one of your own')
  .option('--json', 'print as JSON')
  .addHelpText('after', example('millwatt profiles em340'))
  .action(async (word, options) =>
    (await import('./profiles/profiles-command.ts')).runProfiles(word, options),
  );

program
  .command('simulate')
  .description('serve simulated meters and controls (Modbus TCP, OPC UA, MTConnect) on real sockets')
  .addArgument(configArgument())
  .addOption(configOption())
  .addHelpText('after', example('millwatt simulate -c config/samples/plant.yaml'))
  .action(async (file, options) =>
    (await import('./simulate-command.ts')).runSimulate(
      chooseConfig(file, options.config, 'millwatt simulate -c plant.yaml'),
    ),
  );

const trust = program
  .command('trust')
  .description('decide which OPC UA servers the agent talks to, and show its own certificate');

trust
  .command('list')
  .description(
    'list trusted and rejected certificates: whose, where they were shown, what is wrong with them',
  )
  .addArgument(configArgument())
  .addOption(configOption())
  .option('--json', 'print as JSON')
  .addHelpText('after', example('millwatt trust list -c agent.yaml'))
  .action(async (file, options) =>
    (await import('./trust/trust-command.ts')).runTrustList({
      ...options,
      ...chooseConfig(file, options.config, 'millwatt trust list -c agent.yaml'),
    }),
  );

trust
  .command('add')
  .argument(
    '<what...>',
    'thumbprint of a rejected certificate, its first 16 letters or more, or a PEM or DER file',
  )
  .description('trust a server, an authority that signs for servers, or take in its revocation list')
  .addOption(configOption())
  .option('--issuer', 'the file is of an authority that only shows the way to a trusted one')
  .option('--source <id>', 'the file is the certificate of this source, whatever names it bears')
  .option('--json', 'print as JSON')
  .addHelpText('after', example('millwatt trust add 3f9c21a07be4d512 -c agent.yaml'))
  .action(async (what, options) =>
    (await import('./trust/trust-command.ts')).runTrustAdd(what, {
      ...options,
      ...chooseConfig(undefined, options.config, 'millwatt trust add 3f9c21a07be4d512 -c agent.yaml'),
    }),
  );

trust
  .command('remove')
  .argument('<what...>', 'thumbprint of a trusted certificate, or its first letters')
  .description('trust a certificate no longer')
  .addOption(configOption())
  .option('--json', 'print as JSON')
  .addHelpText('after', example('millwatt trust remove 3f9c21a07be4d512 -c agent.yaml'))
  .action(async (what, options) =>
    (await import('./trust/trust-command.ts')).runTrustRemove(what, {
      ...options,
      ...chooseConfig(undefined, options.config, 'millwatt trust remove 3f9c21a07be4d512 -c agent.yaml'),
    }),
  );

trust
  .command('own')
  .description("print the agent's own certificate (PEM), for the controls that are to trust it")
  .addArgument(configArgument())
  .addOption(configOption())
  .option('--renew', 'put key and certificate aside and make new ones; every control must trust them anew')
  .option('--json', 'print as JSON')
  .addHelpText('after', example('millwatt trust own -c agent.yaml > agent.pem'))
  .action(async (file, options) =>
    (await import('./trust/trust-command.ts')).runTrustOwn({
      ...options,
      ...chooseConfig(file, options.config, 'millwatt trust own -c agent.yaml'),
    }),
  );

program
  .command('hours')
  .description('print machine-hours from the ledger')
  .addArgument(configArgument())
  .addOption(configOption())
  .option('--machine <id>', 'only this machine')
  .option(
    '--from <time>',
    'first hour; without zone on the clocks of the site, labels are UTC (default: 24 hours before --to)',
  )
  .option('--to <time>', 'end, read as --from (default: now)')
  .option('--explain <time>', 'everything that the hour of this time rests on, with its arithmetic')
  .option('--json', 'print the full records as JSON')
  .option('--csv', 'print as CSV')
  .addHelpText(
    'after',
    example(
      'millwatt hours -c collector.yaml --machine mill-1\n  millwatt hours -c collector.yaml --machine mill-1 --explain 2026-11-22T06:00Z',
    ),
  )
  .action(async (file, options) =>
    (await import('./hours-command.ts')).runHours({
      ...options,
      ...chooseConfig(file, options.config, 'millwatt hours -c collector.yaml'),
    }),
  );

program
  .command('states')
  .argument('<machine>', 'id of the machine')
  .description('print operating states, and what decided each of them')
  .addOption(configOption())
  .option('--from <time>', 'begin; without zone on the clocks of the site (default: 24 hours before --to)')
  .option('--to <time>', 'end, ISO 8601 (default: now)')
  .option('--all', 'show every stretch, however many')
  .option('--json', 'print as JSON')
  .option('--csv', 'print as CSV')
  .addHelpText('after', example('millwatt states mill-1 -c collector.yaml'))
  .action(async (machine, options) =>
    (await import('./states-command.ts')).runStates(machine, {
      ...options,
      ...chooseConfig(undefined, options.config, 'millwatt states mill-1 -c collector.yaml'),
    }),
  );

program
  .command('findings')
  .argument('[machine]', 'id of the machine (default: all)')
  .description('print what is implausible about readings; ends with 1 where something is')
  .addOption(configOption())
  .option('--from <time>', 'begin; without zone on the clocks of the site (default: 24 hours before --to)')
  .option('--to <time>', 'end, ISO 8601 (default: now)')
  .option('--json', 'print as JSON')
  .addHelpText('after', example('millwatt findings mill-1 -c collector.yaml'))
  .action(async (machine, options) =>
    (await import('./findings-command.ts')).runFindings(machine, {
      ...options,
      ...chooseConfig(undefined, options.config, 'millwatt findings -c collector.yaml'),
    }),
  );

addAmendCommands(program);
addExportCommand(program);
addPactCommands(program);
addJobCommands(program);
addJournalCommands(program);
addKeysCommands(program);
addLedgerCommands(program);
addPeriodCommands(program);
addProjectCommand(program);
addRegressCommand(program);
addVerifyCommand(program);

program
  .command('commission')
  .argument('<machine>', 'id of the machine')
  .description('check how a machine is metered by its newest readings, and keep the result as evidence')
  .addOption(configOption())
  .option('--minutes <count>', 'minutes that are looked at', '15')
  .option('--by <name>', 'who commissions (default: your login)')
  .option('--note <text>', 'a note that is kept with it')
  .option('--list', 'show earlier commissionings instead')
  .option('--json', 'print as JSON')
  .addHelpText(
    'after',
    example(
      'millwatt commission mill-1 -c collector.yaml --by "A. Meier" --note "after the new transformers"',
    ),
  )
  .action(async (machine, options) =>
    (await import('./commission/commission-command.ts')).runCommission(machine, {
      ...options,
      ...chooseConfig(undefined, options.config, 'millwatt commission mill-1 -c collector.yaml'),
    }),
  );

program
  .command('reconcile')
  .argument('<main-meter>', 'id of the main meter, as under `mainMeters`')
  .description('compare a main meter, or readings of a bill, with the sum of the machines behind it')
  .addOption(configOption())
  .option('--from <time>', 'begin; without zone on the clocks of the site (default: 24 hours before --to)')
  .option('--to <time>', 'end, ISO 8601 (default: now)')
  .option('--reading <time=value>', 'enter what the main meter showed instead, at a time with its zone')
  .option('--within <time>', 'how exactly the moment of the reading is known', '1min')
  .option('--error <percent>', 'largest error of the main meter by its class')
  .option('--by <name>', 'who read it (default: your login)')
  .option('--note <text>', 'a note that is kept with it')
  .option('--json', 'print as JSON')
  .addHelpText(
    'after',
    example(
      'millwatt reconcile hall-a -c collector.yaml --from 2026-11-01 --to 2026-12-01\n  millwatt reconcile grid -c collector.yaml --reading "2026-11-01T00:00+01:00=123456.7 kWh" --error 2%',
    ),
  )
  .action(async (mainMeter, options) =>
    (await import('./reconcile/reconcile-command.ts')).runReconcile(mainMeter, {
      ...options,
      ...chooseConfig(undefined, options.config, 'millwatt reconcile hall-a -c collector.yaml'),
    }),
  );

program
  .command('calibrate')
  .argument('[machine]', 'the machine, as the collector calls it; with --csv a name for the recording')
  .description('propose operating states by power from what a machine drew, with a plot; adopt them')
  .addOption(configOption())
  .option(
    '--from <time>',
    'first reading; without zone on the clocks of the site (default: a week before --to)',
  )
  .option('--to <time>', 'end, ISO 8601 (default: now)')
  .option('--hours-min <hours>', 'hours of readings that are enough (default: 24; of a recording any)')
  .option('--component <name>', 'a component instead of the supply')
  .option('--csv <file>', 'calibrate a recording instead of the ledger')
  .option('--time-column <name>', 'its column of times')
  .option('--power-column <name>', 'its column of power')
  .option('--unit <unit>', 'unit of that column: W, kW, MW or mW (default: what its name says, or W)')
  .option('--plot <file>', 'write a picture (SVG)')
  .option('--credit <text>', 'a line at the bottom of the picture')
  .option('--adopt', "append a version to the machine's calibration file")
  .option(
    '--valid-from <time>',
    'from when an adopted version holds, with its zone (default: always for the first, else now)',
  )
  .option('--json', 'print the proposal as JSON')
  .addHelpText(
    'after',
    example(
      'millwatt calibrate mill-1 -c collector.yaml --plot mill-1.svg\n  millwatt calibrate --csv recording.csv --power-column kW --unit kW',
    ),
  )
  .action(async (machine, options) =>
    (await import('./calibrate/calibrate-command.ts')).runCalibrate(machine, options),
  );

program
  .command('doctor')
  .description('look at this computer, and at what a configuration needs')
  .addArgument(configArgument())
  .option('-c, --config <file>', 'an agent or collector configuration to try')
  .option('--json', 'print findings as JSON')
  .addHelpText('after', example('millwatt doctor -c agent.yaml'))
  .action(async (file, options) => {
    const chosen =
      file === undefined
        ? options
        : { ...options, ...chooseConfig(file, options.config, 'millwatt doctor -c agent.yaml') };
    await (await import('./doctor/doctor-command.ts')).runDoctor(chosen);
  });

// Whoever reads our output may have seen enough: `millwatt profiles --json | head`. As a shell says of a broken pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(BROKEN_PIPE);
  throw error;
});

let called: Called | undefined;
program.hook('preAction', (_, command) => {
  called = calledWith(command);
});

try {
  await program.parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

/** The configuration that a command was given, with -c or by itself, where it is known whose. */
function calledWith(command: Command): Called | undefined {
  const words: string[] = [];
  for (let one: Command | null = command; one !== null && one !== program; one = one.parent)
    words.unshift(one.name());
  const side = sideOf(words.join(' '));
  const option: unknown = command.opts()['config'];
  const config =
    option ?? command.processedArgs.find((word) => typeof word === 'string' && isConfigFile(word));
  return typeof config === 'string' && side !== undefined ? { config, side } : undefined;
}

/** Prints what went wrong and what cures it; the exit code. */
function report(error: unknown): number {
  const { exitCode, text, report: object } = describeFailure(error, widthOf(process.stderr), called);
  process.stderr.write(text);
  // A script reads one object, whatever happens.
  if (exitCode !== 0 && process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(object)}\n`);
  return exitCode;
}

function example(line: string): string {
  return `\nExample:\n  ${line}\n`;
}

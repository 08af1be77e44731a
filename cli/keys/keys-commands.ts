import type { Command } from 'commander';
import { chooseConfig } from '../config-argument.ts';

const COLLECTOR = 'configuration file of the collector (YAML)';
const FINGERPRINT = 'its fingerprint, or the first eight digits of it or more';

/** Adds `millwatt keys` and its subcommands; what they do is imported only when one is called. */
export function addKeysCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description("agents' signing keys: which are in use, compared, replaced, and not trusted any more")
    .exitOverride();
  keys
    .command('list', { isDefault: true })
    .description(
      'list the keys that agents sign with, and how far each is trusted (what `millwatt keys` does)',
    )
    .option('-c, --config <file>', COLLECTOR)
    .option('--json', 'print as JSON')
    .addHelpText('after', exampleText('list -c collector.yaml'))
    .action(async (typed) =>
      (await import('./list-keys.ts')).runKeysList({
        ...typed,
        ...configOf(typed.config, 'list -c collector.yaml'),
      }),
    );
  addDeciding(keys.command('confirm'))
    .description('you compared the fingerprint with that of the gateway: its records are evidence')
    .option('--note <text>', 'a note that is kept with it, at most 500 characters')
    .addHelpText(
      'after',
      exampleText(
        'confirm gateway-1 1f3a-09c1-be42-77d0-5a1e-c0de-9b2f-4410 --by "A. Meier" -c collector.yaml',
      ),
    )
    .action(async (agent: string, fingerprint: string, typed) =>
      (await import('./decide-key.ts')).runKeysConfirm(agent, fingerprint, {
        ...typed,
        ...configOf(typed.config, 'confirm gateway-1 FINGERPRINT -c collector.yaml'),
      }),
    );
  addDeciding(keys.command('revoke'))
    .description('somebody else may hold the key: what comes under it is refused, and no evidence')
    .requiredOption('--since <time>', 'from when on it is not trusted, ISO 8601 with its zone; or: now')
    .requiredOption('--because <text>', 'why, 3 to 500 characters: a verifier reads it')
    .addHelpText(
      'after',
      exampleText(
        'revoke gateway-1 1f3a-09c1 --since 2026-11-20T06:00:00+01:00 --because "gateway stolen" -c collector.yaml',
      ),
    )
    .action(async (agent: string, fingerprint: string, typed) =>
      (await import('./decide-key.ts')).runKeysRevoke(agent, fingerprint, {
        ...typed,
        ...configOf(
          typed.config,
          'revoke gateway-1 FINGERPRINT --since now --because TEXT -c collector.yaml',
        ),
      }),
    );
  keys
    .command('show')
    .description("on a gateway: print its own key's fingerprint")
    .option('-c, --config <file>', 'configuration file of the agent (YAML)')
    .option('--json', 'print as JSON')
    .addHelpText('after', exampleText('show -c agent.yaml'))
    .action(async (typed) =>
      (await import('./show-key.ts')).runKeysShow({
        ...typed,
        ...configOf(typed.config, 'show -c agent.yaml'),
      }),
    );
  keys
    .command('rotate')
    .description(
      'on a gateway, its agent stopped: draw a new key, let the old one sign for it, and destroy the old one',
    )
    .option('-c, --config <file>', 'configuration file of the agent (YAML)')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .option('--json', 'print as JSON')
    .addHelpText('after', exampleText('rotate -c agent.yaml'))
    .action(async (typed) =>
      (await import('./rotate-key.ts')).runKeysRotate({
        ...typed,
        ...configOf(typed.config, 'rotate -c agent.yaml'),
      }),
    );
}

function addDeciding(command: Command): Command {
  return command
    .argument('<agent>', 'id of the agent')
    .argument('<fingerprint>', FINGERPRINT)
    .option('-c, --config <file>', COLLECTOR)
    .option('--json', 'print as JSON')
    .option('--by <name>', 'who decides (default: your user name)')
    .option('--yes', 'do not ask; needed where there is no terminal');
}

function configOf(config: string | undefined, example: string): { config: string } {
  return chooseConfig(undefined, config, `millwatt keys ${example}`);
}

function exampleText(line: string): string {
  return `\nExample:\n  millwatt keys ${line}\n`;
}

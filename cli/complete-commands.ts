import { shellWord } from '../protocols/shell-word.ts';

/** Whose configuration a command reads. */
export type ConfigSide = 'agent' | 'collector';

const COMMANDS: Readonly<Record<ConfigSide, readonly string[]>> = {
  agent: [
    'agent',
    'keys rotate',
    'keys show',
    'probe',
    'trust add',
    'trust list',
    'trust own',
    'trust remove',
  ],
  collector: [
    ...['list', 'show', 'revoke', 'verify'].map((command) => `amend ${command}`),
    'calibrate',
    'collector',
    'commission',
    'export',
    'findings',
    'hours',
    'jobs',
    'jobs import',
    'jobs marks',
    'journal',
    'journal verify',
    'keys',
    'keys confirm',
    'keys revoke',
    'ledger check',
    'ledger roots',
    'ledger verify',
    'pact',
    'pact restore',
    'pact withdraw',
    'periods',
    'project',
    'reconcile',
    'regress',
    'states',
    'use-phase',
  ],
};
/** Read the files of either side. */
const EITHER: readonly string[] = ['check', 'doctor'];
const ALL: readonly string[] = [...COMMANDS.agent, ...COMMANDS.collector, ...EITHER];

/** The side of the command that was called, by its words: `keys show`; undefined for those that read either or none. */
export function sideOf(command: string): ConfigSide | undefined {
  if (COMMANDS.agent.includes(command)) return 'agent';
  const isKnown = (words: string) => COMMANDS.collector.includes(words);
  // `jobs MACHINE` is `jobs list`, and all that is amended is the collector's.
  return isKnown(command) || isKnown(command.replace(/ \S+$/, '')) || command.startsWith('amend ')
    ? 'collector'
    : undefined;
}

/**
 * A text with `-c FILE` in each command that it names and that reads the same configuration, so that it can be pasted as it is:
 * who writes of `millwatt hours` deep within does not know which file was given.
 */
export function completeCommands(text: string, config: string, side: ConfigSide): string {
  return text.replaceAll(
    // Up to the end of the quotation or the sentence.
    /\bmillwatt ([a-z][a-z-]*)( [a-z][a-z-]*)?((?:(?!\. |\bmillwatt )[^`\n;])*)/g,
    (whole, first: string, second = '', rest: string) => {
      const [name, tail] = ALL.includes(first + second) ? [first + second, rest] : [first, second + rest];
      const isMeant = COMMANDS[side].includes(name) || EITHER.includes(name);
      if (!isMeant || / (-c|--config|--check) /.test(`${tail} `)) return whole;
      return `millwatt ${name} -c ${shellWord(config)}${tail}`;
    },
  );
}

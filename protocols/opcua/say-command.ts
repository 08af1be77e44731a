import { shellWord } from '../shell-word.ts';

/**
 * A command for the operator as he can paste it: `millwatt trust own -c hall-1.yaml`. Without a file, the name that our
 * samples have.
 */
export function sayCommand(words: string, config = 'agent.yaml'): string {
  return `millwatt ${words} -c ${shellWord(config)}`;
}

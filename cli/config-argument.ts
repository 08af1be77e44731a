import type { MillwattError } from '../protocols/errors.ts';
import { usageError } from '../protocols/modbus/scan/scan-target.ts';

/** True for a word that names a configuration file, where an address of a device could stand as well. */
export function isConfigFile(word: string): boolean {
  return /\.ya?ml$/i.test(word) && !word.includes('://');
}

/**
 * The configuration of a command that takes one: `-c FILE`, or the file by itself. Throws an error of class `refuse`
 * (code `usage`) where there is none, or two.
 * @param example a command line that is right
 */
export function chooseConfig(
  word: string | undefined,
  option: string | undefined,
  example: string,
): { config: string } {
  const [config, another] = [option, word].filter((file) => file !== undefined);
  if (config === undefined) throw missing(example);
  if (another !== undefined && another !== config)
    throw usageError(`${config} and ${another} are two configurations.`, `Name one: ${example}`);
  return { config };
}

/** All configurations that are named, in the order of the command line. Throws as `chooseConfig`. */
export function chooseConfigs(
  words: readonly string[],
  option: readonly string[] | undefined,
  example: string,
): { config: string[] } {
  const config = [...new Set([...(option ?? []), ...words])];
  if (config.length === 0) throw missing(example);
  return { config };
}

function missing(example: string): MillwattError {
  return usageError('Nothing says which configuration file.', `Name it: ${example}`);
}

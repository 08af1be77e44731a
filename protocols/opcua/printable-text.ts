const LENGTH_MAX = 200;

/**
 * What a server says of itself, in one line and without anything that a terminal could take for a command or that turns
 * the direction of writing; cut to so many characters, 200 where nothing is said.
 */
export function printableText(text: string, lengthMax = LENGTH_MAX): string {
  const plain = text.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?');
  return plain.length <= lengthMax ? plain : Array.from(plain).slice(0, lengthMax).join('');
}

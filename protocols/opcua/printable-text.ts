const LENGTH_MAX = 200;

/**
 * What a server says of itself, in one line and without anything that a terminal could take for a command or that turns
 * the direction of writing; cut to 200 characters.
 */
export function printableText(text: string): string {
  const plain = text.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '?');
  return plain.length <= LENGTH_MAX ? plain : Array.from(plain).slice(0, LENGTH_MAX).join('');
}

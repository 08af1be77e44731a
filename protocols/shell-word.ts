/** A file name as one word of a command line, in quotes only where a shell would read it otherwise. */
export function shellWord(word: string): string {
  if (/^[\w./\\:@%+~,-]+$/.test(word)) return word;
  // Within double quotes these mean something to a shell.
  return /["$`!]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`;
}

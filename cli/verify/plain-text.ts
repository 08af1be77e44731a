/**
 * Text of a package as it may be printed: what is not seen, or moves what is seen (control characters, escape sequences, marks of
 * writing direction), is shown as one sign. A stranger wrote it.
 */
export function plainText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '\uFFFD');
}

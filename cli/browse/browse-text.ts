/** Letters that a terminal obeys, that are not seen, or that YAML takes for the end of a line. */
const UNSEEN = /[^\P{C}\n]|[\u2028\u2029]/gu;

/** What is printed for scripts; nothing in it commands the terminal that it may be printed on. Ends with a line break. */
export function writePrintableJson(value: object): string {
  const text = JSON.stringify(value, null, 2);
  // JSON escapes what is below U+0020 by itself, and knows nothing beyond U+FFFF but in two halves.
  return `${text.replace(UNSEEN, (letter) => letter.split('').map(escapeUnit).join(''))}\n`;
}

/** A text of a server as a double-quoted YAML scalar: it reads as the very same text, and shows nothing but letters. */
export function writeYamlText(text: string): string {
  return JSON.stringify(text).replace(UNSEEN, (letter) =>
    letter.length === 1
      ? escapeUnit(letter)
      : `\\U${(letter.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
  );
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

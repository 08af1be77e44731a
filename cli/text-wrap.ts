/**
 * The lines of a text, each broken between words where it is wider than `width`. What follows a break is indented by
 * `hang` more than the line itself; a word that is wider stays whole. An endless width changes nothing.
 */
export function wrapLines(text: string, width: number, hang = 2): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, width, hang));
}

/** Width on the terminal: escape sequences for colour take no room. */
export function displayWidth(text: string): number {
  // oxlint-disable-next-line no-control-regex -- the escape character is what we look for
  return text.replace(/\u001b\[[0-9;]*m/g, '').length;
}

function wrapLine(text: string, width: number, hang: number): string[] {
  if (displayWidth(text) <= width) return [text];
  const [indent = ''] = /^ */.exec(text) ?? [];
  const further = ' '.repeat(indent.length + hang);
  const lines: string[] = [];
  let line = '';
  for (const [index, word] of text.slice(indent.length).split(' ').entries()) {
    if (index === 0) line = indent + word;
    else if (line.trim() !== '' && displayWidth(line) + 1 + displayWidth(word) > width) {
      lines.push(line.trimEnd());
      line = further + word;
    } else line = `${line} ${word}`;
  }
  return [...lines, line];
}

/** What the architecture test knows of a source file. */
export interface Source {
  /** The lines as they are. */
  text: string[];
  /** The same lines with comments, texts and regular expressions blanked. */
  code: string[];
  /** What it imports or re-exports, with the line on which the specifier stands. */
  imports: { specifier: string; line: number }[];
  /** Exported declarations, and whether a doc comment ends on the line above. */
  exports: { line: number; documented: boolean }[];
}

const IMPORT = /\b(?:from|import)\s*\(?\s*$/;
const EXPORT =
  /^export\s+(?:default\s+|declare\s+|abstract\s+|async\s+)*(?:const|let|function\*?|class|interface|type)\s+\w/;

/** Reads a file once: strings are what imports are found by, and what is left is code. */
export function readSource(text: string): Source {
  const { blanked, strings } = blank(text);
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const imports = strings
    .filter(({ start }) => IMPORT.test(blanked.slice(Math.max(0, start - 40), start)))
    .map(({ start, value }) => ({ specifier: value, line: lineAt(start) }));
  const lines = text.split('\n');
  const code = blanked.split('\n');
  const exports = code.flatMap((line, index) =>
    EXPORT.test(line)
      ? [{ line: index + 1, documented: (lines[index - 1] ?? '').trimEnd().endsWith('*/') }]
      : [],
  );
  return { text: lines, code, imports, exports };
}

/** One pass over the text: what is comment, text or regular expression becomes spaces, lines stay where they are. */
function blank(text: string): { blanked: string; strings: { start: number; value: string }[] } {
  const strings: { start: number; value: string }[] = [];
  const out: string[] = [];
  /** Open `${` in templates: brace depth of each. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;
  const hide = (length: number) => {
    for (const letter of text.slice(at, at + length))
      out.push(letter === '\n' ? '\n' : ' '.repeat(letter.length));
    at += length;
  };
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const template = () => {
    const piece = match(/(?:\\[^]|\$(?!\{)|[^\\`$])*(?:`|\$\{)/y) ?? text.slice(at);
    hide(piece.length);
    if (piece.endsWith('${')) templates.push(depth++);
  };
  while (at < text.length) {
    const letter = text[at] ?? '';
    const comment = match(/\/\/[^\n]*|\/\*[^]*?\*\//y);
    const string = comment === undefined ? match(/'(?:\\[^]|[^'\\\n])*'|"(?:\\[^]|[^"\\\n])*"/y) : undefined;
    if (comment !== undefined) hide(comment.length);
    else if (string !== undefined) {
      strings.push({ start: at, value: string.slice(1, -1) });
      hide(string.length);
    } else if (letter === '`') {
      hide(1);
      template();
    } else if (letter === '/' && isRegexNext(out)) {
      hide(match(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y)?.length ?? 1);
    } else if (letter === '}' && templates.at(-1) === depth - 1) {
      depth = templates.pop() ?? 0;
      hide(1);
      template();
    } else {
      if (letter === '{') depth++;
      if (letter === '}') depth--;
      out.push(letter);
      at++;
    }
  }
  return { blanked: out.join(''), strings };
}

/** A slash begins a regular expression after an operator, an opening bracket or a keyword; otherwise it divides. */
function isRegexNext(out: string[]): boolean {
  const before = out.slice(-20).join('').trimEnd();
  return (
    before === '' || /[(,=:[!&|?{};+<>~*%^-]$|\b(?:return|typeof|case|in|of|yield|await|void)$/.test(before)
  );
}

/** Every cycle that a depth-first walk closes, as the path from a file back to itself; files not in the graph are ends. */
export function findCycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): void => {
    const open = path.indexOf(node);
    if (open >= 0) cycles.push([...path.slice(open), node]);
    if (open >= 0 || done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return cycles;
}

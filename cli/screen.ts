/** A block of lines that is drawn over itself on a terminal, and printed line by line elsewhere. */
export interface Screen {
  /** Columns that a line may have; endless where the output is no terminal. */
  width(): number;
  draw(lines: readonly string[]): void;
  /** Leaves the last drawing and puts the cursor below it. */
  end(): void;
}

/** Draws on a terminal, cutting lines to its width so that a redraw always covers the last one. */
export function createScreen(out: NodeJS.WriteStream = process.stdout): Screen {
  let drawn = 0;
  return {
    width: () => widthOf(out),
    draw(lines) {
      if (!out.isTTY) {
        out.write(`${lines.join('\n')}\n`);
        return;
      }
      const visible = fitHeight(lines, Math.max(2, (out.rows || 50) - 1)).map((line) =>
        cut(line, widthOf(out)),
      );
      // Whatever was typed since, the ^C of a Ctrl-C too, stands where the cursor is.
      out.write(
        `${drawn === 0 ? '' : `\r\u001b[${drawn}A`}${visible.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[0J`,
      );
      drawn = visible.length;
    },
    end() {
      drawn = 0;
    },
  };
}

/** Bold, dim or coloured text where the output is a terminal that wants it. */
export function style(
  text: string,
  code: 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan',
  out: NodeJS.WriteStream = process.stdout,
): string {
  if (!out.isTTY || process.env['NO_COLOR'] !== undefined) return text;
  const codes = { bold: 1, dim: 2, green: 32, yellow: 33, red: 31, cyan: 36 };
  return `\u001b[${codes[code]}m${text}\u001b[0m`;
}

/** Columns of a terminal; endless where the output is none, so that files and pipes get everything. */
export function widthOf(out: NodeJS.WriteStream = process.stdout): number {
  return out.isTTY ? out.columns || 80 : Number.POSITIVE_INFINITY;
}

/** What does not fit is not dropped in silence. */
function fitHeight(lines: readonly string[], height: number): readonly string[] {
  if (lines.length <= height) return lines;
  const hidden = lines.length - height + 1;
  return [...lines.slice(0, height - 1), `… ${hidden} more lines: make the window higher to see them`];
}

function cut(line: string, width: number): string {
  let visible = 0;
  let index = 0;
  while (index < line.length) {
    // oxlint-disable-next-line no-control-regex -- escape sequences take no room
    const escape = /^\u001b\[[0-9;]*m/.exec(line.slice(index));
    if (escape !== null) index += escape[0].length;
    else if (++visible > width) return `${line.slice(0, index)}\u001b[0m`;
    else index += 1;
  }
  return line;
}

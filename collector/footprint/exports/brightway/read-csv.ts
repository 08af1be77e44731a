/** Rows and cells of a CSV text (RFC 4180); quotes inside quoted cells are doubled. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quoted = /"((?:[^"]|"")*)"/y;
    const plain = /[^,\r\n]*/y;
    quoted.lastIndex = at;
    plain.lastIndex = at;
    const found = quoted.exec(text);
    if (found === null) {
      const [cell = ''] = plain.exec(text) ?? [];
      row.push(cell);
      at += cell.length;
    } else {
      row.push((found[1] ?? '').replaceAll('""', '"'));
      at += found[0].length;
    }
    if (text[at] === ',') {
      at++;
      if (at === text.length) row.push('');
      continue;
    }
    at += text.startsWith('\r\n', at) ? 2 : 1;
    rows.push(row);
    row = [];
  }
  return rows;
}

/** The known name that is most like a mistyped one, or undefined when none is near. Letter case does not count as a difference. */
export function findNearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  // In a name of one or two letters every other such name is near: there only letter case may differ.
  let bestDistance = (name.length < 3 ? 0 : Math.max(1, Math.floor(name.length / 3))) + 1;
  for (const candidate of known) {
    const distance = countEdits(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  // An abbreviation (`reg` for `register`) is many edits away and yet plainly meant.
  if (best === undefined && name.length >= 3)
    best = known.find((candidate) => candidate.toLowerCase().includes(name.toLowerCase()));
  return best;
}

/** How many letters must be changed, added, dropped or swapped with their neighbour to turn `a` into `b`. */
function countEdits(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        edits = Math.min(edits, (beforeLast[j - 2] ?? 0) + 1);
      row.push(edits);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

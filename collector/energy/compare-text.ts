/** Orders texts by their code units, the same everywhere: what sorts by it leaves no trace of the order of arrival. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

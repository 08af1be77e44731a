/** A class as a nameplate writes it in the form of the tables: `Cl. 0,5 S` is `0.5S`; an empty word where nobody said. */
export function normalizeClass(told: string | null): string {
  return (told ?? '')
    .replace(/^\s*(class|klasse|cl\.?)\s*/i, '')
    .replace(/(\d),(\d)/, '$1.$2')
    .replace(/\s+/g, '')
    .toUpperCase();
}

/** True when nobody knows the class. */
export function isUntold(told: string | null): boolean {
  return told === null || /^\s*(unknown)?\s*$/i.test(told);
}

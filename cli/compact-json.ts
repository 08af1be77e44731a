/** JSON for people and programs: indented, and an array of numbers on one line. */
export function compactJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replaceAll(
    // Within a string there is no line break, so that only an array can look like this.
    /\[\n\s+-?\d[-+.\deE]*(?:,\n\s+-?\d[-+.\deE]*)*\n\s*\]/g,
    (array) => array.replaceAll(/\n\s*/g, '').replaceAll(',', ', '),
  );
}

import { formatPath, type Finding, type Remark } from './finding.ts';
import type { PlacedRemark, YamlText } from './yaml-text.ts';

/** Remarks with their places. Behind a syntax error the parser guesses, and what seems to be missing may only stand behind it. */
export function placeRemarks(remarks: readonly Remark[], yaml: YamlText): PlacedRemark[] {
  const torn = yaml.soundUntilLine !== Infinity;
  return remarks
    .map((remark) => ({ ...remark, place: yaml.locate(remark.path, remark.target) }))
    .filter(
      (remark) =>
        !torn ||
        (remark.place.line < yaml.soundUntilLine &&
          !['is missing.', 'has no value.'].includes(remark.message)),
    );
}

/** Findings in the order of the file, each said once. */
export function toFindings(remarks: readonly PlacedRemark[], file: string): Finding[] {
  const seen = new Set<string>();
  return remarks
    .map(({ severity, path, place, message, cure }) => ({
      severity,
      file,
      line: place.line,
      column: place.column,
      path: formatPath(path),
      message,
      cure,
    }))
    .filter((finding) => {
      const key = `${finding.path}\n${finding.message}\n${finding.line}`;
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

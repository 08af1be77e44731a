import { isLevelId } from '../../telemetry/ids.ts';

const LENGTH_MAX = 64;

/** A server's name as a component, or as the name of a word: letters, digits, "_" and "-". */
export function levelName(text: string, otherwise: string): string {
  const name = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|-+$/g, '')
    .slice(0, LENGTH_MAX);
  return isLevelId(name) ? name : otherwise;
}

/** `spindle`, `spindle-2`, `spindle-3`: the name of the one of several by its place from 0. */
export function numbered(name: string, index: number): string {
  return index === 0 ? name : `${name}-${index + 1}`;
}

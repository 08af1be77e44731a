import { canonicalText } from '../../record/canonical-text.ts';
import type { ExportFile } from '../export-file.ts';
import { checkPackage } from '../ilcd/read-package.ts';
import { kindOfRoot, type Element } from '../ilcd/data-set.ts';
import { readTidasJson, TidasFault, tidasRootAttributes, writeTidasJson } from './tidas-json.ts';

/**
 * What is wrong with a package as `writeTidas` writes it, each fault with file, place and value; empty for a sound one. Beside
 * content and references, which are ILCD's, what TIDAS has as a list, a number or a text must be one.
 */
export function checkTidas(files: readonly ExportFile[]): string[] {
  return checkPackage(files, {
    above: '',
    extension: 'json',
    read: readStrictly,
    rootAttributes: tidasRootAttributes,
  });
}

function readStrictly(text: string): Element {
  const value: unknown = JSON.parse(text);
  const root = readTidasJson(value);
  const kind = kindOfRoot(root.name);
  if (kind === undefined) throw new TidasFault(`is a ${root.name}, which is no data set`);
  const again: unknown = JSON.parse(writeTidasJson({ kind, root }));
  const [is, right] = [canonicalText(value), canonicalText(again)];
  if (is !== right) {
    let at = 0;
    while (is[at] === right[at]) at++;
    throw new TidasFault(
      `is not written as TIDAS has it, at ${JSON.stringify(is.slice(Math.max(0, at - 30), at + 30))}`,
    );
  }
  return root;
}

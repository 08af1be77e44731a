import type { ExportFile } from '../export-file.ts';
import { checkPackage } from './read-package.ts';
import { readXml } from './xml-reader.ts';
import { xmlRootAttributes } from './xml-writer.ts';

/**
 * What is wrong with a package as `writeIlcd` writes it, each fault with file, place and value; empty for a sound one. The
 * files are read as XML, and every reference is resolved among them.
 */
export function checkIlcd(files: readonly ExportFile[]): string[] {
  return checkPackage(files, {
    above: 'ILCD/',
    extension: 'xml',
    read: readXml,
    rootAttributes: xmlRootAttributes,
  });
}

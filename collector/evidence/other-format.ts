import { unpackZip, type PackageBytes } from './canonical-zip.ts';
import { isObject } from './manifest.ts';
import { isCrowded } from './package-files.ts';

/** No manifest is larger, and no file before it but hours. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const MANIFEST_BYTES_MAX = 16 * 1024 * 1024;

/**
 * The version of the format that a package says it is of, where that is not 1. Undefined for one of version 1, and for whatever is no
 * package: its faults are told of by those who read it.
 */
export function otherFormatOf(from: PackageBytes): number | undefined {
  try {
    for (const { path, bytes } of unpackZip(from, (path) =>
      path === 'manifest.json' ? MANIFEST_BYTES_MAX : FILE_BYTES_MAX,
    )) {
      if (path !== 'manifest.json') continue;
      const text = Buffer.from(bytes).toString('utf8');
      if (isCrowded(text)) return undefined;
      const manifest: unknown = JSON.parse(text);
      if (!isObject(manifest) || manifest['format'] !== 'millwatt-evidence') return undefined;
      const { v } = manifest;
      return typeof v === 'number' && Number.isSafeInteger(v) && v > 0 && v !== 1 ? v : undefined;
    }
  } catch {
    return undefined;
  }
  return undefined;
}

import { unpackZip, type PackageBytes } from './canonical-zip.ts';
import { isObject } from './manifest.ts';
import { isCrowded } from './package-files.ts';

/** No manifest is larger, and no file before it but hours. */
const FILE_BYTES_MAX = 64 * 1024 * 1024;
const MANIFEST_BYTES_MAX = 16 * 1024 * 1024;

/** The manifest before anything else of a package is read. */
export interface PeekedManifest {
  /** The version of the format that it says it is of, where that is not 1. */
  otherVersion: number | undefined;
  text: string;
  /** What the text says, parsed: a large one is read once. */
  value: unknown;
}

/** Undefined for whatever is no package, or has a manifest that nobody should parse: its faults are told of by those who read it. */
export function peekManifest(from: PackageBytes): PeekedManifest | undefined {
  try {
    for (const { path, bytes } of unpackZip(from, (path) =>
      path === 'manifest.json' ? MANIFEST_BYTES_MAX : FILE_BYTES_MAX,
    )) {
      if (path !== 'manifest.json') continue;
      const text = Buffer.from(bytes).toString('utf8');
      if (isCrowded(text)) return undefined;
      const value: unknown = JSON.parse(text);
      return { otherVersion: otherVersionOf(value), text, value };
    }
  } catch {
    return undefined;
  }
  return undefined;
}

function otherVersionOf(manifest: unknown): number | undefined {
  if (!isObject(manifest) || manifest['format'] !== 'millwatt-evidence') return undefined;
  const { v } = manifest;
  return typeof v === 'number' && Number.isSafeInteger(v) && v > 0 && v !== 1 ? v : undefined;
}

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import type { DeviceProfile } from '../../protocols/modbus/profile.ts';
import { findNearest } from '../nearest.ts';
import { findUnreadable } from './profile-plan-faults.ts';
import { profileFile } from './profile-file.ts';
import { profileOf } from './profile-variant.ts';

/** The profiles that come with millwatt: beside this folder, or, where it was compiled into dist/config, beside dist. */
const OWN_FOLDER =
  [join(import.meta.dirname, '../profiles'), join(import.meta.dirname, '../../../config/profiles')].find(
    (folder) => existsSync(folder),
  ) ?? join(import.meta.dirname, '../profiles');
/** The schema by which editors check and complete a profile file; its first line may name it after `$schema=`. */
export const PROFILE_SCHEMA_FILE = join(OWN_FOLDER, '../schema/profile.schema.json');
const PROFILE_ID = /^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/;
/** A variant follows the id of its profile after a colon. */
const VARIANT_ID = /^([^:]+)(?::([a-z0-9]+(?:-[a-z0-9]+)*))?$/;
const FILE_BYTES_MAX = 256 * 1024;

/** A profile and the file it came from. */
export interface LoadedProfile {
  profile: DeviceProfile;
  /** SHA-256 over the file's bytes, base64url: what the config snapshot names. */
  sha256: string;
  file: string;
}

/** A profile that could be loaded. */
export interface ListedProfile {
  id: string;
  file: string;
}

/**
 * Loads `vendor/model`; an operator's own file in `extraFolder` (vendor/model.yaml below it) goes before ours.
 * Throws an error of class `refuse` that names file, line and cure (codes `unknown-profile`, `bad-profile`).
 */
export function loadProfile(id: string, extraFolder?: string): LoadedProfile {
  const folders = foldersOf(extraFolder);
  const [, fileId = '', variant] = VARIANT_ID.exec(id) ?? [];
  const file = PROFILE_ID.test(fileId)
    ? folders.map((folder) => join(folder, `${fileId}.yaml`)).find(isFile)
    : undefined;
  if (file === undefined) {
    const known = listProfiles(extraFolder).map((listed) => listed.id);
    const nearest = findNearest(id, known);
    throw new MillwattError(
      'refuse',
      'unknown-profile',
      `There is no device profile ${JSON.stringify(id)}.`,
      {
        cure: `${nearest === undefined ? '' : `Did you mean ${nearest}? `}\`millwatt profiles\` lists the ${known.length} there are; or write ${
          extraFolder === undefined ? 'your own' : join(extraFolder, 'vendor/model.yaml')
        }.`,
      },
    );
  }
  const bytes = readAt(file, (path) => readFileSync(path));
  return {
    profile: parseProfile(fileId, bytes, file, variant),
    sha256: createHash('sha256').update(bytes).digest('base64url'),
    file,
  };
}

/**
 * Every profile there is, by id; an operator's own file hides ours of the same id. Files are not opened. Throws an error of
 * class `refuse` (code `no-access`) where a folder may not be read.
 */
export function listProfiles(extraFolder?: string): ListedProfile[] {
  const found = new Map<string, ListedProfile>();
  for (const folder of foldersOf(extraFolder).filter(isFolder)) {
    for (const vendor of namesIn(folder).filter((name) => isFolder(join(folder, name)))) {
      for (const name of namesIn(join(folder, vendor))) {
        const [id, file] = [`${vendor}/${name.replace(/\.yaml$/, '')}`, join(folder, vendor, name)];
        if (name.endsWith('.yaml') && PROFILE_ID.test(id) && !found.has(id) && isFile(file))
          found.set(id, { id, file });
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** A profile from the text of its file. Throws as `loadProfile`, with every fault of the file, variants included, at once. */
export function parseProfile(id: string, bytes: Uint8Array, file: string, variant?: string): DeviceProfile {
  if (bytes.length > FILE_BYTES_MAX)
    throw badProfile(file, [`${file}: is larger than ${FILE_BYTES_MAX} bytes`]);
  const lines = new LineCounter();
  const document = parseDocument(Buffer.from(bytes).toString('utf8'), { lineCounter: lines });
  if (document.errors.length > 0) {
    throw badProfile(
      file,
      document.errors.map(
        (error) => `${file}:${lines.linePos(error.pos[0]).line}: ${firstLine(error.message)}`,
      ),
    );
  }
  const parsed = profileFile.safeParse(plainOf(document, file));
  if (!parsed.success) {
    throw badProfile(
      file,
      parsed.error.issues.map((issue) => {
        const path = issue.path.map((key) => (typeof key === 'symbol' ? '' : key));
        return `${file}:${lineOf(document, path, lines)}: ${path.join('.')}: ${issue.message}`;
      }),
    );
  }
  const profile = profileOf(id, parsed.data, variant);
  if (profile === undefined) {
    throw new MillwattError('refuse', 'unknown-profile', `${file} has no variant ${variant}.`, {
      cure: `Its variants are: ${Object.keys(parsed.data.variants).join(', ') || 'none'}.`,
    });
  }
  const own = variant === undefined ? profile : profileOf(id, parsed.data);
  const variants = Object.keys(parsed.data.variants).flatMap(
    (name) => profileOf(id, parsed.data, name) ?? [],
  );
  // A fault of the profile is one of its variants as well: it is said once.
  const unreadable = own === undefined ? [] : findUnreadable(own);
  if (unreadable.length === 0) unreadable.push(...variants.flatMap(findUnreadable));
  if (unreadable.length > 0)
    throw badProfile(
      file,
      unreadable.map((fault) => `${file}: ${fault}`),
    );
  return profile;
}

/** Aliases are refused: they unfold to more than anyone reads. */
function plainOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw badProfile(file, [`${file}: uses YAML aliases (*name), which profiles may not`]);
  }
}

function badProfile(file: string, faults: string[]): MillwattError {
  return new MillwattError(
    'refuse',
    'bad-profile',
    `The device profile is not usable: ${faults.join('; ')}.`,
    {
      cure: `Correct ${file}; config/profiles/siemens/pac3200.yaml is a complete example.`,
    },
  );
}

/** The line of a path, or of the nearest thing above it that is there. */
function lineOf(document: Document, path: readonly (string | number)[], lines: LineCounter): number {
  let node: unknown = document.contents;
  let line = 1;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === key);
      if (isScalar(pair?.key) && pair.key.range) line = lines.linePos(pair.key.range[0]).line;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      const range = isMap(node) || isScalar(node) ? node.range : undefined;
      if (range) line = lines.linePos(range[0]).line;
    } else break;
  }
  return line;
}

function foldersOf(extraFolder: string | undefined): string[] {
  return extraFolder === undefined ? [OWN_FOLDER] : [extraFolder, OWN_FOLDER];
}

function isFile(path: string): boolean {
  return statAt(path)?.isFile() === true;
}

function isFolder(path: string): boolean {
  return statAt(path)?.isDirectory() === true;
}

function statAt(path: string): Stats | undefined {
  return readAt(path, () => statSync(path, { throwIfNoEntry: false }));
}

function namesIn(folder: string): string[] {
  return readAt(folder, (path) => readdirSync(path));
}

/** What lies there and may not be read is the operator's to mend. */
function readAt<T>(path: string, read: (path: string) => T): T {
  try {
    return read(path);
  } catch (cause) {
    throw new MillwattError('refuse', 'no-access', `${path} cannot be read: ${describeError(cause)}`, {
      cure: 'Let the user that runs millwatt read it (chmod a+rX).',
      cause,
    });
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}

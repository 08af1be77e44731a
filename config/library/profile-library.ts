import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { basename, join } from 'node:path';
import { MillwattError } from '../../protocols/errors.ts';
import type { DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import type { Finding } from '../finding.ts';
import { findNearest } from '../nearest.ts';
import { checkProfile } from './profile-check.ts';
import { PROFILE_ID, profileIdOf, rightPlaceOf } from './profile-place.ts';
import { profileOf } from './profile-variant.ts';
import { readAt } from './read-at.ts';
import { shellWord } from '../../protocols/shell-word.ts';

const READ_CURE = 'Let the user that runs millwatt read it (chmod a+rX).';

/** The profiles that come with millwatt: beside this folder, or, where it was compiled into dist/config, beside dist. */
const OWN_FOLDER =
  [join(import.meta.dirname, '../profiles'), join(import.meta.dirname, '../../../config/profiles')].find(
    (folder) => existsSync(folder),
  ) ?? join(import.meta.dirname, '../profiles');
/** The schema by which editors check and complete a profile file; its first line may name it after `$schema=`. */
export const PROFILE_SCHEMA_FILE = join(OWN_FOLDER, '../schema/profile.schema.json');
/** A variant follows the id of its profile after a colon. */
const VARIANT_ID = /^([^:]+)(?::([a-z0-9]+(?:-[a-z0-9]+)*))?$/;

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
    const stray = extraFolder === undefined ? undefined : findStray(fileId === '' ? id : fileId, extraFolder);
    if (stray !== undefined)
      throw new MillwattError(
        'refuse',
        'misplaced-profile',
        `There is no device profile ${JSON.stringify(id)}, but ${stray}, which is not found under that name.`,
        {
          cure: `Move it to ${rightPlaceOf(stray, extraFolder ?? '')} and write its id in the same letters.`,
        },
      );
    const known = listProfiles(extraFolder).map((listed) => listed.id);
    const nearest = findNearest(id, known);
    throw new MillwattError(
      'refuse',
      'unknown-profile',
      `There is no device profile ${JSON.stringify(id)}.`,
      {
        cure: `${nearest === undefined ? '' : `Did you mean ${nearest}? `}\`millwatt profiles\` lists the ${known.length} there are; ${
          extraFolder === undefined
            ? 'one of your own is found with -c agent.yaml (profiles/ beside it) or --profiles FOLDER'
            : `or write ${join(extraFolder, 'vendor/model.yaml')}`
        }.`,
      },
    );
  }
  const bytes = at(file, (path) => readFileSync(path));
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

/** The YAML files below an operator's folder that no id finds: `wonder.yml`, `Wonder.yaml`, files beside the vendors' folders. */
export function listStrays(extraFolder: string): string[] {
  if (!isFolder(extraFolder)) return [];
  const isYaml = (name: string) => /\.ya?ml$/i.test(name);
  return namesIn(extraFolder).flatMap((entry) => {
    const path = join(extraFolder, entry);
    if (!isFolder(path)) return isYaml(entry) ? [path] : [];
    return namesIn(path)
      .filter((name) => isYaml(name) && profileIdOf(join(path, name)) === undefined)
      .map((name) => join(path, name));
  });
}

/** The misplaced file that was meant by an id: its name is the model's, but for case, dashes and ending. */
function findStray(id: string, folder: string): string | undefined {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const model = bare(id.split(':')[0]?.split('/').at(-1) ?? '');
  return listStrays(folder).find((path) => bare(basename(path).replace(/\.ya?ml$/i, '')) === model);
}

/** A profile from the text of its file. Throws as `loadProfile`, with every fault of the file, variants included, at once. */
export function parseProfile(id: string, bytes: Uint8Array, file: string, variant?: string): DeviceProfile {
  const { content, findings } = checkProfile(Buffer.from(bytes).toString('utf8'), file);
  if (content === undefined)
    throw badProfile(
      file,
      findings.filter(({ severity }) => severity === 'error'),
    );
  const profile = profileOf(id, content, variant);
  if (profile === undefined) {
    throw new MillwattError('refuse', 'unknown-profile', `${file} has no variant ${variant}.`, {
      cure: `Its variants are: ${Object.keys(content.variants).join(', ') || 'none'}.`,
    });
  }
  return profile;
}

function badProfile(file: string, faults: readonly Finding[]): MillwattError {
  const [first] = faults;
  const told = faults.map(
    ({ line, column, path, message }) =>
      `${file}:${line}:${column}: ${path === '' ? '' : `${path}: `}${message.replace(/\.$/, '')}`,
  );
  return new MillwattError('refuse', 'bad-profile', `The device profile is not usable: ${told.join('; ')}.`, {
    cure:
      first !== undefined && faults.length === 1
        ? first.cure
        : `millwatt check -c ${shellWord(file)} says what to do about each of them.`,
  });
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
  return at(path, () => statSync(path, { throwIfNoEntry: false }));
}

function namesIn(folder: string): string[] {
  return at(folder, (path) => readdirSync(path));
}

function at<T>(path: string, read: (path: string) => T): T {
  return readAt(path, read, READ_CURE);
}

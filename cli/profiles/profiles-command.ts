import { readFileSync } from 'node:fs';
import { profileFolderOf } from '../../config/surroundings.ts';
import {
  listProfiles,
  listStrays,
  loadProfile,
  PROFILE_SCHEMA_FILE,
  type LoadedProfile,
} from '../../config/library/profile-library.ts';
import { MillwattError } from '../../protocols/errors.ts';
import type { DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { explainProfile } from './profile-words.ts';
import { style, widthOf } from '../screen.ts';
import { explainLeftOut, renderTable, type TextColumn } from '../text-table.ts';

/** What `millwatt profiles` was told besides the word. */
export interface ProfilesOptions {
  json?: true;
  yaml?: true;
  /** A configuration file: profiles/ beside it holds the operator's own; without it, profiles/ in the working folder. */
  config?: string;
}

/** Letters of names that a line of the list shows on a terminal. */
const NAMES_WIDTH = 44;

/**
 * `millwatt profiles [WORD]`: the device profiles there are, those whose id, models or aliases have a word in them, or
 * all that the one of that id says.
 */
export async function runProfiles(word: string | undefined, options: ProfilesOptions): Promise<void> {
  if (options.yaml === true && word === undefined)
    throw usageError(
      'Which profile is to be printed as YAML?',
      'Name one: millwatt profiles siemens/pac3200 --yaml',
    );
  // Without a configuration, profiles/ of the folder one stands in is what a configuration there would use.
  const folder = profileFolderOf(options.config ?? 'agent.yaml');
  const listed = listProfiles(folder);
  const isId = word !== undefined && (word.includes('/') || listed.some(({ id }) => id === word));
  if (isId) {
    const loaded = loadProfile(word, folder);
    print(options.yaml === true ? startOfOwn(loaded) : explain(loaded, options.json === true));
    return;
  }
  const { loaded, broken } = loadAll(
    listed.map(({ id }) => id),
    folder,
  );
  const found = loaded.filter(({ profile }) => word === undefined || hasWord(profile, word));
  if (found.length === 0 && word !== undefined && broken.length === 0) throw nothingFound(word);
  if (options.yaml === true) {
    const [only, ...others] = found.filter(({ profile }) => !profile.id.includes(':'));
    if (only === undefined || others.length > 0) throw severalFound(word ?? '', [only, ...others]);
    print(startOfOwn(only));
    return;
  }
  if (options.json === true) print([JSON.stringify(found.map(asJson), null, 2)]);
  else
    print([
      ...renderList(found.map(({ profile }) => profile)),
      '',
      ...hintsFor(found),
      ...wordsOfStrays(folder),
    ]);
  const [first, ...others] = broken;
  for (const error of others) process.stderr.write(`${error.message}\n`);
  if (first !== undefined) throw first;
}

function explain(loaded: LoadedProfile, asText: boolean): string[] {
  return asText
    ? [JSON.stringify(asJson(loaded), null, 2)]
    : explainProfile(loaded, { width: widthOf(), heading: (text) => style(text, 'bold') });
}

/** Profiles, each followed by its variants. One file that cannot be used does not hide the others. */
function loadAll(
  ids: readonly string[],
  folder: string | undefined,
): { loaded: LoadedProfile[]; broken: MillwattError[] } {
  const loaded: LoadedProfile[] = [];
  const broken: MillwattError[] = [];
  for (const id of ids) {
    try {
      const own = loadProfile(id, folder);
      loaded.push(own);
      for (const variant of own.profile.variants) loaded.push(loadProfile(`${id}:${variant}`, folder));
    } catch (error) {
      if (!(error instanceof MillwattError)) throw error;
      broken.push(error);
    }
  }
  return { loaded, broken };
}

/** Whatever stands on a nameplate finds its profile: blanks, dashes and capitals make no difference. */
function hasWord({ id, title, vendor, models, aliases }: DeviceProfile, word: string): boolean {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  const wanted = bare(word);
  return [id, title, vendor, ...models, ...aliases, ...models.map((model) => `${vendor} ${model}`)].some(
    (text) => bare(text).includes(wanted),
  );
}

function renderList(profiles: readonly DeviceProfile[]): string[] {
  const width = widthOf();
  const namesWidth = Number.isFinite(width) ? NAMES_WIDTH : Number.POSITIVE_INFINITY;
  const columns: TextColumn[] = [
    { title: 'profile' },
    { title: 'kind', spare: 4 },
    { title: 'over', spare: 5 },
    { title: 'points', align: 'right', spare: 1 },
    { title: 'class', spare: 3 },
    { title: 'confidence', spare: 2 },
    { title: 'fits', spare: 6 },
  ];
  const rows = profiles.map((profile) => [
    profile.id,
    profile.kind,
    profile.transports.join(', '),
    String(profile.points.length),
    profile.accuracyClass ?? (profile.kind === 'drive' ? '' : 'on the nameplate'),
    profile.confidence,
    cut([...profile.models, ...profile.aliases].join(', '), namesWidth),
  ]);
  return [...renderTable(columns, rows, width), ...explainLeftOut(columns, rows, width)];
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function hintsFor(found: readonly LoadedProfile[]): string[] {
  const [first] = found;
  if (first === undefined) return [];
  return [
    `millwatt profiles ${found.length === 1 ? first.profile.id : 'ID'} explains one; millwatt profiles WORD looks for a name on a nameplate.`,
  ];
}

/** Files that the operator surely means to be there, and that no id finds. */
function wordsOfStrays(folder: string): string[] {
  return listStrays(folder).map(
    (path) => `${path} is passed over: only vendor/model.yaml in small letters, digits and dashes is found.`,
  );
}

function asJson({ profile, sha256 }: LoadedProfile): object {
  return { ...profile, sha256 };
}

/** The file itself, with what an editor and its new owner need to know on top. */
function startOfOwn({ profile, file }: LoadedProfile): string[] {
  const id = profile.id.split(':')[0] ?? profile.id;
  const text = readFileSync(file, 'utf8').trimEnd();
  return [
    `# yaml-language-server: $schema=${PROFILE_SCHEMA_FILE}`,
    `# A copy of ${id} ${profile.version}. As profiles/${id}.yaml beside the configuration it goes before ours; under`,
    '# another name it is a profile of its own. Move the version when a point changes its meaning.',
    ...text.split('\n').filter((line) => !line.startsWith('# yaml-language-server:')),
  ];
}

function severalFound(word: string, found: readonly (LoadedProfile | undefined)[]): MillwattError {
  const ids = found.flatMap((one) => (one === undefined ? [] : [one.profile.id]));
  return usageError(
    `${JSON.stringify(word)} is in the names of ${ids.length} profiles, and one can be printed.`,
    `Name one of: ${ids.join(', ')}.`,
  );
}

function nothingFound(word: string): MillwattError {
  return new MillwattError(
    'refuse',
    'unknown-profile',
    `No device profile has ${JSON.stringify(word)} in its names.`,
    {
      cure: 'Try a shorter part of the name on the nameplate, or `millwatt profiles` for all; a device that is not there needs a profile of its own, and `millwatt profiles ID --yaml` prints one to start from.',
    },
  );
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

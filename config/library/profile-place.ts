import { basename, dirname, join, resolve } from 'node:path';
import type { Finding } from '../finding.ts';
import { checkProfile } from './profile-check.ts';

/** `vendor/model`: small letters, digits and single dashes. */
export const PROFILE_ID = /^[a-z0-9]+(-[a-z0-9]+)*\/[a-z0-9]+(-[a-z0-9]+)*$/;

/** The id that a profile has by where its file lies, `acme/wonder` for acme/wonder.yaml; undefined where it has none. */
export function profileIdOf(file: string): string | undefined {
  const path = resolve(file);
  const [, name] = /^(.+)\.yaml$/.exec(basename(path)) ?? [];
  const vendor = basename(dirname(path));
  const id = `${vendor}/${name ?? ''}`;
  // The folder of all vendors is none of them.
  return name !== undefined && vendor !== 'profiles' && PROFILE_ID.test(id) ? id : undefined;
}

/** Where a misplaced file below a folder of profiles should lie to be found: `profiles/acme/wonder.yaml`. */
export function rightPlaceOf(file: string, folder: string): string {
  const [model, vendor] = [basename(file).replace(/\.ya?ml$/i, ''), basename(dirname(resolve(file)))];
  const isBare = resolve(dirname(file)) === resolve(folder);
  return join(folder, isBare ? 'vendor' : plainName(vendor), `${plainName(model)}.yaml`);
}

/** Checks a profile where it lies: its text, and whether it can be found by an id. */
export function checkProfileFile(text: string, file: string): Finding[] {
  const { findings } = checkProfile(text, file);
  if (profileIdOf(file) !== undefined) return findings;
  const folder = basename(dirname(resolve(file))) === 'profiles' ? dirname(file) : dirname(dirname(file));
  const misplaced: Finding = {
    severity: 'warning',
    file,
    line: 1,
    column: 1,
    path: '',
    message: 'No configuration finds this profile under its name.',
    cure: `Move it to ${rightPlaceOf(file, folder)}: a folder with the name of the vendor, both in small letters, digits and dashes, ending in .yaml.`,
  };
  return [misplaced, ...findings];
}

function plainName(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return plain === '' ? 'name' : plain;
}

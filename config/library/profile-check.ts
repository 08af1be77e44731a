import type { DeviceProfile } from '../../protocols/modbus/profile/profile.ts';
import type { Finding, Remark } from '../finding.ts';
import { remarkOnIssues } from '../issue-remarks.ts';
import { placeRemarks, toFindings } from '../placed-findings.ts';
import { parseYamlText, type PlacedRemark } from '../yaml-text.ts';
import { profileFile } from './profile-file.ts';
import { findUnreadable } from './profile-plan-faults.ts';
import { profileKeys, type ProfileFile } from './profile-schema.ts';
import { profileOf } from './profile-variant.ts';
import { findProfileDoubts } from './profile-doubts.ts';

/** What a check of a profile's text found; `content` is there only where no finding is an error. */
export interface CheckedProfile {
  content?: ProfileFile;
  /** Everything at once, variants included, in the order of the file. */
  findings: Finding[];
}

const FILE_BYTES_MAX = 256 * 1024;

/** Checks the text of a device profile as a configuration is checked. Never throws. `file` is its name in findings. */
export function checkProfile(text: string, file: string): CheckedProfile {
  if (Buffer.byteLength(text) > FILE_BYTES_MAX) return { findings: toFindings([TOO_LARGE], file) };
  // Aliases are refused: they unfold to more than anyone reads.
  const yaml = parseYamlText(text, 0);
  const placed: PlacedRemark[] = [...yaml.remarks];
  if (typeof yaml.value !== 'object' || yaml.value === null || Array.isArray(yaml.value)) {
    if (placed.length === 0) placed.push(NO_KEYS);
    return { findings: toFindings(placed, file) };
  }
  const parsed = profileFile.safeParse(yaml.value, { reportInput: true });
  const remarks: Remark[] = parsed.success
    ? findUnreadableAnywhere(parsed.data)
    : remarkOnIssues(parsed.error.issues, profileKeys, yaml.value);
  remarks.push(...findProfileDoubts(yaml.value));
  placed.push(...placeRemarks(remarks, yaml));
  const findings = toFindings(placed, file);
  const isSound = parsed.success && findings.every(({ severity }) => severity === 'warning');
  return { ...(isSound ? { content: parsed.data } : {}), findings };
}

/** True for plain data that is a device profile, though perhaps with mistakes, and no configuration. */
export function looksLikeProfile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const has = (key: string) => Object.hasOwn(value, key);
  if (has('site') || has('broker')) return false;
  return ['points', 'models', 'vendor', 'functionCode'].filter(has).length >= 2;
}

/** A fault of the profile is one of its variants as well: it is said once. */
function findUnreadableAnywhere(content: ProfileFile): Remark[] {
  const whole = (variant?: string): DeviceProfile[] => {
    const profile = profileOf('vendor/model', content, variant);
    return profile === undefined ? [] : [profile];
  };
  const own = whole().flatMap(findUnreadable);
  const faults =
    own.length > 0
      ? own
      : Object.keys(content.variants).flatMap((name) => whole(name).flatMap(findUnreadable));
  return faults.map((message) => ({
    severity: 'error',
    path: ['limits'],
    message: `${message}.`,
    cure: 'Correct the limits, or the address or length of what cannot be read.',
  }));
}

const TOP = { severity: 'error', path: [], place: { line: 1, column: 1 } } as const;
const TOO_LARGE: PlacedRemark = {
  ...TOP,
  message: `The file is larger than ${FILE_BYTES_MAX} bytes.`,
  cure: 'Give the right file; a profile has some 30 to 200 lines.',
};
const NO_KEYS: PlacedRemark = {
  ...TOP,
  message: 'The file does not begin with the keys of a profile.',
  cure: 'Begin with a copy: millwatt profiles siemens/pac3200 --yaml',
};

import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { MillwattError } from '../protocols/errors.ts';
import { checkAgent } from './agent-checks.ts';
import { checkCollector } from './collector-checks.ts';
import type { Finding } from './finding.ts';
import { remarkOnIssues } from './issue-remarks.ts';
import {
  CONFIG_KINDS,
  CONFIG_SCHEMAS,
  detectKind,
  ownKeysOf,
  type ConfigKind,
  type ConfigOf,
} from './kinds.ts';
import { looksLikeProfile } from './library/profile-check.ts';
import { lineLoadsOf, type LineLoad, type LineUser } from './modbus/line-load.ts';
import { checkMeterClasses } from './modbus/meter-classes.ts';
import { isModbus } from './modbus/modbus-config.ts';
import { isGroupOfDefaults, unwrap } from './schema-walk.ts';
import { placeRemarks, toFindings } from './placed-findings.ts';
import { profileFolderOf, readSurroundings, type Surroundings } from './surroundings.ts';
import { checkSimulation } from './simulation-checks.ts';
import { parseYamlText, type PlacedRemark } from './yaml-text.ts';
import { shellWord } from '../protocols/shell-word.ts';

/** What a check of a text found; `config` is there only where no finding is an error. */
export interface Checked<K extends ConfigKind = ConfigKind> {
  /** Undefined where the file does not tell and nobody said. */
  kind: K | undefined;
  config?: ConfigOf<K>;
  /** How busy the serial lines of an agent are; only with `config`. */
  lines?: LineLoad[];
  /** Everything at once, in the order of the file. */
  findings: Finding[];
}

/**
 * Checks a configuration text: YAML, declaration, and what goes beyond a single value.
 * Never throws; opens no file but those that the text names.
 *
 * @param file its name in findings; relative paths in it start at this file's folder
 * @param kind what it must be; found out by its keys when not given
 */
export function checkConfig<K extends ConfigKind = ConfigKind>(
  text: string,
  file: string,
  kind?: K,
  world: Surroundings = readSurroundings({ profileFolder: profileFolderOf(file) }),
): Checked<K> {
  const yaml = parseYamlText(text);
  // Found out by its keys, it is whatever the caller then looks at.
  const found = kind ?? (detectKind(yaml.value) as K | undefined);
  const placed: PlacedRemark[] = [...yaml.remarks];
  if (looksLikeProfile(yaml.value))
    return { kind: undefined, findings: toFindings([remarkOnProfile(file)], file) };
  if (found === undefined || typeof yaml.value !== 'object' || yaml.value === null) {
    if (placed.length === 0) placed.push(remarkOnNoKind(yaml.value));
    return { kind: found, findings: toFindings(placed, file) };
  }
  const schema = CONFIG_SCHEMAS[found];
  dropEmptyGroups(schema, yaml.value);
  const parsed = schema.safeParse(yaml.value, { reportInput: true });
  const remarks = parsed.success ? [] : remarkOnIssues(parsed.error.issues, schema, yaml.value);
  const folder = dirname(resolve(file));
  if (found === 'agent') remarks.push(...checkAgent(yaml.value, folder, world));
  if (found === 'collector') remarks.push(...checkCollector(yaml.value, folder, world));
  if (found === 'simulation') remarks.push(...checkSimulation(yaml.value, folder, world));
  // Worth reading only once nothing is wrong any more.
  const isSound = placed.length === 0 && !remarks.some(({ severity }) => severity === 'error');
  if (found === 'agent' && parsed.success && isSound)
    remarks.push(...checkMeterClasses(parsed.data as ConfigOf<'agent'>, world));
  placed.push(...placeRemarks(remarks, yaml));
  const findings = toFindings(placed, file);
  if (!parsed.success || findings.some((finding) => finding.severity === 'error'))
    return { kind: found, findings };
  const lines = found === 'agent' ? loadsOf(parsed.data as ConfigOf<'agent'>, world) : [];
  return { kind: found, config: parsed.data as ConfigOf<K>, lines, findings };
}

function loadsOf({ sources }: ConfigOf<'agent'>, world: Surroundings): LineLoad[] {
  return lineLoadsOf(
    sources.flatMap((source): LineUser[] => {
      const profile = isModbus(source) ? world.profileOf(source.profile) : undefined;
      return !isModbus(source) || profile === undefined || profile instanceof MillwattError
        ? []
        : [{ source, profile }];
    }),
  );
}

/** `spool:` with all its keys behind a # has no value, and means the defaults. */
function dropEmptyGroups(schema: z.ZodObject, value: object): void {
  const shape: Readonly<Record<string, z.core.$ZodType>> = schema.def.shape;
  for (const [key, given] of Object.entries(value)) {
    const declared = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (given === null && declared !== undefined && isGroupOfDefaults(unwrap(declared)))
      Reflect.deleteProperty(value, key);
  }
}

function remarkOnProfile(file: string): PlacedRemark {
  return {
    severity: 'error',
    path: [],
    place: { line: 1, column: 1 },
    message: 'This is a device profile, and no configuration.',
    cure: `Check it with: millwatt check -c ${shellWord(file)}. A configuration names it, such as profile: vendor/model, and has it in profiles/ beside itself.`,
  };
}

function remarkOnNoKind(value: unknown): PlacedRemark {
  const keys = CONFIG_KINDS.map((kind) => `${kind} (${ownKeysOf(kind).join(', ')})`).join(', ');
  const empty = value === undefined || value === null;
  return {
    severity: 'error',
    path: [],
    place: { line: 1, column: 1 },
    message: empty
      ? 'The file is empty.'
      : typeof value !== 'object' || Array.isArray(value)
        ? 'The file does not begin with keys.'
        : 'The file fits no kind of configuration.',
    cure: `Use the keys of one of: ${keys}; config/samples has samples to begin with.`,
  };
}

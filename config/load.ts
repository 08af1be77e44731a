import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { MillwattError } from '../protocols/errors.ts';
import type { AgentConfig } from './agent-config.ts';
import { checkConfig } from './check.ts';
import type { CollectorConfig } from './collector-config.ts';
import { formatFinding, type Finding } from './finding.ts';
import type { ConfigKind, ConfigOf } from './kinds.ts';
import type { SimulationConfig } from './simulation-config.ts';
import { shellWord } from '../protocols/shell-word.ts';
import type { Surroundings } from './surroundings.ts';

/** A configuration that may be used. */
export interface Loaded<T> {
  config: T;
  /** Absolute. */
  file: string;
  /** Absolute; relative paths of the configuration start here. */
  folder: string;
  /** What is unwise in it but does not keep us from starting; to be logged. */
  warnings: Finding[];
}

/** Loads an agent's file; throws an error of class `refuse` (code `bad-config`) that lists every finding. */
export function loadAgentConfig(file: string, world?: Surroundings): Loaded<AgentConfig> {
  return load(file, 'agent', world);
}

/** Loads a collector's file; throws as `loadAgentConfig`. */
export function loadCollectorConfig(file: string, world?: Surroundings): Loaded<CollectorConfig> {
  return load(file, 'collector', world);
}

/** Loads a simulation's file; throws as `loadAgentConfig`. */
export function loadSimulationConfig(file: string, world?: Surroundings): Loaded<SimulationConfig> {
  return load(file, 'simulation', world);
}

function load<K extends ConfigKind>(file: string, kind: K, world?: Surroundings): Loaded<ConfigOf<K>> {
  const checked = checkConfig(readConfigText(file), file, kind, world);
  if (checked.config === undefined) {
    const errors = checked.findings.filter((finding) => finding.severity === 'error');
    throw new MillwattError(
      'refuse',
      'bad-config',
      [
        `${file} cannot be used as the configuration of ${kind === 'agent' ? 'an' : 'a'} ${kind}:`,
        ...checked.findings.map(formatFinding),
      ].join('\n'),
      {
        cure: `Correct the ${errors.length === 1 ? 'line' : `${errors.length} places`} above, then run: millwatt check -c ${shellWord(file)}`,
      },
    );
  }
  const path = resolve(file);
  return { config: checked.config, file: path, folder: dirname(path), warnings: checked.findings };
}

/** The text of a configuration file; throws an error of class `refuse` (code `no-config`) where it cannot be read. */
export function readConfigText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? '';
    const message = READ_FAILURES[code] ?? 'cannot be read';
    throw new MillwattError('refuse', 'no-config', `The configuration file ${file} ${message}.`, {
      cure:
        code === 'EACCES'
          ? `Let the user of the service read it: chmod o+r ${shellWord(file)} (it holds no secrets).`
          : 'Give its path with -c, or begin with a sample of config/samples.',
      cause,
    });
  }
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  EACCES: 'may not be read by this user',
  EISDIR: 'is a folder',
};

import type { z } from 'zod';
import { agentConfig } from './agent-config.ts';
import { collectorConfig } from './collector-config.ts';
import { findNearest } from './nearest.ts';
import { simulationConfig } from './simulation-config.ts';

/** The three files there are, each with its declaration. */
export const CONFIG_SCHEMAS = {
  agent: agentConfig,
  collector: collectorConfig,
  simulation: simulationConfig,
} as const;

export type ConfigKind = keyof typeof CONFIG_SCHEMAS;
/** The names of the kinds. */
export const CONFIG_KINDS = Object.keys(CONFIG_SCHEMAS) as [ConfigKind, ...ConfigKind[]];

/** What a file of each kind becomes. */
export type ConfigOf<K extends ConfigKind> = z.output<(typeof CONFIG_SCHEMAS)[K]>;

/**
 * Which kind of file this is, by its top-level keys: a key that only one kind has counts most, one that several share
 * least, and a mistyped one half. Of two that fit equally well, the one that has all it needs: a collector needs no more
 * than site and broker, which an agent has too. Undefined where none fits.
 */
export function detectKind(value: unknown): ConfigKind | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const scores = CONFIG_KINDS.map((kind) => ({ kind, score: 0 }));
  for (const key of Object.keys(value)) {
    const exact = CONFIG_KINDS.filter((kind) => topLevelKeys(kind).includes(key));
    const fits =
      exact.length > 0
        ? exact
        : CONFIG_KINDS.filter((kind) => findNearest(key, topLevelKeys(kind)) !== undefined);
    for (const one of scores)
      if (fits.includes(one.kind)) one.score += (exact.length > 0 ? 1 : 0.5) / fits.length ** 2;
  }
  const most = Math.max(...scores.map(({ score }) => score));
  const fitting = most === 0 ? [] : scores.filter(({ score }) => score === most);
  const whole = fitting.filter(({ kind }) => requiredKeysOf(kind).every((key) => Object.hasOwn(value, key)));
  const [only, another] = fitting.length > 1 ? whole : fitting;
  return another === undefined ? only?.kind : undefined;
}

function requiredKeysOf(kind: ConfigKind): string[] {
  return Object.entries(CONFIG_SCHEMAS[kind].shape).flatMap(([key, schema]) =>
    schema.safeParse(undefined).success ? [] : [key],
  );
}

function topLevelKeys(kind: ConfigKind): string[] {
  return Object.keys(CONFIG_SCHEMAS[kind].shape);
}

/** The top-level keys that only this kind of file has. */
export function ownKeysOf(kind: ConfigKind): string[] {
  const others = CONFIG_KINDS.filter((one) => one !== kind).flatMap(topLevelKeys);
  return topLevelKeys(kind).filter((key) => !others.includes(key));
}

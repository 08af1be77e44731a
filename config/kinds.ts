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
 * least, and a mistyped one half. Undefined where none fits, or two fit equally well.
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
  const [best, second] = scores.toSorted((a, b) => b.score - a.score);
  return best === undefined || best.score === 0 || best.score === second?.score ? undefined : best.kind;
}

function topLevelKeys(kind: ConfigKind): string[] {
  return Object.keys(CONFIG_SCHEMAS[kind].shape);
}

/** The top-level keys that only this kind of file has. */
export function ownKeysOf(kind: ConfigKind): string[] {
  const others = CONFIG_KINDS.filter((one) => one !== kind).flatMap(topLevelKeys);
  return topLevelKeys(kind).filter((key) => !others.includes(key));
}

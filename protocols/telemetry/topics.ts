import { isId, isLevelId } from './ids.ts';

/** The leaves below millwatt/1/{site}/{agent}/; `live` has one more level, the machine. */
export const LEAVES = ['batch', 'receipt', 'config', 'status', 'health', 'live'] as const;
export type Leaf = (typeof LEAVES)[number];

const ROOT = 'millwatt/1';

/** The topic of a leaf; ids must have been validated. */
export function topicOf(site: string, agent: string, leaf: Exclude<Leaf, 'live'>): string {
  return `${ROOT}/${site}/${agent}/${leaf}`;
}

/** The topic of a machine's latest values. */
export function liveTopicOf(site: string, agent: string, machine: string): string {
  return `${ROOT}/${site}/${agent}/live/${machine}`;
}

/** The filter for one leaf of every agent of a site. */
export function filterOf(site: string, leaf: Leaf): string {
  return leaf === 'live' ? `${ROOT}/${site}/+/live/+` : `${ROOT}/${site}/+/${leaf}`;
}

/** What a topic says: whose message it is, and which. */
export interface ParsedTopic {
  site: string;
  agent: string;
  leaf: Leaf;
  /** The machine of a `live` topic. */
  machine?: string;
}

/** The parts of one of our topics, or undefined when it is not ours or carries an id that could not be one. */
export function parseTopic(topic: string): ParsedTopic | undefined {
  const [root, version, site, agent, leafName, machine, ...rest] = topic.split('/');
  if (`${root}/${version}` !== ROOT || rest.length > 0 || !isId(site) || !isId(agent)) return undefined;
  const leaf = LEAVES.find((name) => name === leafName);
  if (leaf === undefined) return undefined;
  if (leaf === 'live') return isLevelId(machine) ? { site, agent, leaf, machine } : undefined;
  return machine === undefined ? { site, agent, leaf } : undefined;
}

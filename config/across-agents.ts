import { claimsOfSources, listSome, type Claim } from './channel-checks.ts';
import { formatPath, type ConfigPath, type Finding } from './finding.ts';
import { ownValue } from './salvage.ts';
import { draftSources } from './source-draft.ts';
import type { Surroundings } from './surroundings.ts';
import { parseYamlText } from './yaml-text.ts';

/** An agent's file among others. */
export interface AgentText {
  file: string;
  text: string;
  world?: Surroundings;
}

interface Owner extends Claim {
  file: string;
  agent: string;
}

/** What agents of one site have against each other: one name for two, and points that both would count. Errors on the later file. */
export function checkAgentsOfSites(agents: readonly AgentText[]): Finding[] {
  const files = agents.filter(({ file }, i) => agents.findIndex((other) => other.file === file) === i);
  const owners = new Map<string, Owner>();
  const names = new Map<string, string>();
  return files.flatMap(({ file, text, world }) => {
    const yaml = parseYamlText(text);
    const { value } = yaml;
    const [site, agent] = [ownValue(value, 'site'), ownValue(value, 'agent')];
    if (typeof site !== 'string' || typeof agent !== 'string') return [];
    const refuse = (path: ConfigPath, message: string, cure: string): Finding => {
      const { line, column } = yaml.locate(path);
      return { severity: 'error', file, line, column, path: formatPath(path), message, cure };
    };
    const namesake = names.get(`${site}/${agent}`);
    names.set(`${site}/${agent}`, namesake ?? file);
    const findings = namesake === undefined ? [] : [refuse(['agent'], ...wordsOfNamesake(agent, namesake))];
    const clashes = new Map<string, { first: Owner; path: ConfigPath; channels: string[] }>();
    for (const claim of world === undefined ? [] : claimsOfSources(draftSources(value), world)) {
      const key = `${site}/${claim.channel}`;
      const first = owners.get(key) ?? { ...claim, file, agent };
      owners.set(key, first);
      if (first.file === file) continue;
      const place = `${JSON.stringify(claim.path)} ${first.file} ${first.index}`;
      const clash = clashes.get(place) ?? { first, path: claim.path, channels: [] };
      clash.channels.push(claim.channel);
      clashes.set(place, clash);
    }
    for (const { first, path, channels } of clashes.values())
      findings.push(
        refuse(
          path,
          `${listSome(channels)} ${channels.length === 1 ? 'is' : 'are'} already read by source "${first.source}" of agent ${first.agent} (${first.file}).`,
          'A point has one agent: remove the source from one of the files, or give one of the two another machine or component.',
        ),
      );
    return findings;
  });
}

function wordsOfNamesake(agent: string, file: string): [message: string, cure: string] {
  return [
    `${agent} is the name of the agent of ${file} as well; at the broker one would push the other out.`,
    'Give each agent of a site a name of its own.',
  ];
}

import { formatPath, type Finding } from './finding.ts';
import { checkRatiosAcross } from './metering-across.ts';
import { findNearest } from './nearest.ts';
import { parseYamlText } from './yaml-text.ts';
import { ownList, ownValue } from './salvage.ts';
import { checkAgentsOfSites } from './across-agents.ts';
import type { ConfigKind } from './kinds.ts';
import type { Surroundings } from './surroundings.ts';

/** A file among others that are checked together. */
export interface NamedText {
  file: string;
  kind: ConfigKind | 'profile' | undefined;
  text: string;
  /** The profiles and files beside it; without it, what its sources read is not compared. */
  world?: Surroundings;
}

/**
 * What files have against each other: sites that never meet, machines that no collector describes (warnings on agents'
 * files), agents of one name and points that two agents read (errors on the later one).
 */
export function checkAcrossFiles(files: readonly NamedText[]): Finding[] {
  const collectors = files.filter(({ kind }) => kind === 'collector');
  const agents = files.filter(({ kind }) => kind === 'agent');
  return [
    ...agents.flatMap((agent) =>
      collectors.flatMap((collector) => compare(agent, collector, collectors.length)),
    ),
    ...checkAgentsOfSites(agents),
  ];
}

function compare(agent: NamedText, collector: NamedText, collectors: number): Finding[] {
  const own = parseYamlText(agent.text);
  const { value: theirs } = parseYamlText(collector.text);
  const warn = (path: (string | number)[], name: string, message: string, cure: string): Finding => {
    const { line, column } = own.locate(path);
    return { severity: 'warning', file: agent.file, line, column, path: name, message, cure };
  };
  const [site, theirSite] = [ownValue(own.value, 'site'), ownValue(theirs, 'site')];
  if (typeof site !== 'string' || typeof theirSite !== 'string') return [];
  if (site !== theirSite) {
    // Files of several plants may be checked together: then a pair that differs is no surprise.
    if (collectors > 1) return [];
    return [
      warn(
        ['site'],
        'site',
        `${agent.file} says site ${site}, ${collector.file} says ${theirSite}; they will never meet.`,
        'Write the same site in both.',
      ),
    ];
  }
  const version = refuseVersion(agent, collector);
  const machines = ownList(theirs, 'machines').flatMap((machine): string[] => {
    const id = ownValue(machine, 'id');
    return typeof id === 'string' ? [id] : [];
  });
  const told = new Set<string>();
  const ratios = checkRatiosAcross(own.value, theirs).map((remark): Finding => {
    const { line, column } = parseYamlText(collector.text).locate(remark.path);
    const { severity, message, cure } = remark;
    return { severity, file: collector.file, line, column, path: formatPath(remark.path), message, cure };
  });
  const unknown = ownList(own.value, 'sources').flatMap((source, index): Finding[] => {
    const machine = ownValue(source, 'machine');
    if (typeof machine !== 'string' || machines.includes(machine) || told.has(machine)) return [];
    told.add(machine);
    const nearest = findNearest(machine, machines);
    // Who has mill-1 may well have mill-2.
    const near = nearest !== undefined && wordOf(nearest) === wordOf(machine) ? undefined : nearest;
    return [
      warn(
        ['sources', index, 'machine'],
        `sources[${index}].machine`,
        `${collector.file} lists no machine ${machine}: nothing is known of its rated power and of what its power says about its state.`,
        `${near === undefined ? '' : `Did you mean ${near}? Otherwise `}${near === undefined ? 'Describe' : 'describe'} ${machine} under machines in ${collector.file}.`,
      ),
    ];
  });
  return [...version, ...unknown, ...ratios];
}

/** The embedded broker speaks MQTT 3.1.1 only: an agent that speaks 5 would never be let in. */
function refuseVersion(agent: NamedText, collector: NamedText): Finding[] {
  const own = parseYamlText(agent.text);
  const embedded = ownValue(ownValue(parseYamlText(collector.text).value, 'broker'), 'embedded');
  if (typeof embedded !== 'object' || ownValue(ownValue(own.value, 'broker'), 'mqtt') !== 5) return [];
  const { line, column } = own.locate(['broker', 'mqtt']);
  return [
    {
      severity: 'error',
      file: agent.file,
      line,
      column,
      path: 'broker.mqtt',
      message: `is 5, and the embedded broker of ${collector.file} speaks 3.1.1 only: this agent would never be let in.`,
      cure: "Remove the line, or write mqtt: '3.1.1'; MQTT 5 needs a broker of its own, such as mosquitto.",
    },
  ];
}

function wordOf(id: string): string {
  return id.replaceAll(/\d/g, '');
}

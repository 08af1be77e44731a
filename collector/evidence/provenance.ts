import { fingerprint } from '../../protocols/evidence/keys.ts';
import type { Manifest, PackedChain } from './manifest.ts';

/**
 * What was made of what by whom, in PROV-O (JSON-LD): it follows from the manifest and the chains, and says nothing of its
 * own. Plain data.
 */
export function provenanceOf(
  manifest: Pick<
    Manifest,
    'site' | 'machine' | 'fromMs' | 'toMs' | 'madeMs' | 'software' | 'algorithm' | 'collector'
  >,
  chains: readonly PackedChain[],
): unknown {
  const { site, machine, fromMs, toMs, madeMs, software, algorithm, collector } = manifest;
  const instant = (ms: number) => ({ '@type': 'xsd:dateTime', '@value': new Date(ms).toISOString() });
  const agents = [...new Map(chains.map(({ agent, key }) => [`${agent} ${key}`, { agent, key }])).values()];
  const agentId = (key: string) => `urn:millwatt:key:${fingerprint(key)}`;
  return {
    '@context': { prov: 'http://www.w3.org/ns/prov#', xsd: 'http://www.w3.org/2001/XMLSchema#' },
    '@graph': [
      { '@id': agentId(collector), '@type': 'prov:SoftwareAgent', 'prov:label': `collector of ${site}` },
      ...agents.map(({ agent, key }) => ({
        '@id': agentId(key),
        '@type': 'prov:SoftwareAgent',
        'prov:label': agent,
      })),
      ...chains.map(({ agent, epoch, key, lastHash }) => ({
        '@id': `urn:millwatt:chain:${agent}:${epoch}:${lastHash}`,
        '@type': 'prov:Entity',
        'prov:wasAttributedTo': { '@id': agentId(key) },
      })),
      {
        '@id': 'urn:millwatt:activity:derivation',
        '@type': 'prov:Activity',
        'prov:label': `${algorithm} of ${software.name} ${software.version}`,
        'prov:used': [
          ...chains.map(({ agent, epoch, lastHash }) => ({
            '@id': `urn:millwatt:chain:${agent}:${epoch}:${lastHash}`,
          })),
          { '@id': 'model.json' },
          { '@id': 'amendments.jsonl' },
        ],
        'prov:wasAssociatedWith': { '@id': agentId(collector) },
        'prov:endedAtTime': instant(madeMs),
      },
      {
        '@id': 'hours.jsonl',
        '@type': 'prov:Entity',
        'prov:label': `hours of ${machine}, ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`,
        'prov:wasGeneratedBy': { '@id': 'urn:millwatt:activity:derivation' },
      },
    ],
  };
}

import { fingerprint } from '../../protocols/evidence/keys.ts';
import type { CheckLines } from './check-line.ts';
import type { CheckedRecords } from './check-records.ts';
import type { PackedChain } from './manifest.ts';

type Judged = { result: 'pass' | 'unproven' | 'fail'; saying: string };

/** Asks of every agent's key how far it is known whose it is. */
export function checkAgentKeys(
  { chains, handovers }: Pick<CheckedRecords, 'chains' | 'handovers'>,
  isTrusted: (key: string) => boolean,
  lines: CheckLines,
): void {
  const keys = new Map(chains.map((chain) => [`${chain.agent} ${chain.key}`, chain]));
  const judge = (chain: PackedChain, above: readonly string[]): Judged => {
    if (isTrusted(chain.key)) return { result: 'pass', saying: 'The key is trusted.' };
    if (chain.standing === 'confirmed')
      return { result: 'pass', saying: 'A person confirmed the key to the collector, which signed that.' };
    if (chain.standing === 'seen')
      return {
        result: 'unproven',
        saying: 'The key is the first that the agent used; nobody compared its fingerprint.',
      };
    if (chain.standing === 'other')
      return {
        result: 'fail',
        saying: 'The collector knew another key for this agent, and nobody confirmed this one.',
      };
    return judgeRotated(chain, above);
  };
  /** As far as the key before it: its signature is in the chain, and was checked. */
  const judgeRotated = ({ agent, key }: PackedChain, above: readonly string[]): Judged => {
    for (const { from, receivedMs } of handovers.filter((one) => one.agent === agent && one.to === key)) {
      const before = keys.get(`${agent} ${from}`);
      if (before === undefined || above.includes(from) || receivedMs >= (before.revokedMs ?? Infinity))
        continue;
      const judged = judge(before, [...above, key]);
      if (judged.result === 'fail') continue;
      return {
        result: judged.result,
        saying: `Key ${fingerprint(from)} signed that this one takes its place. Of that one: ${judged.saying}`,
      };
    }
    return {
      result: 'fail',
      saying:
        'The collector says that an earlier key handed over to this one, and no such statement holds here.',
    };
  };
  for (const chain of keys.values()) {
    const name = `agent ${chain.agent}, key ${fingerprint(chain.key)}`;
    if (chain.revokedMs !== undefined)
      lines.unproven(
        'trust',
        name,
        `A person revoked the key since ${new Date(chain.revokedMs).toISOString()}; what was taken in before counts as before.`,
      );
    const { result, saying } = judge(chain, []);
    lines[result]('trust', name, saying);
  }
}

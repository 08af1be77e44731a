import { MillwattError } from '../../protocols/errors.ts';
import type { KeyReport } from './read-keys.ts';

/** Fewer digits are no comparison. */
const DIGITS_MIN = 8;

/**
 * The key of an agent by its fingerprint, or the first eight digits of it or more; dashes and capitals do not matter. Throws an error
 * of class `refuse`: `no-agent`, `short-fingerprint`, `no-key`, `ambiguous-key`.
 */
export function findKey(agent: string, typed: string, keys: readonly KeyReport[]): KeyReport {
  const own = keys.filter((one) => one.agent === agent);
  if (own.length === 0) {
    const agents = [...new Set(keys.map((one) => one.agent))];
    throw new MillwattError('refuse', 'no-agent', `No record of an agent ${agent} has come here.`, {
      cure:
        agents.length === 0
          ? 'Start the agent, and try again when it has delivered its first record.'
          : `Choose one of: ${agents.join(', ')}.`,
    });
  }
  const digits = typed.toLowerCase().replaceAll(/[-\s:]/g, '');
  if (!/^[0-9a-f]*$/.test(digits) || digits.length < DIGITS_MIN)
    throw new MillwattError(
      'refuse',
      'short-fingerprint',
      `${JSON.stringify(typed)} is no fingerprint: it has 32 digits (0-9, a-f) in groups of four, and at least the first ${DIGITS_MIN} are needed.`,
      { cure: 'Take it from `millwatt keys show` on the gateway.' },
    );
  const found = own.filter((one) => one.fingerprint.replaceAll('-', '').startsWith(digits));
  const [first, ...others] = found;
  const list = (found.length > 1 ? found : own).map((one) => one.fingerprint).join(', ');
  if (first === undefined)
    throw new MillwattError('refuse', 'no-key', `Agent ${agent} has not used a key ${typed} here.`, {
      cure: `It used ${list}. Where the gateway shows another one, its records come from somewhere else, or have not come yet.`,
    });
  if (others.length === 0) return first;
  throw new MillwattError('refuse', 'ambiguous-key', `${typed} is the begin of several keys of ${agent}.`, {
    cure: `Give the whole of one: ${list}.`,
  });
}

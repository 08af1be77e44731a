import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { Saying } from './control-state.ts';
import type { Said } from './judge-words.ts';
import type { Rung } from './power-ladder.ts';
import type { Decider } from './state-span.ts';

/** A state, what decided it and in which words. */
export interface Decision {
  state: OperatingState;
  decider: Decider;
  basis: string;
}

/**
 * The state of a machine at a time, from the rung that its supply power is on (null where power is not known) and what its
 * control says. Strongest first: off by measured power; the warm-up flag; the control's words, or those before where a
 * short silence is bridged; power bands. An unmapped word makes the state unknown; never off because a link is down.
 *
 * @param offIsMeasured whether measured power can tell that the machine is off
 */
export function decideState(rung: Rung | null, says: Saying['says'], offIsMeasured: boolean): Decision {
  if (rung?.decider === 'power') return { state: 'off', decider: 'power', basis: rung.basis };
  if (says.kind === 'unmapped') return { state: 'unknown', decider: 'none', basis: says.basis };
  const said = says.kind === 'state' ? says : says.kind === 'bridged' ? says.before : null;
  if (said !== null && holds(said, rung !== null && offIsMeasured)) {
    const decider = says.kind === 'bridged' ? 'bridged' : said.decider;
    // A stop alone is no proof that the drives are on: power below the band of `ready` tells that they are off.
    if (said.refinable && rung?.belowReady === true)
      return { state: rung.state, decider: 'bands', basis: `${said.basis}, ${rung.basis}` };
    return { state: said.state, decider, basis: said.basis };
  }
  if (rung?.decider === 'bands') return { state: rung.state, decider: 'bands', basis: rung.basis };
  return { state: 'unknown', decider: 'none', basis: 'basis' in says ? says.basis : '' };
}

function holds({ power }: Said, isAboveOff: boolean): boolean {
  if (power === 'any') return true;
  return power === 'above-off' ? isAboveOff : !isAboveOff;
}

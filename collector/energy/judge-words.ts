import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';
import type { Status } from '../../protocols/telemetry/quantity.ts';
import { nameOfWord, stateOfWord } from './state-words.ts';
import type { StatusWord } from './status-word.ts';
import { findPair } from './word-pairs.ts';

/** A state that words say. */
export interface Said {
  kind: 'state';
  state: OperatingState;
  decider: 'warmUp' | 'control';
  /** The words that decided, `channel=word`, numbers with their names. */
  basis: string;
  /** Their channels. */
  channels: string[];
  /**
   * What measured power has to do with it: nothing (`any`); it holds only where power is measured above what the machine
   * draws when it is off (`above-off`); or unless it is measured above that (`not-above-off`).
   */
  power: 'any' | 'above-off' | 'not-above-off';
  /** True where power in a band below `ready` tells that the drives are off. */
  refinable: boolean;
}

/**
 * What words say: a state; `unmapped`, a word that decides and that nobody knows; `silent`, nothing. `basis` is the word of
 * what is executed that told no state, or empty.
 */
export type Verdict = Said | { kind: 'unmapped' | 'silent'; basis: string };

/** Words that say what is executed. Of several channels or paths, one that processes wins. */
const EXECUTION: readonly Status[] = ['execution', 'channelState', 'itemState'];
/** Of words that do not process, the one nearest to it. */
const BY_ACTIVITY: readonly OperatingState[] = [
  'warmUp',
  'ready',
  'standby',
  'extendedStandby',
  'off',
  'unknown',
];

interface Told {
  word: StatusWord;
  state: OperatingState;
  own: boolean;
}

/** True for a word that is missing: never a state, but where the machine's own map gives it one. */
export function isMissing(word: StatusWord, stateMap: Readonly<Record<string, OperatingState>>): boolean {
  if (word.value === null) return true;
  return (
    word.value === 'UNAVAILABLE' &&
    word.vocabulary.startsWith('mtconnect/') &&
    stateOfWord(word.vocabulary, word.value, stateMap).kind !== 'state'
  );
}

/**
 * What the words of a machine's control say together; missing ones (`isMissing`) are passed over. Strongest first: the
 * warm-up flag; line, then control without power; the emergency stop; what is executed; how energy is saved; a mode.
 *
 * A word of what is executed that its own vocabulary does not hold makes the verdict `unmapped`, and the state unknown,
 * whatever power bands say: the control has said something, and nobody knows what; the machine's own map tells. Only
 * another channel that processes overrules it. Of a vocabulary that is not ours (the running bit of a drive), words that
 * the machine's own map leaves out say nothing, and like a control that says nothing at all leave the state to the bands.
 */
export function judgeWords(
  stateMap: Readonly<Record<string, OperatingState>>,
  words: readonly StatusWord[],
): Verdict {
  const told: Told[] = [];
  let unmapped: StatusWord | undefined;
  let foreign: StatusWord | undefined;
  let isEquipmentOn = false;
  for (const word of words) {
    if (isMissing(word, stateMap)) continue;
    const meant = stateOfWord(word.vocabulary, String(word.value), stateMap);
    if (meant.kind === 'state') told.push({ word, state: meant.state, own: meant.own });
    // A flag in a vocabulary that we do not know still is a flag.
    else if (word.status === 'warmUp' && (word.value === true || word.value === 1))
      told.push({ word, state: 'warmUp', own: false });
    // Several modes of the equipment (loaded, working, operating): all of it is off, or it is not.
    else if (word.status === 'equipmentMode') isEquipmentOn = true;
    else if (EXECUTION.includes(word.status)) {
      if (meant.kind === 'unmapped') unmapped ??= word;
      else if (meant.kind === 'foreign') foreign ??= word;
    }
  }
  const of: Find = (status, ...states) =>
    told.find(
      ({ word, state, own }) =>
        word.status === status &&
        (states.length === 0 || states.includes(state)) &&
        (own || status !== 'equipmentMode' || !isEquipmentOn),
    );

  const warmUp = of('warmUp');
  if (warmUp !== undefined) return { ...say(warmUp.state, warmUp), decider: 'warmUp' };
  const line = of('linePower');
  if (line !== undefined)
    return { ...say(line.state, line), power: line.state === 'off' && !line.own ? 'not-above-off' : 'any' };
  const control = of('controlPower');
  if (control !== undefined)
    return say(control.state === 'off' && !control.own ? 'standby' : control.state, control);
  const stop = of('emergencyStop');
  if (stop !== undefined) return say(stop.state, stop);

  const executed = told.filter(({ word }) => EXECUTION.includes(word.status));
  const busy = executed.find(({ state }) => state === 'processing');
  if (busy !== undefined) return judgeBusy(busy, of);
  if (unmapped !== undefined) return { kind: 'unmapped', basis: wordText(unmapped) };
  const idle = mostActive(executed.filter(({ word }) => word.status !== 'itemState')) ?? of('itemState');
  const pair = idle === undefined ? findPair(words) : undefined;
  if (pair !== undefined) return sayWords(pair.state, pair.words);
  const waiting = executed.find(({ word }) => word.value === 'WAIT');
  const rested = judgeRest(idle, waiting, of);
  if (rested !== undefined) return rested;
  const mode = of('mode');
  if (mode !== undefined) return say(mode.state, mode);
  return { kind: 'silent', basis: foreign === undefined ? '' : wordText(foreign) };
}

type Find = (status: Status, ...states: OperatingState[]) => Told | undefined;

/** Something is executed: waiting for power, or while the machine is set up, that is no processing. */
function judgeBusy(busy: Told, of: Find): Said {
  if (!busy.own && busy.word.status === 'execution') {
    const poweringUp = of('waitState', 'warmUp');
    if (poweringUp !== undefined) return say('warmUp', busy, poweringUp);
    const setup = of('functionalMode');
    if (setup !== undefined) return say(setup.state, busy, setup);
  }
  return say('processing', busy);
}

/** Nothing is processed: what else is said tells whether the machine is ready, or rests. */
function judgeRest(idle: Told | undefined, waiting: Told | undefined, of: Find): Said | undefined {
  const isDecided = idle !== undefined && (idle.own || idle.state !== 'ready');
  if (isDecided && idle.word.status !== 'itemState') return say(idle.state, idle);
  const waitsFor = waiting === undefined ? undefined : of('waitState');
  if (waiting !== undefined && waitsFor !== undefined) return say(waitsFor.state, waiting, waitsFor);
  const saving = of('energySaving');
  if (saving !== undefined) return say(saving.state, saving);
  const item = of('itemState', 'standby', 'extendedStandby');
  if (item !== undefined)
    return {
      ...say(item.state, item),
      power: item.state === 'extendedStandby' && !item.own ? 'above-off' : 'any',
    };
  if (idle === undefined) return undefined;
  const drives = idle.state === 'ready' ? of('equipmentMode') : undefined;
  if (drives !== undefined) return say(drives.state, idle, drives);
  return { ...say(idle.state, idle), refinable: idle.state === 'ready' && !idle.own };
}

function mostActive(told: readonly Told[]): Told | undefined {
  for (const state of BY_ACTIVITY) {
    const found = told.find((one) => one.state === state);
    if (found !== undefined) return found;
  }
  return undefined;
}

function say(state: OperatingState, ...told: Told[]): Said {
  return sayWords(
    state,
    told.map(({ word }) => word),
  );
}

function sayWords(state: OperatingState, words: readonly StatusWord[]): Said {
  return {
    kind: 'state',
    state,
    decider: 'control',
    basis: words.map((word) => wordText(word)).join(', '),
    channels: words.flatMap(({ channel }) => channel ?? []),
    power: 'any',
    refinable: false,
  };
}

/** `channel=word`, and what the word is called where it is a number: `channelState=0 (Active)`. */
function wordText({ channel, status, vocabulary, value }: StatusWord): string {
  const name = nameOfWord(vocabulary, String(value));
  return `${channel ?? status}=${String(value)}${name === undefined ? '' : ` (${name})`}`;
}

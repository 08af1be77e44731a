import type { OperatingState } from '../../protocols/telemetry/operating-state.ts';

/** What a control's word says: a state, or null where it says nothing of the state. */
type Words = Readonly<Record<string, OperatingState | null>>;

/**
 * What the words of known vocabularies say. Numbers are written as text. A word that is not here says nothing:
 * it is never guessed.
 */
const VOCABULARIES: Readonly<Record<string, Words>> = {
  // OPC 40501-1 production state machine: by name and by number.
  'umati/ProductionState': {
    Initializing: 'ready',
    '0': 'ready',
    Running: 'processing',
    '1': 'processing',
    Ended: 'ready',
    '2': 'ready',
    Interrupted: 'ready',
    '3': 'ready',
    Aborted: 'ready',
    '4': 'ready',
  },
  // OPC 40001-1 item state. NotAvailable is off or saving energy: measured power decides.
  'machinery/ItemState': {
    NotAvailable: null,
    '0': null,
    OutOfService: 'standby',
    '1': 'standby',
    NotExecuting: 'ready',
    '2': 'ready',
    Executing: 'processing',
    '3': 'processing',
  },
  // OPC 40501-1 operation mode. A mode is no proof of execution, so most of them say nothing by themselves.
  'umati/MachineOperationMode': {
    Manual: null,
    '0': null,
    Automatic: null,
    '1': null,
    Setup: 'ready',
    '2': 'ready',
    AutoWithManualIntervention: null,
    '3': null,
    Service: 'ready',
    '4': 'ready',
    Other: null,
    '5': null,
  },
  'umati/IsWarmUp': { true: 'warmUp', '1': 'warmUp', false: null, '0': null },
  'mtconnect/Execution': {
    ACTIVE: 'processing',
    READY: 'ready',
    WAIT: 'ready',
    INTERRUPTED: 'ready',
    FEED_HOLD: 'ready',
    STOPPED: 'ready',
    OPTIONAL_STOP: 'ready',
    PROGRAM_STOPPED: 'ready',
    PROGRAM_COMPLETED: 'ready',
    UNAVAILABLE: null,
  },
  'mtconnect/EmergencyStop': { TRIGGERED: 'standby', ARMED: null, UNAVAILABLE: null },
};

/**
 * The state that a word says, or null. The machine's own map goes first, asked for `vocabulary=word` and then for the
 * word alone.
 */
export function stateOfWord(
  vocabulary: string,
  word: string,
  stateMap: Readonly<Record<string, OperatingState>>,
): OperatingState | null {
  const qualified = `${vocabulary}=${word}`;
  if (Object.hasOwn(stateMap, qualified)) return stateMap[qualified] ?? null;
  if (Object.hasOwn(stateMap, word)) return stateMap[word] ?? null;
  const words = Object.hasOwn(VOCABULARIES, vocabulary) ? VOCABULARIES[vocabulary] : undefined;
  return words !== undefined && Object.hasOwn(words, word) ? (words[word] ?? null) : null;
}

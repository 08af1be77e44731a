import type { Meaning, Vocabulary } from './word-meanings.ts';

const silent = (...words: string[]): Record<string, Meaning> =>
  Object.fromEntries(words.map((word) => [word, null]));

/** MTConnect (ANSI/MTC1.4): what its controlled vocabularies mean. UNAVAILABLE is a missing word and never asked for. */
export const MTCONNECT_WORDS: Readonly<Record<string, Vocabulary>> = {
  'mtconnect/Execution': {
    words: {
      ACTIVE: 'processing',
      READY: 'ready',
      WAIT: 'ready',
      INTERRUPTED: 'ready',
      FEED_HOLD: 'ready',
      STOPPED: 'ready',
      OPTIONAL_STOP: 'ready',
      PROGRAM_STOPPED: 'ready',
      PROGRAM_COMPLETED: 'ready',
      PROGRAM_OPTIONAL_STOP: 'ready',
    },
  },
  /** Of `execution` WAIT: what is waited for. Waiting to be switched on is warming up. */
  'mtconnect/WaitState': {
    words: {
      POWERING_UP: 'warmUp',
      POWERING_DOWN: 'standby',
      ...silent(
        'PART_LOAD',
        'PART_UNLOAD',
        'TOOL_LOAD',
        'TOOL_UNLOAD',
        'MATERIAL_LOAD',
        'MATERIAL_UNLOAD',
        'SECONDARY_PROCESS',
        'PAUSING',
        'RESUMING',
      ),
    },
  },
  /** What the machine is used for: setting up is no production, though its axes move. */
  'mtconnect/FunctionalMode': {
    words: { SETUP: 'ready', ...silent('PRODUCTION', 'TEARDOWN', 'MAINTENANCE', 'PROCESS_DEVELOPMENT') },
  },
  'mtconnect/EmergencyStop': { words: { TRIGGERED: 'standby', ARMED: null } },
  /** Line or control; `off` of the control alone is standby. */
  'mtconnect/PowerState': { words: { OFF: 'off', ON: null } },
  'mtconnect/EquipmentMode': { words: { OFF: 'standby', ON: null } },
  'mtconnect/ControllerMode': {
    words: silent('AUTOMATIC', 'MANUAL', 'MANUAL_DATA_INPUT', 'SEMI_AUTOMATIC', 'EDIT', 'FEED_HOLD'),
  },
  'mtconnect/OperatingMode': { words: silent('AUTOMATIC', 'MANUAL', 'SEMI_AUTOMATIC') },
  'mtconnect/Availability': { words: silent('AVAILABLE') },
};

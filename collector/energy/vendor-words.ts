import type { Vocabulary } from './word-meanings.ts';

/** Words of single makers of controls, by number. */
export const VENDOR_WORDS: Readonly<Record<string, Vocabulary>> = {
  'sinumerik/ProgStatus': {
    words: { '1': 'ready', '2': 'ready', '3': 'processing', '4': 'ready', '5': 'ready' },
    names: { '1': 'interrupted', '2': 'stopped', '3': 'in progress', '4': 'waiting', '5': 'aborted' },
  },
  /** An active channel may move by hand: with the mode it says more (`word-pairs.ts`). */
  'sinumerik/ChanStatus': {
    words: { '0': 'ready', '1': null, '2': 'ready' },
    names: { '0': 'reset', '1': 'active', '2': 'interrupted' },
  },
  'sinumerik/OpMode': {
    words: { '0': null, '1': null, '2': null },
    names: { '0': 'JOG', '1': 'MDA', '2': 'AUTO' },
  },
  'fanuc/Run': { words: { '0': 'ready', '1': 'ready', '2': 'ready', '3': 'processing' } },
  'fanuc/Emergency': { words: { '0': null, '1': 'standby' } },
  /** The tariff by which a meter of DMG MORI counts. */
  'dmg/EnergyTariff': {
    words: { '1': 'standby', '2': 'ready', '3': 'warmUp', '4': 'processing' },
    names: { '1': 'standby', '2': 'ready for processing', '3': 'warm-up', '4': 'processing' },
  },
};

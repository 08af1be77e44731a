import type { Vocabulary } from './word-meanings.ts';

/** Words of single makers of controls, by number. */
export const VENDOR_WORDS: Readonly<Record<string, Vocabulary>> = {
  /** 1 interrupted, 2 stopped, 3 in progress, 4 waiting, 5 aborted. */
  'sinumerik/ProgStatus': {
    words: { '1': 'ready', '2': 'ready', '3': 'processing', '4': 'ready', '5': 'ready' },
  },
  /** 0 reset, 1 active, 2 interrupted; an active channel may move by hand: with the mode it says more (`word-pairs.ts`). */
  'sinumerik/ChanStatus': { words: { '0': 'ready', '1': null, '2': 'ready' } },
  /** 0 JOG, 1 MDA, 2 AUTO. */
  'sinumerik/OpMode': { words: { '0': null, '1': null, '2': null } },
  'fanuc/Run': { words: { '0': 'ready', '1': 'ready', '2': 'ready', '3': 'processing' } },
  'fanuc/Emergency': { words: { '0': null, '1': 'standby' } },
  /** The tariff by which a meter of DMG MORI counts: standby, ready for processing, warm-up, processing. */
  'dmg/EnergyTariff': { words: { '1': 'standby', '2': 'ready', '3': 'warmUp', '4': 'processing' } },
};

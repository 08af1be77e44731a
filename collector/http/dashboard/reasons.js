// Why an hour is not fully measured, for people; the codes are those of the records.

/** Words by code. */
export const REASONS = {
  gap: 'a gap in the readings',
  'source-down': 'a source was down',
  'no-counter': 'no energy counter',
  'counter-reset': 'the counter was reset',
  'counter-rollover': 'the counter rolled over',
  'counter-glitch': 'the counter jumped back and forth',
  'counter-step-back': 'the counter lost a few minutes after a power loss',
  'counter-saturated': 'the counter stands at its largest value',
  'counter-stuck': 'the counter stood still while power was drawn',
  amended: 'a person decided about readings of this hour',
  'counter-step': 'the counter rose faster than the rated power allows',
  'identity-change': 'the meter was changed',
  'state-unknown': 'the state is not known for a part of it',
  'integral-over-counter': 'power and counter do not agree',
  'children-over-supply': 'components used more than the supply',
  'clock-unsynced': 'the clock was not set',
  thinned: 'the spool was full and kept fewer readings: the energy is exact',
  'clock-stepped': 'the clock was set to another time',
  conflict: 'two agents claim a channel',
};

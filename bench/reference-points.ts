/** Twelve values of an Eastron SDM630, and where they lie: one read of 74 input registers has them all. */
export const REFERENCE_POINTS = [
  { point: 'voltage.l1', address: 0 },
  { point: 'voltage.l2', address: 2 },
  { point: 'voltage.l3', address: 4 },
  { point: 'current.l1', address: 6 },
  { point: 'current.l2', address: 8 },
  { point: 'current.l3', address: 10 },
  { point: 'activePower.l1', address: 12 },
  { point: 'activePower.l2', address: 14 },
  { point: 'activePower.l3', address: 16 },
  { point: 'activePower', address: 52 },
  { point: 'frequency', address: 70 },
  { point: 'activeEnergyImport', address: 72 },
] as const;
export const REGISTERS = 74;

/**
 * The variant takes the energies as kWh. The profile itself reads the meter's prefix of the unit with every poll, in a
 * second request, which no reference does.
 */
export const PROFILE = 'eastron/sdm630:kilo';

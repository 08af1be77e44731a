/**
 * The mean current of a phase that mean power, power factor and voltage imply, A; null where it cannot be told. For
 * machines whose currents nobody reads.
 *
 * @param voltageV between two lines where there are three phases, between line and neutral where there is one
 */
export function deriveCurrent(
  meanPowerW: number,
  powerFactor: number | null,
  voltageV: number | null,
  phases: 1 | 3,
): number | null {
  if (powerFactor === null || powerFactor === 0 || voltageV === null || !(voltageV > 0)) return null;
  const factor = Math.min(1, Math.abs(powerFactor));
  return Math.abs(meanPowerW) / (voltageV * factor * (phases === 3 ? Math.sqrt(3) : 1));
}

const NOISE_MASK = 4095;

/** Normally distributed, the same in every run (mulberry32 and Box-Muller). */
const NOISE = Float64Array.from({ length: NOISE_MASK + 1 }, (_, index) => {
  const draw = (seed: number) => {
    const state = (seed * 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return Math.sqrt(-2 * Math.log(1 - draw(2 * index + 1))) * Math.cos(2 * Math.PI * draw(2 * index + 2));
});

/**
 * What a meter of a milling machine reads, as a 32-bit float in the meter's unit (kWh for energy): 40 s of idling and
 * cutting, 4 % of noise on the power and what a grid has on voltage and frequency. Noise is most of what a record costs.
 */
export function createReadings(meter: number): (quantity: string, phase: string, seconds: number) => number {
  let step = meter * 257;
  let [energyKwh, countedS, powerW] = [1000 + meter, 0, 1800];
  const noise = () => NOISE[(step = (step + 1) & NOISE_MASK)] ?? 0;
  const read = (quantity: string, phase: string, seconds: number): number => {
    switch (quantity) {
      case 'voltage':
        return 230 + 0.2 * Math.sin(seconds / 60) + 0.08 * noise();
      case 'current':
        return powerW / 3 / 230 / 0.82 + 0.01 * noise();
      case 'activePower':
        if (phase !== 'total') return (powerW / 3) * (1 + 0.005 * noise());
        powerW = cuttingPowerW(seconds + meter) * (1 + 0.04 * noise());
        return powerW;
      case 'frequency':
        return 50 + 0.012 * noise();
      case 'activeEnergyImport':
        energyKwh += (powerW * Math.max(0, seconds - countedS)) / 3.6e6;
        countedS = seconds;
        return energyKwh;
      default:
        return 0;
    }
  };
  return (quantity, phase, seconds) => Math.fround(read(quantity, phase, seconds));
}

function cuttingPowerW(seconds: number): number {
  const phase = seconds % 40;
  if (phase < 8) return 1800;
  return 5200 + (phase < 10 ? (phase - 8) * 3000 : 0) + 900 * Math.sin(seconds * 1.7);
}

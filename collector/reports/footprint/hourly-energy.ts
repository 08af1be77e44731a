import { HOUR_MS } from '../../energy/hour-account.ts';
import type { MachineHour } from '../../energy/machine-hour.ts';
import type { EnergyPiece } from '../../footprint/emissions/energy-piece.ts';
import { wholeDecimal } from '../../footprint/figures/decimal.ts';

/** Energy by UTC hour, all machines together, so that hourly factors can be used: two numbers an hour. */
export class HourlyEnergy {
  readonly #hours = new Map<number, { mwh: number; bridgedMwh: number }>();

  /** Adds an hour of a machine; one without a known supply has nothing to add. */
  add({ hourMs, energy: { supplyMwh }, obtained: { bridgedMwh } }: MachineHour): void {
    if (supplyMwh === null) return;
    const hour = this.#hours.get(hourMs);
    if (hour === undefined) this.#hours.set(hourMs, { mwh: supplyMwh, bridgedMwh });
    else {
      hour.mwh += supplyMwh;
      hour.bridgedMwh += bridgedMwh;
    }
  }

  /**
   * In order of time. @param part `measured` leaves out what was bridged over gaps: of an hour in which a counter fell that may be less than
   * nothing, and the hours sum to the energy less all that was bridged
   */
  pieces(part: 'all' | 'measured', yearOf: (atMs: number) => number): EnergyPiece[] {
    return [...this.#hours]
      .sort(([a], [b]) => a - b)
      .map(([hourMs, { mwh, bridgedMwh }]) => ({
        from: new Date(hourMs).toISOString(),
        to: new Date(hourMs + HOUR_MS).toISOString(),
        year: yearOf(hourMs),
        kwh: wholeDecimal(part === 'all' ? mwh : mwh - bridgedMwh, 6),
      }));
  }
}

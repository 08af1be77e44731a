import type { MachineHour } from '../energy/machine-hour.ts';
import type { Views } from '../ledger/views.ts';

const DAY_MS = 86_400_000;
const NOTHING: never[] = [];

/**
 * Views of one derivation that is compared and thrown away: hours, and what the derivation reads again of its own. Minutes,
 * words and stretches of states, most of what views hold, are not kept: no figure of an hour is computed from them.
 */
export class HoursInMemory implements Views {
  readonly #cursors = new Map<string, number>();
  readonly #hours = new Map<string, Map<number, MachineHour>>();
  /** By machine, ascending. */
  readonly #checkpoints = new Map<string, { hourMs: number; json: string }[]>();

  cursor(reader: string): number {
    return this.#cursors.get(reader) ?? 0;
  }

  setCursor(reader: string, ordinal: number): void {
    this.#cursors.set(reader, ordinal);
  }

  commit(change: Parameters<Views['commit']>[0]): void {
    for (const hour of change.hours ?? []) {
      const hours = this.#hours.get(hour.machine) ?? new Map<number, MachineHour>();
      hours.set(hour.hourMs, hour);
      this.#hours.set(hour.machine, hours);
    }
    for (const { machine, hourMs } of change.dropCheckpointsFrom ?? [])
      this.#keep(machine, (kept) => kept.hourMs < hourMs);
    for (const { machine, ...checkpoint } of change.checkpoints ?? []) this.#put(machine, checkpoint);
    for (const { machine, hourMs: beforeMs } of change.thinCheckpointsBefore ?? []) {
      const days = new Set<number>();
      this.#keep(machine, ({ hourMs }) => {
        const day = Math.floor(hourMs / DAY_MS);
        const isFirst = !days.has(day);
        days.add(day);
        return isFirst || hourMs >= beforeMs;
      });
    }
    this.setCursor(change.reader, change.ordinal);
  }

  checkpointBefore(machine: string, atMs: number): { hourMs: number; json: string } | undefined {
    return this.#checkpoints.get(machine)?.findLast(({ hourMs }) => hourMs <= atMs);
  }

  hour(machine: string, hourMs: number): MachineHour | undefined {
    return this.#hours.get(machine)?.get(hourMs);
  }

  hourTimes(machine: string, fromMs: number, toMs: number): number[] {
    const times = [...(this.#hours.get(machine)?.keys() ?? NOTHING)];
    return times.filter((hourMs) => hourMs >= fromMs && hourMs < toMs).sort((a, b) => a - b);
  }

  hours(machine: string, fromMs: number, toMs: number): MachineHour[] {
    return this.hourTimes(machine, fromMs, toMs).flatMap((hourMs) => this.hour(machine, hourMs) ?? []);
  }

  machines(): string[] {
    return [...this.#hours.keys()].sort();
  }

  minute(): undefined {}
  newestMinuteMs(): undefined {}
  snapshot(): undefined {}
  watched(): undefined {}
  bases = (): never[] => NOTHING;
  minutes = (): never[] => NOTHING;
  states = (): never[] => NOTHING;
  words = (): never[] => NOTHING;
  hoursChangedAfter = (): never[] => NOTHING;
  series = (): never[] => NOTHING;
  channels = (): never[] => NOTHING;
  close(): void {}

  #put(machine: string, checkpoint: { hourMs: number; json: string }): void {
    this.#keep(machine, ({ hourMs }) => hourMs !== checkpoint.hourMs);
    const kept = this.#checkpoints.get(machine) ?? [];
    kept.push(checkpoint);
    kept.sort((a, b) => a.hourMs - b.hourMs);
    this.#checkpoints.set(machine, kept);
  }

  #keep(machine: string, isKept: (checkpoint: { hourMs: number }) => boolean): void {
    const known = this.#checkpoints.get(machine);
    if (known !== undefined) this.#checkpoints.set(machine, known.filter(isKept));
  }
}

import type { MachineHour } from '../energy/machine-hour.ts';

/** What a report of a period rests on. */
export interface PeriodBasis {
  /**
   * Hours that it touches: how many, start of the first and of the last, wall ms, and the least and the highest revision;
   * `revised` of them were final before (revision 2 or more), and in `amended` of them amendments are in force.
   */
  hours: {
    count: number;
    firstMs: number | null;
    lastMs: number | null;
    revisions: { from: number; to: number } | null;
    revised: number;
    amended: number;
  };
  /** Names of the derivations of those hours. */
  algorithms: string[];
  /** Hashes of the config snapshots of those hours. */
  configs: string[];
  /** Ids of amendments in force in some of them. */
  amendments: string[];
  /** Hash of what was declared of the site: calendar, metering and the like (`SitePlan.hash`). */
  plan: string;
}

/** Gathers what the hours of one period rest on. */
export class BasisTally {
  #count = 0;
  #firstMs: number | null = null;
  #lastMs: number | null = null;
  #from = Infinity;
  #to = -Infinity;
  #revised = 0;
  #amended = 0;
  readonly #algorithms = new Set<string>();
  readonly #configs = new Set<string>();
  readonly #amendments = new Set<string>();

  /** Adds an hour, once. */
  add({ hourMs, revision, basis }: MachineHour): void {
    this.#count++;
    this.#firstMs ??= hourMs;
    this.#lastMs = hourMs;
    this.#from = Math.min(this.#from, revision);
    this.#to = Math.max(this.#to, revision);
    if (revision > 1) this.#revised++;
    if (basis.amendments.length > 0) this.#amended++;
    this.#algorithms.add(basis.algorithm);
    for (const config of basis.configs) this.#configs.add(config);
    for (const amendment of basis.amendments) this.#amendments.add(amendment);
  }

  close(plan: string): PeriodBasis {
    return {
      hours: {
        count: this.#count,
        firstMs: this.#firstMs,
        lastMs: this.#lastMs,
        revisions: this.#count === 0 ? null : { from: this.#from, to: this.#to },
        revised: this.#revised,
        amended: this.#amended,
      },
      algorithms: [...this.#algorithms].sort(),
      configs: [...this.#configs].sort(),
      amendments: [...this.#amendments].sort(),
      plan,
    };
  }
}

/** `24 machine-hours (millwatt/1), 3 of them revised, 2 with amendments 0a1b2c3d4e5f`: what a sum rests on, for people. */
export function sayBasis({ hours, algorithms, amendments }: Omit<PeriodBasis, 'plan'>): string {
  return [
    `${hours.count} machine-hour${hours.count === 1 ? '' : 's'}${algorithms.length === 0 ? '' : ` (${algorithms.join(', ')})`}`,
    ...(hours.revised === 0 ? [] : [`${hours.revised} of them revised`]),
    ...(amendments.length === 0
      ? []
      : [`${hours.amended} with amendment${amendments.length === 1 ? '' : 's'} ${amendments.join(', ')}`]),
  ].join(', ');
}

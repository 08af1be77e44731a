import { isLevelId } from '../telemetry/ids.ts';
import type { ComponentStep, DataItem } from './mtconnect-document.ts';

/** Components of MTConnect by the names that we use for them. */
const KNOWN: ReadonlyMap<string, string> = new Map([
  ['Hydraulic', 'hydraulics'],
  ['Pneumatic', 'compressedAir'],
  ['Coolant', 'coolant'],
  ['Lubrication', 'lubrication'],
  ['Electric', 'electric'],
]);
/** They only hold others, or are what the machine itself is controlled by. */
const ORGANIZERS = new Set([
  'Adapters',
  'Auxiliaries',
  'Axes',
  'Controller',
  'Controllers',
  'Interfaces',
  'Parts',
  'Path',
  'Processes',
  'Resources',
  'Structures',
  'Systems',
]);
/** An indexing table has a rotary mode as well, so that tells nothing. */
const SPEED_TYPES = ['ROTARY_VELOCITY', 'SPINDLE_SPEED'];
const SPINDLE_NAME = /^(?:s\d{0,2}|spindle.*)$/i;

/**
 * Names the components of one device: a rotary axis that has a speed is `spindle`, `spindle-2`, ... in the order of the
 * document, other axes are `axis-x`, systems have our names for them, and what hangs below one of these is named after
 * both: `spindle-motor`.
 */
export class ComponentNames {
  readonly #spindles = new Map<string, string>();
  readonly #named = new Map<string, string>();
  readonly #taken = new Set<string>();

  constructor(items: readonly DataItem[]) {
    for (const item of items) {
      const owner = item.path.at(-1);
      if (owner === undefined || this.#spindles.has(owner.id)) continue;
      const isSpindle =
        owner.kind === 'Spindle' ||
        (owner.kind === 'Rotary' &&
          (SPEED_TYPES.includes(item.type) || SPINDLE_NAME.test(owner.nativeName ?? owner.name ?? '')));
      if (!isSpindle) continue;
      const number = this.#spindles.size + 1;
      this.#spindles.set(owner.id, number === 1 ? 'spindle' : `spindle-${number}`);
    }
    for (const name of this.#spindles.values()) this.#taken.add(name);
  }

  /** The component of an item; undefined where it belongs to the machine as a whole or to its control. */
  of(item: DataItem): string | undefined {
    const steps = item.path.slice(1).filter(({ kind }) => !ORGANIZERS.has(kind));
    if (steps.length === 0) return undefined;
    const key = [...steps.map(({ id }) => id), item.composition ?? ''].join('/');
    const known = this.#named.get(key);
    if (known !== undefined) return known;
    const own = steps.map((step) => this.#nameOf(step));
    if (item.composition !== undefined) own.push(camelOf(item.composition));
    const [first = ''] = own;
    const isSpindle = own.length === 1 && this.#spindles.has(steps[0]?.id ?? '');
    const name = isSpindle ? first : this.#free(own.join('-').slice(0, 60));
    this.#named.set(key, name);
    return name;
  }

  #nameOf(step: ComponentStep): string {
    const spindle = this.#spindles.get(step.id);
    if (spindle !== undefined) return spindle;
    if (step.kind === 'Linear' || step.kind === 'Rotary')
      return `axis-${slugOf(step.name ?? step.id).toLowerCase()}`;
    return KNOWN.get(step.kind) ?? camelOf(step.kind);
  }

  #free(name: string): string {
    let free = name;
    for (let n = 2; this.#taken.has(free); n++) free = `${name}-${n}`;
    this.#taken.add(free);
    return free;
  }
}

/** A name that is a level of a channel id, as near as it gets to what an agent calls a thing. */
export function slugOf(name: string): string {
  const slug = name
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 60);
  const isUsable: boolean = isLevelId(slug);
  if (isUsable) return slug;
  return slug === '' ? 'x' : `x-${slug}`;
}

function camelOf(kind: string): string {
  const words = slugOf(kind).split(/[_-]+/);
  // `BarFeeder` and `BAR_FEEDER` are the same thing.
  const isShouted = words.every((one) => one === one.toUpperCase());
  const joined = words
    .map((one) => {
      const rest = isShouted ? one.slice(1).toLowerCase() : one.slice(1);
      return (one[0] ?? '').toUpperCase() + rest;
    })
    .join('');
  return slugOf((joined[0] ?? 'x').toLowerCase() + joined.slice(1));
}

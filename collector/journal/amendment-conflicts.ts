import type { Amendment } from '../energy/amendment.ts';

/** What is to be said of an amendment that meets others which hold already. */
export interface Conflict {
  /** True where both cannot be meant: it is not entered. */
  refuses: boolean;
  /** The amendment that is met, by its id. */
  id: string;
  /** A sentence. */
  saying: string;
}

/** Where a new amendment overlaps others of its machine and component that hold: contradictions, and what is only worth saying. */
export function findConflicts(entered: Amendment, inForce: readonly Amendment[]): Conflict[] {
  return inForce
    .filter(({ machine, component }) => machine === entered.machine && component === entered.component)
    .filter((other) => overlaps(entered, other))
    .flatMap((other) => {
      const judged = judge(entered, other);
      return judged === undefined ? [] : [{ id: other.id, ...judged }];
    });
}

function judge(entered: Amendment, other: Amendment): Omit<Conflict, 'id'> | undefined {
  if (other.kind === 'exclude')
    return says(`Amendment ${other.id} leaves readings of this time out: nothing else changes those.`);
  if (entered.kind === 'exclude')
    return says(
      `Amendment ${other.id} is about readings of this time: what is left out, it changes no more.`,
    );
  if (entered.kind === 'meter-replaced' && other.kind === 'step')
    return refuses(
      `Amendment ${other.id} says that a step at this time was real energy; a replaced meter is none.`,
    );
  if (entered.kind === 'step' && other.kind === 'meter-replaced')
    return refuses(
      `Amendment ${other.id} says that the meter was replaced in this time; its step is no energy.`,
    );
  if (entered.kind !== other.kind) return undefined;
  switch (entered.kind) {
    case 'scale':
      return says(
        `Amendment ${other.id} scales readings of this time too: both apply, one after the other, and their factors multiply.`,
      );
    case 'direction':
      return refuses(
        `Amendment ${other.id} turns readings of this time round already; turned twice they are as they were.`,
      );
    case 'component':
      return refuses(`Amendment ${other.id} says already of which component readings of this time are.`);
    case 'same-meter':
      return other.kind === 'same-meter' && other.meter === entered.meter
        ? refuses(`Amendment ${other.id} says already which meter "${entered.meter}" is in this time.`)
        : undefined;
    case 'meter-replaced':
      return refuses(`Amendment ${other.id} says already that the meter was replaced at this time.`);
    case 'step':
      return says(`Amendment ${other.id} takes steps of this time for real already.`);
  }
}

function overlaps(a: Amendment, b: Amendment): boolean {
  const [aTo, bTo] = [endOf(a), endOf(b)];
  return a.fromMs < bTo && b.fromMs < aTo;
}

/** A meter is replaced at a moment, or somewhere in a time. */
function endOf({ kind, fromMs, toMs }: Amendment): number {
  return toMs ?? (kind === 'meter-replaced' ? fromMs + 1 : Infinity);
}

const refuses = (saying: string) => ({ refuses: true, saying });
const says = (saying: string) => ({ refuses: false, saying });

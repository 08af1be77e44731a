import { MillwattError } from '../protocols/errors.ts';

/** A machine that the ledger knows. Throws an error of class `refuse` (code `no-machine`) for any other. */
export function requireMachine(known: readonly string[], machine: string): string {
  if (known.includes(machine)) return machine;
  throw new MillwattError('refuse', 'no-machine', `The ledger knows no machine ${machine}.`, {
    cure:
      known.length === 0
        ? 'Nothing has arrived yet: is an agent running?'
        : `Choose one of: ${known.join(', ')}.`,
  });
}

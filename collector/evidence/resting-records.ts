import { isCount } from '../../protocols/telemetry/ids.ts';
import type { MachineHour } from '../energy/machine-hour.ts';
import { holesOf } from '../ledger/gone-ranges.ts';
import { isObject } from './manifest.ts';

type Ranges = MachineHour['basis']['records'];

/** More would be a claim, and no trace of how records came. */
const EXTRA_MAX = 1000;

/**
 * True where one list of records names all of another, and beyond them nothing but thinned records. Where the originals of a thinned
 * record come after it was read, an hour that was kept may go on naming it beside them: its figures are theirs.
 *
 * @param isThinned whether a thinned record of the machine is here
 */
export function namesAlsoThinned(
  named: unknown,
  used: Ranges,
  isThinned: (agent: string, epoch: string, seq: number) => boolean,
): named is Ranges {
  if (!Array.isArray(named) || !named.every(isRange)) return false;
  const ranges = named as Ranges;
  const of = (all: Ranges, { agent, epoch }: Ranges[number]) =>
    all.filter((one) => one.agent === agent && one.epoch === epoch);
  if (used.some((range) => holesOf(range, of(ranges, range)).length > 0)) return false;
  return ranges.every((range) =>
    holesOf(range, of(used, range)).every(
      ({ from, to }) =>
        to - from < EXTRA_MAX &&
        Array.from({ length: to - from + 1 }, (_, at) => from + at).every((seq) =>
          isThinned(range.agent, range.epoch, seq),
        ),
    ),
  );
}

function isRange(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value['agent'] === 'string' &&
    typeof value['epoch'] === 'string' &&
    isCount(value['from']) &&
    isCount(value['to']) &&
    value['from'] <= value['to']
  );
}

import { describeError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import { decodePart, type MachinePart } from '../protocols/telemetry/part.ts';
import { OpenPart } from './open-part.ts';
import type { BootAnchor, Leftovers } from './spool-open-rows.ts';
import type { Spool } from './spool.ts';

/**
 * What an earlier run read and did not seal, a part a machine, with the clocks it was read by; undefined where nothing can be
 * read. What the disk spoilt is dropped from the spool, counted and said.
 */
export function readLeftovers(
  { anchor, boot, rows, spoilt }: Leftovers,
  spool: Pick<Spool, 'dropBoot' | 'dropOpen' | 'dropSpoilt'>,
  log: Log,
): { parts: MachinePart[]; anchor: BootAnchor } | undefined {
  if (anchor === undefined) {
    log.error(
      { boot, rows: rows.length },
      'the disk spoilt the clocks that readings were read by; they are dropped',
    );
    spool.dropBoot(boot);
    return undefined;
  }
  if (spoilt.length > 0) {
    log.error(
      { boot, rows: spoilt.length },
      'the disk spoilt readings that were not sealed; they are dropped',
    );
    spool.dropSpoilt(spoilt);
  }
  const parts: MachinePart[] = [];
  for (const machine of new Set(rows.map((row) => row.machine))) {
    const own = rows.filter((row) => row.machine === machine);
    const part = new OpenPart(machine);
    try {
      for (const row of own) part.addPart(decodePart(row.part));
      parts.push(part.toPart());
    } catch (error) {
      const samples = own.reduce((sum, row) => sum + row.samples, 0);
      log.error({ machine, samples }, `readings in the spool cannot be read back: ${describeError(error)}`);
      spool.dropOpen(anchor.boot, machine, samples);
    }
  }
  return parts.length === 0 ? undefined : { parts, anchor };
}

import { MillwattError } from '../../protocols/errors.ts';
import { openMonthToRead } from '../../collector/ledger/month-schema.ts';
import { examine, type Examination } from '../examination.ts';
import { checkFile } from '../ledger/check-files.ts';
import { listStore, type StoreFile } from '../ledger/store-files.ts';

/** Whether a collector that does not run could start with its files: what `ledger check` finds of those that keep it from it. */
export function examineStore(dataFolder: string): Promise<Examination> {
  return examine('files of the ledger', () => {
    const files = listStore(dataFolder);
    for (const file of files) refuseFault(file);
    return files.length === 0
      ? 'there are none yet'
      : 'nothing keeps the collector from starting; `millwatt ledger check` looks at every page';
  });
}

/** A damaged month is set aside at the start, and views are made anew: only what refuses the start is told of. */
function refuseFault(file: StoreFile): void {
  if (file.kind === 'month') {
    try {
      openMonthToRead(file.path).close();
    } catch (error) {
      if (error instanceof MillwattError && error.remedy === 'refuse') throw error;
    }
    return;
  }
  if (file.kind !== 'journal' && file.kind !== 'key') return;
  const steps = checkFile(file);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  const fault = step.value.faults.find(({ code }) => code !== 'rights');
  if (fault !== undefined) throw new MillwattError('refuse', fault.code, fault.says, { cure: fault.cure });
}

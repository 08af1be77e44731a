import { setImmediate } from 'node:timers/promises';
import { RecordReader } from '../../collector/derivation/record-reader.ts';
import type { PowerSamples } from '../../collector/energy/calibration/power-samples.ts';
import type { RecordFeed } from '../../collector/energy/record-feed.ts';
import type { LedgerRecord } from '../../collector/ledger/ledger.ts';
import type { LedgerView } from '../../collector/ledger/read-ledger.ts';
import { MillwattError } from '../../protocols/errors.ts';

/** Records read before others get a turn: a Ctrl-C, or the bar. */
const RECORDS_A_TURN = 32;

/** Which readings are wanted. */
export interface PowerWanted {
  machine: string;
  /** `supply`, or a component below it. */
  component: string;
  /** Wall ms. */
  fromMs: number;
  toMs: number;
}

/**
 * The power readings of a machine as its agents sealed them, in order of time. Readings of quality bad are none; records
 * that cannot be read are left out, and counted. `components` are all that have power in this time.
 * @param onProgress told of the share of records read, 0..1
 */
export async function readLedgerPower(
  ledger: Pick<LedgerView, 'close' | 'configRecord' | 'countMachine' | 'readMachine'>,
  { machine, component, fromMs, toMs }: PowerWanted,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (share: number) => void },
): Promise<{ samples: PowerSamples; unread: number; components: string[] }> {
  const reader = new RecordReader(ledger);
  const total = ledger.countMachine(machine, fromMs, toMs);
  const timesMs: number[] = [];
  const powersW: number[] = [];
  const everyMs: number[] = [];
  const components = new Set<string>();
  let read = 0;
  let unread = 0;
  for (const record of ledger.readMachine(machine, fromMs, toMs)) {
    const feed = tryRead(reader, record, machine);
    if (feed === undefined) unread++;
    for (const group of feed?.rows ?? []) {
      const column = group.powers.find((power) => power.component === component);
      const isWithin = group.timesMs.some((atMs) => atMs >= fromMs && atMs < toMs);
      if (isWithin) for (const power of group.powers) components.add(power.component);
      group.timesMs.forEach((atMs, row) => {
        const powerW = column?.values[row] ?? null;
        if (powerW === null || atMs < fromMs || atMs >= toMs) return;
        timesMs.push(atMs);
        powersW.push(powerW);
        everyMs.push(group.everyMs);
      });
    }
    if (++read % RECORDS_A_TURN !== 0) continue;
    onProgress(read / total);
    await setImmediate();
    signal.throwIfAborted();
  }
  onProgress(1);
  // Live data comes before backlog, so that records are not in order of time.
  const order = timesMs.map((_, row) => row).sort((a, b) => timesMs[a]! - timesMs[b]!);
  const sorted = (column: readonly number[]) => order.map((row) => column[row]!);
  return {
    samples: { timesMs: sorted(timesMs), powersW: sorted(powersW), everyMs: sorted(everyMs) },
    unread,
    components: [...components].sort(),
  };
}

/** Undefined for a record whose part is malformed, or whose config snapshot is not there. */
function tryRead(reader: RecordReader, record: LedgerRecord, machine: string): RecordFeed | undefined {
  try {
    return reader.readMachine(record, machine);
  } catch (error) {
    if (error instanceof MillwattError && error.remedy === 'quarantine') return undefined;
    throw error;
  }
}

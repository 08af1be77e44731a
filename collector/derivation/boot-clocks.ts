import type { RecordHeader } from '../../protocols/telemetry/record.ts';
import { addOrdinal, rangesOf, type OrdinalRanges } from './ordinal-ranges.ts';
import type { LedgerRecord } from '../ledger/ledger.ts';

/** A wall clock that moved by more than this against the monotonic one was set ... */
const STEP_MS = 2000;
/** ... but for what two clocks may drift apart in the time between. */
const DRIFT = 2e-4;
/** Readings of a boot whose clock was never set wait for so long, by the collector's clock. */
const WAIT_MS = 7 * 86_400_000;
/** So many boots of an agent are remembered beside those that had no clock. */
const BOOTS_MAX = 64;

/** What is known of one boot of one agent: plain data, kept with the cursor. Offsets are wall minus monotonic time, ms. */
interface Boot {
  agent: string;
  boot: string;
  /** By the first of its records to come whose clock was set; null before. */
  offsetMs: number | null;
  /** Of its last readings in the chain, by a clock that was set. */
  last: { seq: number; monoMs: number; offsetMs: number } | null;
  /** Records (`epoch/seq`) of readings before which the clock was set again. */
  steps: string[];
  /** What came of it while its clock was not set; null for nothing. */
  unset: Unset | null;
}

interface Unset {
  epoch: string;
  seq: number;
  ordinal: number;
  /** When the first of it came, collector wall ms. */
  sinceMs: number;
  /** The clocks it was labelled by, as ranges of offsets. */
  labels: [fromMs: number, toMs: number][];
  machines: string[];
  /** Nothing more of the boot will come, or it was waited for long enough. */
  over: boolean;
  /** What of it was taken by its own label; null for nothing. */
  taken: Labelled | null;
}

/** Records that were taken by a label, and its wall time, ms. */
interface Labelled {
  /** Records between them may be of others: only those of the boot count. */
  ordinals: OrdinalRanges;
  fromMs: number;
  toMs: number;
}

/** What a new record changes in how records before it are to be read. */
export interface ClockNews {
  /** Records that wait may be read now. */
  settled: boolean;
  /** Readings that were taken by their label have a time now: their machines are wrong. */
  misread: (Labelled & { agent: string; boot: string; machines: string[] }) | null;
}

/**
 * Tells by which clock a record is to be read. A gateway without a battery starts in the past: until its clock is set, its
 * readings carry only the time since the boot. They wait for a record of the same boot whose clock was set, and get their
 * wall time by that; when the boot ends without one, or after seven days, they are taken by the label they have.
 */
export class BootClocks {
  readonly #boots: Map<string, Boot>;

  constructor(boots: readonly Boot[] = []) {
    this.#boots = new Map(boots.map((boot) => [keyOf(boot), boot]));
    for (const { unset } of boots) if (unset?.taken) unset.taken.ordinals = rangesOf(unset.taken.ordinals);
  }

  /** The state as plain data. */
  save(): Boot[] {
    return [...this.#boots.values()];
  }

  /** Takes note of a record of any kind; each once, in order of arrival. */
  note(record: Pick<LedgerRecord, 'header' | 'ordinal' | 'receivedMs'>): ClockNews {
    const { header } = record;
    const boot = this.#bootOf(header);
    let settled = false;
    // A thinned record speaks of a time long before the one in which it was sealed.
    const isThinned = header.thinnedFrom !== undefined;
    for (const other of isThinned ? [] : this.#boots.values()) {
      if (other === boot || other.agent !== header.agent || other.unset === null || other.unset.over)
        continue;
      // A record that was sealed before is no sign that the boot is over.
      const isBefore = other.unset.epoch === header.epoch && header.seq < other.unset.seq;
      if (isBefore || other.offsetMs !== null) continue;
      other.unset.over = true;
      settled = true;
    }
    if (header.clock.state === 'unsynced') {
      noteUnset(boot, record);
      return { settled, misread: null };
    }
    const offsetMs = header.clock.wall - header.clock.mono;
    if (header.kind === 'readings' && !isThinned) noteStep(boot, header, offsetMs);
    if (boot.offsetMs !== null) return { settled, misread: null };
    boot.offsetMs = offsetMs;
    const { unset } = boot;
    if (unset === null) return { settled, misread: null };
    const misread =
      unset.taken === null
        ? null
        : { agent: header.agent, boot: header.boot, machines: unset.machines, ...unset.taken };
    unset.taken = null;
    return { settled: true, misread };
  }

  /** Lets boots go that were waited for long enough; true when there were any. */
  expire(nowMs: number): boolean {
    let settled = false;
    for (const { unset, offsetMs } of this.#boots.values()) {
      if (unset === null || unset.over || offsetMs !== null || unset.sinceMs + WAIT_MS > nowMs) continue;
      unset.over = true;
      settled = true;
    }
    return settled;
  }

  /** The record with the clock it is to be read by; undefined while it waits for one. Its bytes are as they came. */
  dated(record: LedgerRecord): LedgerRecord | undefined {
    const { header } = record;
    if (header.clock.state !== 'unsynced') return record;
    const boot = this.#boots.get(keyOf(header));
    if (boot !== undefined && boot.offsetMs !== null)
      return { ...record, header: { ...header, clock: { mono: 0, wall: boot.offsetMs, state: 'synced' } } };
    return boot?.unset?.over === true ? record : undefined;
  }

  /** Takes note of a record that was taken by its own label, from and to wall ms. */
  noteTaken(
    { header, ordinal }: Pick<LedgerRecord, 'header' | 'ordinal'>,
    fromMs: number,
    toMs: number,
  ): void {
    const unset = this.#boots.get(keyOf(header))?.unset;
    if (unset === undefined || unset === null) return;
    const taken = (unset.taken ??= { ordinals: [], fromMs, toMs });
    addOrdinal(taken.ordinals, ordinal);
    taken.fromMs = Math.min(taken.fromMs, fromMs);
    taken.toMs = Math.max(taken.toMs, toMs);
  }

  /** Takes note of a record that no time could be told of, though its boot was over: nothing rests on it so far. */
  noteUndated(record: Pick<LedgerRecord, 'header' | 'ordinal'>): void {
    this.noteTaken(record, Number.MAX_SAFE_INTEGER, 0);
  }

  /** True where the clock was set between these readings and those before. */
  isStep({ agent, boot, epoch, seq }: RecordHeader): boolean {
    return this.#boots.get(keyOf({ agent, boot }))?.steps.includes(`${epoch}/${seq}`) === true;
  }

  /**
   * Where the ledger keeps what was read of a machine in a window of wall time before the clock was set: it knows such
   * records by the labels they came with.
   */
  *labelled(
    machine: string,
    fromMs: number,
    toMs: number,
  ): Iterable<{ agent: string; boot: string; fromMs: number; toMs: number }> {
    for (const { agent, boot, offsetMs, unset } of this.#boots.values()) {
      if (offsetMs === null || unset === null || !unset.machines.includes(machine)) continue;
      for (const [labelFromMs, labelToMs] of unset.labels)
        yield { agent, boot, fromMs: fromMs - offsetMs + labelFromMs, toMs: toMs - offsetMs + labelToMs };
    }
  }

  #bootOf({ agent, boot }: RecordHeader): Boot {
    const key = keyOf({ agent, boot });
    let known = this.#boots.get(key);
    if (known === undefined) {
      const plain = [...this.#boots.values()].filter((one) => one.agent === agent && one.unset === null);
      const [oldest] = plain;
      if (oldest !== undefined && plain.length >= BOOTS_MAX) this.#boots.delete(keyOf(oldest));
      known = { agent, boot, offsetMs: null, last: null, steps: [], unset: null };
      this.#boots.set(key, known);
    }
    return known;
  }
}

function noteUnset(boot: Boot, record: Pick<LedgerRecord, 'header' | 'ordinal' | 'receivedMs'>): void {
  const { header, ordinal, receivedMs } = record;
  const { epoch, clock, parts } = header;
  const seq = header.thinnedFrom ?? header.seq;
  const unset = (boot.unset ??= {
    epoch,
    seq,
    ordinal,
    sinceMs: receivedMs,
    labels: [],
    machines: [],
    over: false,
    taken: null,
  });
  const offsetMs = clock.wall - clock.mono;
  const label = unset.labels.find(
    ([fromMs, toMs]) => offsetMs > fromMs - STEP_MS && offsetMs < toMs + STEP_MS,
  );
  if (label === undefined) unset.labels.push([offsetMs, offsetMs]);
  else {
    label[0] = Math.min(label[0], offsetMs);
    label[1] = Math.max(label[1], offsetMs);
  }
  for (const { machine } of parts)
    if (machine !== null && !unset.machines.includes(machine)) unset.machines.push(machine);
}

function noteStep(boot: Boot, { epoch, seq, clock }: RecordHeader, offsetMs: number): void {
  const { last } = boot;
  if (last !== null) {
    const movedMs = Math.abs(offsetMs - last.offsetMs);
    if (movedMs > STEP_MS + DRIFT * Math.abs(clock.mono - last.monoMs)) boot.steps.push(`${epoch}/${seq}`);
  }
  if (last === null || clock.mono >= last.monoMs) boot.last = { seq, monoMs: clock.mono, offsetMs };
}

function keyOf({ agent, boot }: { agent: string; boot: string }): string {
  return `${agent} ${boot}`;
}

import { unfoldPart } from '../../protocols/evidence/seal.ts';
import type { EventGroup, LinkGroup, MachinePart, SampledGroup } from '../../protocols/telemetry/part.ts';
import { parseRecordHead, wallTimeMs, type RecordHeader } from '../../protocols/telemetry/record.ts';
import { reachingInto } from '../ledger/gone-ranges.ts';
import type { Ledger, LedgerRecord } from '../ledger/ledger.ts';

/** An agent that watched is heard of so often. */
const HEARD_EVERY_MS = 60_000;
/** Clocks of the originals agree with that of the thinned record within 20 ms. */
const LABEL_MS = 1000;

/** When the agent of a record was watching, by that record, wall ms, ascending; the last is its watermark. */
export function heardTimesMs(header: RecordHeader): number[] {
  const times: number[] = [];
  if (header.thinnedSince !== undefined) {
    const toMs = wallTimeMs(header, header.clock.mono);
    for (let atMs = wallTimeMs(header, header.thinnedSince); atMs < toMs; atMs += HEARD_EVERY_MS)
      times.push(atMs);
    times.push(toMs);
  }
  times.push(wallTimeMs(header, header.sealedTo));
  return times;
}

/** True for a record of which a thinned one tells as well. */
export function isThinnedFrom(ledger: Pick<Ledger, 'gone'>, { agent, epoch, seq }: RecordHeader): boolean {
  const ranges = reachingInto(ledger.gone(agent, epoch), { from: seq, to: seq });
  return ranges.some(({ fate }) => fate === 'thinned');
}

/** The originals of a thinned record that hold a part of a machine and came up to an ordinal; none of another record. */
export function* originalsOf(
  ledger: Pick<Ledger, 'readMachine'>,
  { header, bytes }: LedgerRecord,
  machine: string,
  lastOrdinal: number,
): Iterable<LedgerRecord> {
  const { agent, epoch, first, last, thinnedFrom, thinnedTo } = header;
  if (thinnedFrom === undefined || thinnedTo === undefined) return;
  // The ledger finds records by the label they came with.
  const label = parseRecordHead(bytes).header;
  const [fromMs, toMs] = [wallTimeMs(label, first) - LABEL_MS, wallTimeMs(label, last) + LABEL_MS];
  for (const original of ledger.readMachine(machine, fromMs, toMs)) {
    const { header: own, ordinal } = original;
    const isIts =
      own.agent === agent && own.epoch === epoch && own.seq >= thinnedFrom && own.seq <= thinnedTo;
    if (isIts && ordinal <= lastOrdinal) yield original;
  }
}

/** The seq of the thinned record that told of a machine what this one tells, and came before it; undefined where none did. */
export function thinnedRecordOf(
  ledger: Pick<Ledger, 'readMachine'>,
  { header, bytes, ordinal }: LedgerRecord,
  machine: string,
): number | undefined {
  const { agent, epoch, seq } = header;
  const label = parseRecordHead(bytes).header;
  const [fromMs, toMs] = [
    wallTimeMs(label, label.first) - LABEL_MS,
    wallTimeMs(label, label.last) + LABEL_MS,
  ];
  for (const { header: other, ordinal: itsOrdinal } of ledger.readMachine(machine, fromMs, toMs)) {
    const { thinnedFrom = Infinity, thinnedTo = 0 } = other;
    const isOwn = other.agent === agent && other.epoch === epoch;
    if (isOwn && seq >= thinnedFrom && seq <= thinnedTo && itsOrdinal < ordinal) return other.seq;
  }
  return undefined;
}

/** What a thinned record says of a machine beyond what originals say: readings by source and time, words and links as often as they were told. */
export function withoutOriginals(part: MachinePart, originals: readonly MachinePart[]): MachinePart {
  if (originals.length === 0) return part;
  const read = new Set<string>();
  const told = new Map<string, number>();
  const countTold = (name: string) => told.set(name, (told.get(name) ?? 0) + 1);
  for (const original of originals) {
    for (const { source, timesMs } of original.sampled)
      for (const atMs of timesMs) read.add(`${source} ${atMs}`);
    for (const name of [...original.events.flatMap(namesOfWords), ...original.links.flatMap(namesOfLinks)])
      countTold(name);
  }
  /** Takes one of what was told away; false where there is none. */
  const takeTold = (name: string): boolean => {
    const left = told.get(name) ?? 0;
    if (left > 0) told.set(name, left - 1);
    return left > 0;
  };
  return {
    machine: part.machine,
    sampled: part.sampled.flatMap((group) =>
      keepSampled(
        group,
        group.timesMs.map((atMs) => !read.has(`${group.source} ${atMs}`)),
      ),
    ),
    events: part.events.flatMap((group): EventGroup[] => {
      const kept = namesOfWords(group).map((name) => !takeTold(name));
      const timesMs = group.timesMs.filter((_, row) => kept[row]);
      return timesMs.length === 0
        ? []
        : [{ ...group, timesMs, values: group.values.filter((_, row) => kept[row]) }];
    }),
    links: part.links.flatMap((group): LinkGroup[] => {
      const kept = namesOfLinks(group).map((name) => !takeTold(name));
      const timesMs = group.timesMs.filter((_, row) => kept[row]);
      const up = group.up.filter((_, row) => kept[row]);
      const reasons = group.reasons.filter((_, row) => kept[row]);
      return timesMs.length === 0 ? [] : [{ ...group, timesMs, up, reasons }];
    }),
  };
}

/** The text of a machine's part in a record; undefined where it has none. */
export function partTextOf({ header, bytes }: LedgerRecord, machine: string): string | undefined {
  const index = header.parts.findIndex((part) => part.machine === machine);
  if (index < 0) return undefined;
  // Parts are the record's end, one after another, each as long as the header says.
  let toByte = bytes.length;
  for (let after = header.parts.length - 1; after > index; after--) toByte -= header.parts[after]?.bytes ?? 0;
  return unfoldPart(bytes.subarray(toByte - (header.parts[index]?.bytes ?? 0), toByte));
}

function keepSampled(group: SampledGroup, kept: readonly boolean[]): SampledGroup[] {
  if (kept.every(Boolean)) return [group];
  const timesMs = group.timesMs.filter((_, row) => kept[row]);
  if (timesMs.length === 0) return [];
  const places = kept.map(
    (
      (place) => (isKept: boolean) =>
        isKept ? place++ : -1
    )(0),
  );
  return [
    {
      ...group,
      timesMs,
      columns: new Map([...group.columns].map(([id, column]) => [id, column.filter((_, row) => kept[row])])),
      quality: new Map(
        [...group.quality].map(([id, runs]) => [
          id,
          runs.flatMap(([first, count, quality]) =>
            Array.from({ length: count }, (_, row) => places[first + row] ?? -1)
              .filter((place) => place >= 0)
              .map((place): [number, number, typeof quality] => [place, 1, quality]),
          ),
        ]),
      ),
    },
  ];
}

function namesOfWords({ channel, source, timesMs, values }: EventGroup): string[] {
  return timesMs.map((atMs, row) => `word ${channel} ${source} ${atMs} ${JSON.stringify(values[row])}`);
}

function namesOfLinks({ source, timesMs, up, reasons }: LinkGroup): string[] {
  return timesMs.map((atMs, row) => `link ${source} ${atMs} ${up[row]} ${reasons[row]}`);
}

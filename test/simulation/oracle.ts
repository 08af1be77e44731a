import { verifyParts, rangeDigest, unfoldPart } from '../../protocols/evidence/seal.ts';
import { decodePart } from '../../protocols/telemetry/part.ts';
import { parseReceipt } from '../../protocols/telemetry/receipt.ts';
import { parseRecord, type RecordHeader } from '../../protocols/telemetry/record.ts';
import type { AgentHost } from './agent-host.ts';
import type { Plant } from './meter.ts';
import { nameOf } from './row-writer.ts';

/** A promise that was broken, as a sentence. */
export class BrokenPromise extends Error {}

function claim(holds: boolean, sentence: () => string): asserts holds {
  if (!holds) throw new BrokenPromise(sentence());
}

/** R3 by the spool's own books: sampled = receipted + pending + rejected + thinned + dropped. */
export function checkConservation(host: AgentHost): void {
  const { spool } = host;
  if (spool === undefined) return;
  const { sampled, receipted, pending, rejected, dropped, ...rest } = spool.accounts().samples;
  const { thinned = 0 } = rest as { thinned?: number };
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  claim(
    sampled === receipted + pending + rejected + thinned + lost,
    () =>
      `conservation at ${host.setup.host}: ${sampled} sampled, but ${receipted} receipted + ${pending} pending + ${rejected} rejected + ${thinned} thinned + ${lost} dropped`,
  );
}

/** Where the collector holds another record under a seq of ours, that chain cannot go on. */
export function checkForks(host: AgentHost): void {
  const { spool, disk, setup } = host;
  if (spool === undefined) return;
  const { epoch } = spool.head;
  const forked = disk.all(
    "SELECT seq FROM records WHERE state = 'rejected' AND reason = 'fork' AND epoch = ?",
    epoch,
  );
  claim(
    forked.length === 0,
    () =>
      `${setup.host} goes on in epoch ${epoch}, of which the collector holds another record ${String(forked[0]?.['seq'])}`,
  );
}

/** A receipt may only speak of records that are durable, and of exactly those. */
export function checkReceipt(payload: Uint8Array, durable: ReadonlyMap<string, string>): void {
  const { receipt } = parseReceipt(payload);
  for (const { from, to, digest } of receipt.accepted) {
    const hashes: string[] = [];
    for (let seq = from; seq <= to; seq++) {
      const hash = durable.get(nameOf({ ...receipt, seq }));
      claim(
        hash !== undefined,
        () => `record ${seq} of ${receipt.agent}/${receipt.epoch} was receipted and is not durable`,
      );
      hashes.push(hash);
    }
    claim(
      rangeDigest(hashes) === digest,
      () => `a receipt for ${from}..${to} of ${receipt.agent} has the digest of other records`,
    );
  }
}

/** One reading as a record holds it. */
interface Held {
  seq: number;
  thinned: boolean;
}

/** What a record holds that another one holds, too, and how much that none before it holds. */
interface Repeated {
  first: string | undefined;
  fresh: number;
}

/** Whose disk was copied, and who was told so. */
export interface Copies {
  /** Whether two gateways were alive on copies of one disk. */
  areAlive: (agent: string) => boolean;
  isTold: (agent: string) => boolean;
}

/** What a set of records holds, reading by reading: `boot/channel/monotonic ms`. */
export class ReadingSet {
  readonly held = new Map<string, Held>();
  readonly #links = new Set<string>();
  readonly #plant: Plant;
  readonly #hosts: readonly AgentHost[];

  constructor(plant: Plant, hosts: readonly AgentHost[]) {
    this.#plant = plant;
    this.#hosts = hosts;
  }

  /**
   * Takes in one record's readings: each must be one that a meter gave at that time, and none may be here twice.
   * @param repeated gathers those that are here already, instead of failing for them
   */
  add(header: RecordHeader, texts: readonly string[], where: string, repeated?: Repeated): void {
    if (header.kind !== 'readings') return;
    for (const text of texts)
      this.addPart(header.boot, text, where, header.seq, header.thinnedFrom !== undefined, repeated);
  }

  /** The readings of a channel, as its meter showed them; without those of thinned records. */
  shownBy(channel: string): number[] {
    const shown: number[] = [];
    for (const [name, { thinned }] of this.held) {
      if (thinned || name.split('/')[1] !== channel) continue;
      const given = this.#hosts.find((host) => host.given.has(name))?.given.get(name);
      if (given !== undefined) shown.push(Number(given.value));
    }
    return shown;
  }

  /** What a counter showed in the readings that are here, in the order of true time. */
  counterOf(channel: string): bigint[] {
    const shown: { trueMs: number; value: bigint }[] = [];
    for (const name of this.held.keys()) {
      if (name.split('/')[1] !== channel) continue;
      const given = this.#hosts.find((host) => host.given.has(name))?.given.get(name);
      if (given !== undefined) shown.push({ trueMs: given.trueMs, value: BigInt(given.value) });
    }
    return shown.sort((a, b) => a.trueMs - b.trueMs).map(({ value }) => value);
  }

  addPart(boot: string, text: string, where: string, seq = 0, thinned = false, repeated?: Repeated): void {
    const { sampled, links } = decodePart(text);
    for (const { source, timesMs, up } of links)
      timesMs.forEach((atMs, row) => {
        const name = `${boot}/${source}/${atMs}/${up[row]}`;
        if (repeated !== undefined && !this.#links.has(name)) repeated.fresh++;
        this.#links.add(name);
      });
    for (const { timesMs, columns } of sampled)
      for (const [channel, column] of columns)
        timesMs.forEach((atMs, row) => {
          const name = `${boot}/${channel}/${atMs}`;
          const given = this.#hosts.find(({ given }) => given.has(name))?.given.get(name);
          const value = column[row];
          claim(given !== undefined, () => `${where} holds a reading that no meter gave: ${name} = ${value}`);
          const truth = this.#plant.valueOf(channel, given.trueMs);
          claim(
            value !== null && value !== undefined && BigIntOrNumber(value) === BigIntOrNumber(truth),
            () => `${where} holds ${name} = ${value}, and the meter showed ${truth}`,
          );
          const before = this.held.get(name);
          const isRepeated = before !== undefined && !before.thinned && !thinned;
          const sentence = () =>
            `${where} holds ${name} in record ${seq}, and in record ${before?.seq} again`;
          claim(!isRepeated || repeated !== undefined, sentence);
          if (repeated !== undefined && isRepeated) repeated.first ??= sentence();
          else if (repeated !== undefined) repeated.fresh++;
          this.held.set(name, before !== undefined && (thinned || isRepeated) ? before : { seq, thinned });
        });
  }
}

/** A whole number is written the same whether it came as a number or as a big one. */
function BigIntOrNumber(value: number | bigint): string {
  return String(value);
}

/** Every record of a ledger as its agent sealed it, in chains that hold, nothing twice; gives its readings. */
export function checkLedger(
  records: Iterable<{ header: RecordHeader; hash: string; bytes: Uint8Array }>,
  hosts: readonly AgentHost[],
  plant: Plant,
  /** An agent whose chain may hold two branches: its disk was copied. */
  mayBranch: (agent: string) => boolean,
  copies: Copies = { areAlive: () => false, isTold: () => false },
): ReadingSet {
  const readings = new ReadingSet(plant, hosts);
  const hashes = new Map<string, string>();
  const prevs = new Map<string, string | null>();
  for (const { bytes, hash } of records) {
    const frame = parseRecord(bytes);
    const { header } = frame;
    const name = nameOf(header);
    const signature = hosts.find(({ setup }) => setup.name === header.agent)?.signed.get(hash);
    claim(
      signature !== undefined && Buffer.compare(signature, frame.signature) === 0,
      () => `the ledger holds ${name}, which ${header.agent} never sealed`,
    );
    verifyParts(frame);
    claim(!hashes.has(name), () => `the ledger holds ${name} twice`);
    hashes.set(name, hash);
    prevs.set(name, header.prev);
    const repeated: Repeated = { first: undefined, fresh: 0 };
    readings.add(header, frame.parts.map(unfoldPart), `the ledger (${name})`, repeated);
    checkRepeated(header.agent, repeated, copies);
  }
  for (const [name, prev] of prevs) {
    const [agent = '', epoch = '', seq] = name.split('/');
    const before = hashes.get(nameOf({ agent, epoch, seq: Number(seq) - 1 }));
    if (mayBranch(agent)) continue;
    claim(before === undefined || before === prev, () => `${name} does not follow the record before it`);
  }
  return readings;
}

/**
 * Of two gateways that run on copies of one disk, each seals what was open at the copy, one of them with more. Where the copy's
 * record came first, the other's cannot be refused without losing what only it has, and cannot be sealed anew: so, and only
 * so, the ledger may hold a reading in two records. What is derived counts it once (check-readout.ts).
 */
function checkRepeated(agent: string, { first, fresh }: Repeated, copies: Copies): void {
  if (first === undefined) return;
  claim(copies.areAlive(agent), () => `${first}, and no two gateways ran on copies of one disk`);
  claim(fresh > 0, () => `${first}, and the later record holds nothing that is new`);
  claim(
    copies.isTold(agent),
    () => `${first}, and nobody was told that two gateways run on copies of one disk`,
  );
}

/** Nothing that reached an agent's disk is gone, but for what its books call dropped or thinned. */
export function checkNothingForgotten(
  host: AgentHost,
  inLedger: ReadingSet,
  plant: Plant,
  hosts: readonly AgentHost[],
  isExempt: (run: AgentHost['runs'][number]) => boolean,
): void {
  const { disk, setup } = host;
  const kept = new ReadingSet(plant, hosts);
  for (const row of disk.all('SELECT boot, part FROM open'))
    kept.addPart(String(row['boot']), String(row['part']), `the spool of ${setup.host}`);
  for (const row of disk.all("SELECT bytes FROM records WHERE state <> 'receipted'")) {
    const frame = parseRecord(row['bytes'] as Uint8Array);
    kept.add(frame.header, frame.parts.map(unfoldPart), `the spool of ${setup.host}`);
  }
  const missing: string[] = [];
  for (const run of host.runs) {
    if (isExempt(run)) continue;
    const durable = run.durable ?? host.sampledOnDisk() - run.sampledBefore;
    claim(
      durable <= run.given.length,
      () => `${setup.host} counts ${durable} samples of boot ${run.boot}, and was given ${run.given.length}`,
    );
    for (const name of run.given.slice(0, durable))
      if (!inLedger.held.has(name) && !kept.held.has(name)) missing.push(name);
  }
  const counters = disk.all(
    "SELECT name, value FROM counters WHERE name LIKE 'dropped:%' OR name = 'thinned' OR name = 'rejected'",
  );
  const counted = counters.reduce((sum, row) => sum + Number(row['value']), 0);
  claim(
    missing.length <= counted,
    () =>
      `${setup.host} had ${missing.length} readings on its disk that are nowhere any more, and counts ${counted} as dropped, thinned or rejected; the first is ${missing[0]}`,
  );
}

import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import { holesOf, insertGone, reachingInto } from './gone-ranges.ts';
import type { GoneRange } from './ledger.ts';
import { isDamage } from './month-schema.ts';
import { listMonths, monthPath } from './month-file.ts';
import { MonthToVerify, type AgentMonth, type ChainLink, type LedgerFault } from './verify-month.ts';
import type { RecordHeader } from '../../protocols/telemetry/record.ts';

/** The last record of a chain: noted down, it shows later whether anything was cut off. */
export interface ChainHead {
  agent: string;
  epoch: string;
  key: string;
  seq: number;
  hash: string;
}

/** What a whole look through a ledger found. */
export interface LedgerVerdict {
  records: number;
  /** By file and agent. */
  months: AgentMonth[];
  /** By agent and epoch. */
  heads: ChainHead[];
  /** Records that are not here because their agents thinned or dropped them, as they signed themselves. */
  gone: (GoneRange & { agent: string; epoch: string })[];
  faults: number;
  /** The first of them. */
  firstFaults: LedgerFault[];
}

/** What a look through a ledger is given. */
export interface VerifyOptions {
  folder: string;
  /** Heads that were noted earlier and must still be there. */
  since?: readonly ChainHead[];
  /** Whether an agent's key is one that this collector takes for its evidence. */
  isKnownKey: (agent: string, key: string) => boolean;
  /** Where a `log` record says that an epoch ended, the last record of it; undefined for any other record. */
  readEnd: (record: {
    header: RecordHeader;
    bytes: Uint8Array;
  }) => { epoch: string; seq: number } | undefined;
  /** How many faults are named. */
  faultsMax: number;
}

/**
 * Checks every record of a ledger, and the chains they make. Yields the share that is done, 0..1, after each record. Throws
 * an error of class `refuse` (code `no-ledger`) where there is none.
 */
export function* verifyLedger(options: VerifyOptions): Generator<number, LedgerVerdict> {
  const { folder, isKnownKey, readEnd, faultsMax, since = [] } = options;
  const names = existsSync(folder) ? listMonths(folder) : [];
  if (names.length === 0 && since.length === 0)
    throw new MillwattError('refuse', 'no-ledger', `There is no ledger in ${folder}.`, {
      cure: 'Give the configuration of a collector that has run, and run this on its computer.',
    });
  const verdict: LedgerVerdict = { records: 0, months: [], heads: [], gone: [], faults: 0, firstFaults: [] };
  const report = (fault: LedgerFault) => {
    verdict.faults++;
    if (verdict.firstFaults.length < faultsMax) verdict.firstFaults.push(fault);
  };
  const guard = <T>(file: string, otherwise: T, act: () => T): T => {
    try {
      return act();
    } catch (error) {
      if (!isDamage(error)) throw error;
      const says = `${file} is damaged: ${describeError(error)}.`;
      report({ code: 'damaged-file', file, agent: '', epoch: '', seq: 0, says });
      return otherwise;
    }
  };
  const months: MonthToVerify[] = [];
  try {
    for (const name of names) {
      const path = monthPath(folder, name);
      const month = guard(basename(path), undefined, () => new MonthToVerify(path));
      if (month !== undefined) months.push(month);
    }
    const total = Math.max(
      1,
      months.reduce((sum, month) => sum + month.count(), 0),
    );
    const ends = new Map<string, number>();
    /** Header hashes of last records that were thinned, by chain and sequence number. */
    const thinned = new Map<string, string>();
    const foreign = new Set<string>();
    for (const month of months) {
      const { file } = month;
      const steps = month.verify(report, (header, bytes, isHeadOnly) => {
        const { agent, epoch, key, seq, thinnedTo, thinnedHash } = header;
        if (thinnedTo !== undefined && thinnedHash !== undefined)
          thinned.set(`${agent}/${epoch}/${thinnedTo}`, thinnedHash);
        const end = isHeadOnly ? undefined : readEnd({ header, bytes });
        if (end !== undefined) ends.set(`${agent}/${end.epoch}`, end.seq);
        if (isKnownKey(agent, key) || foreign.has(`${agent}/${key}`)) return;
        foreign.add(`${agent}/${key}`);
        const says = `From record ${seq} on, ${agent} signs with a key in epoch ${epoch} that nobody has confirmed.`;
        report({ code: 'unknown-key', file, agent, epoch, seq, says });
      });
      for (;;) {
        const step = guard(file, undefined, () => steps.next());
        if (step === undefined) break;
        if (step.done === true) {
          verdict.months.push(...step.value);
          break;
        }
        verdict.records++;
        yield verdict.records / total;
      }
    }
    const goneOf = (agent: string, epoch: string): GoneRange[] => {
      const gone: GoneRange[] = [];
      for (const month of months)
        for (const range of guard(month.file, [], () => month.gone(agent, epoch))) insertGone(gone, range);
      return gone;
    };
    const chains = months.flatMap((month) => guard(month.file, [], () => month.chains()));
    const byName = new Map(chains.map((chain) => [`${chain.agent}/${chain.epoch}`, chain]));
    for (const name of [...byName.keys()].sort()) {
      const { agent, epoch } = byName.get(name)!;
      const noted = since.find((head) => head.agent === agent && head.epoch === epoch);
      const links = months.map((month) => month.links(agent, epoch));
      const gone = goneOf(agent, epoch);
      const hashOfThinned = (seq: number) => thinned.get(`${agent}/${epoch}/${seq}`);
      const head = guard('', undefined, () =>
        walkChain(mergeLinks(links), { gone, hashOfThinned }, report, noted),
      );
      if (head === undefined) continue;
      const tail = { from: head.last.seq + 1, to: ends.get(name) ?? 0 };
      for (const range of [...head.absent, ...within(gone, tail)])
        verdict.gone.push({ agent, epoch, ...range });
      verdict.heads.push(head.last);
      if (holesOf(tail, gone).length > 0)
        report(
          missing(
            head.last,
            'cut-tail',
            `${agent} ended epoch ${epoch} with record ${tail.to}, and the last one here is ${head.last.seq}.`,
          ),
        );
    }
    for (const [name, seq] of ends) {
      const [agent = '', epoch = ''] = name.split('/');
      if (seq <= 0 || byName.has(name)) continue;
      const gone = goneOf(agent, epoch);
      for (const range of within(gone, { from: 1, to: seq })) verdict.gone.push({ agent, epoch, ...range });
      if (holesOf({ from: 1, to: seq }, gone).length > 0)
        report(
          missing(
            { agent, epoch },
            'missing-epoch',
            `${agent} ended epoch ${epoch} with record ${seq}, and none of them is here.`,
          ),
        );
    }
    for (const { agent, epoch, seq } of since)
      if (!byName.has(`${agent}/${epoch}`))
        report(
          missing(
            { agent, epoch, seq },
            'cut-tail',
            `Record ${seq} of ${agent} was noted as the last one of epoch ${epoch}, and none of them is here.`,
          ),
        );
    return verdict;
  } finally {
    for (const month of months) month.close();
  }
}

/** Follows one chain from record to record, across the months; returns its end, and what of it is gone and absent. */
function walkChain(
  links: Iterable<ChainLink>,
  { gone, hashOfThinned }: { gone: readonly GoneRange[]; hashOfThinned: (seq: number) => string | undefined },
  report: (fault: LedgerFault) => void,
  noted: ChainHead | undefined,
): { last: ChainHead; absent: GoneRange[] } | undefined {
  const absent: GoneRange[] = [];
  let last: ChainLink | undefined;
  let wasNoted = noted === undefined;
  for (const link of links) {
    const { agent, epoch, seq, file } = link;
    const tell = (code: string, says: string) => report({ code, file, agent, epoch, seq, says });
    const next = (last?.seq ?? 0) + 1;
    if (seq === last?.seq) tell('twice', `Record ${seq} of ${agent} is there twice.`);
    else if (seq > next) {
      const hole = { from: next, to: seq - 1 };
      absent.push(...within(gone, hole));
      for (const { from, to } of holesOf(hole, gone)) {
        const range = from === to ? `Record ${from}` : `Records ${from} to ${to}`;
        tell('gap', `${range} of ${agent} in epoch ${epoch} ${from === to ? 'is' : 'are'} not here.`);
      }
      if ((hashOfThinned(seq - 1) ?? link.prev) !== link.prev)
        tell(
          'broken-chain',
          `Record ${seq} of ${agent} does not follow the record that was thinned before it.`,
        );
    } else if (link.prev !== (last?.hash ?? null))
      tell('broken-chain', `Record ${seq} of ${agent} does not follow the record before it that is here.`);
    if (last !== undefined && last.key !== link.key)
      tell('other-key', `From record ${seq} on, ${agent} signs epoch ${epoch} with another key.`);
    if (seq === noted?.seq) {
      wasNoted = true;
      if (link.hash !== noted.hash)
        tell('other-head', `Record ${seq} of ${agent} is another one than was noted.`);
    }
    last = link;
  }
  if (last === undefined) return undefined;
  const { agent, epoch, key, seq, hash } = last;
  if (!wasNoted && noted !== undefined)
    report(
      missing(
        noted,
        'cut-tail',
        `Record ${noted.seq} of ${agent} was noted as the last one of epoch ${epoch}, and is not here: the last one is ${seq}.`,
      ),
    );
  return { last: { agent, epoch, key, seq, hash }, absent };
}

/** What of a stretch is gone. */
function within(gone: readonly GoneRange[], stretch: { from: number; to: number }): GoneRange[] {
  return reachingInto(gone, stretch).map(({ from, to, fate }) => ({
    from: Math.max(from, stretch.from),
    to: Math.min(to, stretch.to),
    fate,
  }));
}

/** The links of all months, by sequence number: what came late is in a later month. */
function* mergeLinks(months: readonly Iterator<ChainLink>[]): Generator<ChainLink, void> {
  const next = months.map((month) => month.next());
  for (;;) {
    let first: { seq: number; index: number } | undefined;
    for (const [index, one] of next.entries())
      if (one.done !== true && one.value.seq < (first?.seq ?? Infinity))
        first = { seq: one.value.seq, index };
    const link = first === undefined ? undefined : next[first.index];
    if (first === undefined || link === undefined || link.done === true) return;
    yield link.value;
    next[first.index] = months[first.index]!.next();
  }
}

function missing(
  of: { agent: string; epoch: string; seq?: number },
  code: string,
  says: string,
): LedgerFault {
  return { code, file: '', agent: of.agent, epoch: of.epoch, seq: of.seq ?? 0, says };
}

import { readFileSync } from 'node:fs';
import { writeDurably } from '../../protocols/durable-file.ts';
import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';

/** Asked for this often at once a minute, then ever more seldom, and not for ever; real ms. */
const PATIENCE_MS = 60_000;
const PATIENT_ASKS = 10;
const PATIENCE_MS_MAX = 86_400_000;
const ASKS_MAX = 30;
/** So many before it are asked for with it: where one is of another branch, those before it may be. */
const RANGE_RECORDS = 16;

/** No one may fill our memory or disk with names. */
const WANTED_OF_AGENT_MAX = 100;
const WANTED_MAX = 10_000;
const REFUSED_MAX = 10_000;

interface Wanted {
  agent: string;
  epoch: string;
  seq: number;
  hash: string;
  asks: number;
  askMs: number;
}

/**
 * Records that other records name as the one before them, and in whose place the ledger holds another or none. Two gateways
 * that run on copies of one disk seal two branches of an epoch; a ledger that is restored from a backup may have lost
 * records of the one, and get those of the other in their places. Nobody would miss the first: it is asked for until its
 * agent sends it and is told that it will not be taken. Remembered over restarts, in `wanted-records.json`.
 */
export class WantedRecords {
  readonly #path: string;
  readonly #realMs: () => number;
  readonly #log: Log;
  readonly #wanted = new Map<string, Wanted>();
  /** Records that came and were refused: who has them knows. */
  readonly #refused = new Set<string>();
  #isWritten = true;

  /**
   * @param options.path of the file that remembers
   * @param options.realMs real monotonic time, ms
   */
  constructor(options: { path: string; realMs: () => number; log: Log }) {
    this.#path = options.path;
    this.#realMs = options.realMs;
    this.#log = options.log;
    for (const one of readWanted(this.#path, this.#log)) this.#add(one);
  }

  /**
   * A record names this one as its predecessor. Durable when it returns, where the disk takes it. False where it came before,
   * and was refused.
   */
  note(record: { agent: string; epoch: string; seq: number; hash: string }): boolean {
    const { agent, epoch, seq, hash } = record;
    const name = nameOf(record);
    if (this.#refused.has(name)) return false;
    if (this.#wanted.has(name)) return true;
    const others = [...this.#wanted].filter(([, one]) => one.agent === agent);
    const [oldest] = this.#wanted.keys();
    if (others[0] !== undefined && others.length >= WANTED_OF_AGENT_MAX) this.#wanted.delete(others[0][0]);
    else if (oldest !== undefined && this.#wanted.size >= WANTED_MAX) this.#wanted.delete(oldest);
    this.#add({ agent, epoch, seq, hash });
    this.#write();
    return true;
  }

  /** This record is here now. */
  noteHere(record: { agent: string; epoch: string; seq: number; hash: string }): void {
    if (this.#wanted.size > 0 && this.#wanted.delete(nameOf(record))) this.#write();
  }

  /** This record came, and whoever sent it is told that it will never be here. */
  noteRefused(record: { agent: string; epoch: string; seq: number; hash: string }): void {
    if (this.#refused.size >= REFUSED_MAX) this.#refused.clear();
    this.#refused.add(nameOf(record));
    this.noteHere(record);
  }

  /** What to ask for now. @param isHere whether the ledger holds exactly this record */
  due(
    isHere: (record: Pick<Wanted, 'agent' | 'epoch' | 'seq' | 'hash'>) => boolean,
  ): { agent: string; epoch: string; from: number; to: number }[] {
    const nowMs = this.#realMs();
    const due: { agent: string; epoch: string; from: number; to: number }[] = [];
    for (const [name, one] of this.#wanted) {
      if (nowMs < one.askMs) continue;
      one.asks += 1;
      if (one.asks > ASKS_MAX || isHere(one)) {
        this.#wanted.delete(name);
        this.#isWritten = false;
        continue;
      }
      // Whoever has it answers at once; it may be away, or have let it go.
      one.askMs = nowMs + Math.min(PATIENCE_MS_MAX, PATIENCE_MS * 2 ** Math.max(0, one.asks - PATIENT_ASKS));
      due.push({ agent: one.agent, epoch: one.epoch, ...rangeTo(one.seq) });
    }
    if (!this.#isWritten) this.#write();
    return due;
  }

  #add(record: Pick<Wanted, 'agent' | 'epoch' | 'seq' | 'hash'>): void {
    this.#wanted.set(nameOf(record), { ...record, asks: 0, askMs: this.#realMs() });
  }

  #write(): void {
    const wanted = [...this.#wanted.values()].map(({ agent, epoch, seq, hash }) => ({
      agent,
      epoch,
      seq,
      hash,
    }));
    try {
      writeDurably(this.#path, `${JSON.stringify({ v: 1, wanted })}\n`);
      this.#isWritten = true;
    } catch (error) {
      // In memory it is remembered, and written with the next one or when it is next looked at.
      if (this.#isWritten)
        this.#log.warn({ error: describeError(error) }, 'What agents are to be asked for cannot be written.');
      this.#isWritten = false;
    }
  }
}

/** A record and those just before it. */
export function rangeTo(seq: number): { from: number; to: number } {
  return { from: Math.max(1, seq - RANGE_RECORDS + 1), to: seq };
}

function nameOf({ agent, epoch, seq, hash }: Pick<Wanted, 'agent' | 'epoch' | 'seq' | 'hash'>): string {
  return `${agent}/${epoch}/${seq}/${hash}`;
}

/** Which records the text of `wanted-records.json` names. Throws `SyntaxError` or `TypeError` where it is no such text. */
export function parseWanted(text: string): Pick<Wanted, 'agent' | 'epoch' | 'seq' | 'hash'>[] {
  const { wanted } = JSON.parse(text) as { wanted: Record<string, unknown>[] };
  return wanted.map(({ agent, epoch, seq, hash }) => ({
    agent: String(agent),
    epoch: String(epoch),
    seq: Number(seq),
    hash: String(hash),
  }));
}

/** What cannot be read is found again when a record comes that shows it. */
function readWanted(path: string, log: Log): ReturnType<typeof parseWanted> {
  try {
    return parseWanted(readFileSync(path, 'utf8'));
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT')
      log.warn({ error: describeError(error) }, 'What agents are to be asked for cannot be read.');
    return [];
  }
}

import { describeError, MillwattError } from '../../protocols/errors.ts';
import { rotatedFrom } from '../../protocols/evidence/key-rotation.ts';
import type { Log } from '../../protocols/log.ts';
import type { AdmissionLedger } from '../ledger/sqlite-ledger.ts';
import { CarriedReadings } from './carried-readings.ts';
import { ChannelClaims } from './channel-claims.ts';
import { examineRecord, type SoundRecord } from './examine-record.ts';
import type { Findings } from './findings.ts';
import type { KeyWatch } from './key-watch.ts';
import type { AgentKeys } from './keys.ts';
import type { Quarantine } from './quarantine.ts';
import { QuietLog } from './quiet-log.ts';
import type { ReceiptIssuer } from './receipts.ts';
import type { RoomWatch } from './room-watch.ts';
import { rangeTo, type WantedRecords } from './wanted-records.ts';

/** Bytes on their way into the ledger; what comes above is left to be sent again. */
const UNDER_WAY_BYTES_MAX = 32 * 1024 * 1024;

/** Every message is in exactly one of these: messages = admitted + duplicates + rejected + shed + failed + deciding. */
export interface AdmissionCounts {
  messages: number;
  bytes: number;
  /** Newly durable records and their readings. */
  admitted: number;
  samples: number;
  /** Receipted again, not stored again. */
  duplicates: number;
  /** Of `rejected`: other contents under a known sequence number. */
  forks: number;
  /** By reason. */
  rejected: Record<string, number>;
  /** Not taken because too much was under way. */
  shed: number;
  /** Not taken because the ledger could not be written. */
  failed: number;
  /** On their way just now. */
  deciding: number;
}

/** What admission decides with, and whom it tells. */
export interface AdmissionParts {
  site: string;
  ledger: AdmissionLedger;
  receipts: ReceiptIssuer;
  quarantine: Quarantine;
  keys: Pick<AgentKeys, 'isRevoked'>;
  keyWatch: Pick<KeyWatch, 'noteHandover' | 'noteTaken' | 'noteRefused'>;
  findings: Findings;
  /** What other records name, and is not here. */
  wanted: Pick<WantedRecords, 'note' | 'noteHere' | 'noteRefused'>;
  /** Whether there is room for records; without it there is until a write fails. */
  room?: Pick<RoomWatch, 'isFull' | 'noteFull'>;
  /** Wall time of arrival, ms since the Unix epoch. */
  wallMs: () => number;
  /** Real monotonic time, ms. */
  realMs: () => number;
  log: Log;
  /** A record is durable: readers of the ledger may wake. */
  onAdmitted: (record: SoundRecord) => void;
  /** Our own invariant broke: nothing more can be taken. */
  onCrash: (error: MillwattError) => void;
}

/** Decides about every message, and never lets a receipt out before the ledger has the record. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #quiet: QuietLog;
  readonly #claims = new ChannelClaims();
  readonly #carried: CarriedReadings;
  /** The key that began each chain: an epoch never changes hands. */
  readonly #chainKeys = new Map<string, string>();
  /** Hashes of the records on their way into the ledger. */
  readonly #appending = new Map<string, string>();
  readonly #rejected = new Map<string, number>();
  readonly #underWay = new Set<Promise<void>>();
  #underWayBytes = 0;
  readonly #counts = {
    messages: 0,
    bytes: 0,
    admitted: 0,
    samples: 0,
    duplicates: 0,
    forks: 0,
    shed: 0,
    failed: 0,
  };

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
    this.#quiet = new QuietLog(parts.realMs);
    this.#carried = new CarriedReadings(parts.ledger);
    for (const { agent, epoch, key } of parts.ledger.chains()) this.#chainKeys.set(`${agent}/${epoch}`, key);
    for (const { bytes, header, ordinal } of parts.ledger.configRecords()) {
      const known = examineRecord(bytes, header);
      if ('header' in known) this.#claim(known, ordinal);
    }
  }

  /** Settles when the message is decided and, where it is to be kept, durable. Never throws. */
  admit(agent: string, bytes: Uint8Array): Promise<void> {
    this.#counts.messages++;
    this.#counts.bytes += bytes.length;
    if (this.#underWayBytes + bytes.length > UNDER_WAY_BYTES_MAX) {
      this.#counts.shed++;
      this.#quiet.say('shed', (swallowed) =>
        this.#parts.log.warn(
          { swallowed },
          'The ledger is slower than the agents; records are left to be sent again.',
        ),
      );
      return Promise.resolve();
    }
    this.#underWayBytes += bytes.length;
    const deciding = this.#decide(agent, bytes).finally(() => {
      this.#underWayBytes -= bytes.length;
      this.#underWay.delete(deciding);
    });
    this.#underWay.add(deciding);
    return deciding;
  }

  counts(): AdmissionCounts {
    return { ...this.#counts, rejected: Object.fromEntries(this.#rejected), deciding: this.#underWay.size };
  }

  /** Resolves when every message that came so far is decided. */
  async settle(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #decide(agent: string, bytes: Uint8Array): Promise<void> {
    try {
      const record = examineRecord(bytes, { site: this.#parts.site, agent });
      if (!('header' in record)) {
        this.#reject(agent, bytes, record);
        return;
      }
      const { epoch, seq } = record.header;
      const known = this.#parts.ledger.hashOf(agent, epoch, seq);
      if (known === record.hash) {
        if (await this.#parts.ledger.mend(record)) this.#parts.onAdmitted(record);
        this.#acceptAgain(record);
      } else if (this.#parts.keys.isRevoked(agent, record.header.key)) this.#refuseKey(record);
      else if (this.#isForeign(record))
        this.#rejectFork(
          record,
          `Record ${seq} of agent ${agent} is not signed by the key that began its epoch.`,
        );
      else if (known !== undefined)
        this.#rejectBranch(record, `Record ${seq} of agent ${agent} was sealed twice.`);
      else {
        const toldBefore = this.#carried.toldBefore(record);
        if (toldBefore === 'all')
          this.#rejectFork(
            record,
            `Record ${seq} of agent ${agent} holds only readings that another of its records holds.`,
          );
        else await this.#append(record, toldBefore === 'some');
      }
    } catch (error) {
      this.#counts.failed++;
      if (error instanceof MillwattError && error.code === 'ledger-full' && this.#parts.room !== undefined) {
        // Said once, and again when there is room.
        this.#parts.room.noteFull();
        return;
      }
      this.#quiet.say('failed', (swallowed) =>
        this.#parts.log.error(
          { agent, swallowed, error: describeError(error) },
          'A record could not be taken.',
        ),
      );
      if (error instanceof MillwattError && error.remedy === 'crash') this.#parts.onCrash(error);
    }
  }

  async #append(record: SoundRecord, tellsAgain: boolean): Promise<void> {
    const { header, hash, bytes, gone } = record;
    if (this.#parts.room?.isFull() === true) {
      this.#counts.failed++;
      return;
    }
    const name = `${header.agent}/${header.epoch}/${header.seq}`;
    if (this.#appending.get(name) === hash) {
      // The same record twice at once: one of them is the duplicate.
      await this.#parts.ledger.append({ header, hash, bytes, gone, receivedMs: this.#parts.wallMs() });
      this.#acceptAgain(record);
      return;
    }
    const chain = `${header.agent}/${header.epoch}`;
    const beginsChain = !this.#chainKeys.has(chain);
    if (beginsChain) this.#chainKeys.set(chain, header.key);
    if (!this.#appending.has(name)) this.#appending.set(name, hash);
    let ordinal: number;
    try {
      ordinal = await this.#parts.ledger.append({
        header,
        hash,
        bytes,
        gone,
        receivedMs: this.#parts.wallMs(),
      });
    } catch (error) {
      if (error instanceof MillwattError && error.code === 'fork') {
        this.#rejectBranch(record, error.message);
        return;
      }
      if (beginsChain) this.#chainKeys.delete(chain);
      throw error;
    } finally {
      if (this.#appending.get(name) === hash) this.#appending.delete(name);
    }
    this.#counts.admitted++;
    this.#counts.samples += header.samples;
    this.#parts.receipts.accept({ agent: header.agent, epoch: header.epoch, seq: header.seq, hash });
    try {
      this.#look(record, ordinal, tellsAgain);
    } catch (error) {
      // It is durable and counted: what could not be looked at changes nothing of that.
      this.#quiet.say('look', (swallowed) =>
        this.#parts.log.error(
          { agent: header.agent, swallowed, error: describeError(error) },
          'A record is taken, but could not be compared with others.',
        ),
      );
      if (error instanceof MillwattError && error.remedy === 'crash') this.#parts.onCrash(error);
    }
    this.#parts.onAdmitted(record);
  }

  #acceptAgain(record: SoundRecord): void {
    const { header, hash } = record;
    const { agent, epoch, seq } = header;
    // The collector may have died between taking it and looking at it.
    this.#compare(record);
    this.#counts.duplicates++;
    this.#parts.receipts.accept({ agent, epoch, seq, hash });
  }

  /** Looks whether the record before it is the one that is here, and whether the one behind it names it: gives which does not follow. */
  #compare({ header, hash }: SoundRecord): number[] {
    const { agent, epoch, seq, prev } = header;
    const { ledger, wanted, receipts } = this.#parts;
    const broken: number[] = [];
    const before = seq === 1 ? undefined : ledger.hashOf(agent, epoch, seq - 1);
    if (before !== undefined && prev !== null && before !== prev) {
      broken.push(seq);
      // In one message with the receipt: it lets go of this one, and is asked for the other.
      if (wanted.note({ agent, epoch, seq: seq - 1, hash: prev }))
        receipts.request(agent, epoch, [rangeTo(seq - 1)]);
    }
    const after = ledger.prevOf(agent, epoch, seq + 1);
    if (typeof after === 'string' && after !== hash) {
      broken.push(seq + 1);
      // Not asked for at once: whoever sent this one does not have it.
      wanted.note({ agent, epoch, seq, hash: after });
    }
    return broken;
  }

  #isForeign({ header: { agent, epoch, key } }: SoundRecord): boolean {
    const began = this.#chainKeys.get(`${agent}/${epoch}`);
    return began !== undefined && began !== key;
  }

  /** Not rejected: the agent keeps it as it keeps what was never sent, and a person may decide otherwise. */
  #refuseKey({ header: { agent, epoch, key } }: SoundRecord): void {
    this.#rejected.set('revoked-key', (this.#rejected.get('revoked-key') ?? 0) + 1);
    this.#parts.keyWatch.noteRefused(agent, key);
    this.#parts.receipts.refuseKey(agent, epoch);
  }

  /** Another branch of its epoch is here: whoever sealed this one may have lost records before it in the same way. */
  #rejectBranch(record: SoundRecord, message: string): void {
    const { header, hash } = record;
    const { agent, epoch, seq, prev } = header;
    const { ledger, wanted, receipts } = this.#parts;
    const follows = prev === null || ledger.hashOf(agent, epoch, seq - 1) === prev;
    this.#rejectFork(record, message);
    wanted.noteRefused({ agent, epoch, seq, hash });
    if (follows || !wanted.note({ agent, epoch, seq: seq - 1, hash: prev })) return;
    receipts.request(agent, epoch, [rangeTo(seq - 1)]);
  }

  #rejectFork(record: SoundRecord, message: string): void {
    const { agent, epoch, seq } = record.header;
    this.#counts.forks++;
    this.#reject(agent, record.bytes, { reason: 'fork', message, epoch, seq, hash: record.hash });
  }

  #reject(
    agent: string,
    bytes: Uint8Array,
    refused: {
      reason: string;
      message: string;
      epoch: string | undefined;
      seq: number | undefined;
      hash: string | null;
    },
  ): void {
    const { reason, message, epoch, seq, hash } = refused;
    this.#rejected.set(reason, (this.#rejected.get(reason) ?? 0) + 1);
    this.#parts.quarantine.keep(bytes, { reason, message, agent });
    // A newer agent keeps its records until we are updated; a rejection would make it give them up.
    if (reason === 'unknown-version' || epoch === undefined || seq === undefined) return;
    // A spoilt copy of a record that we hold takes nothing back from the good one.
    if (hash !== null && this.#parts.ledger.hashOf(agent, epoch, seq) === hash) return;
    this.#parts.receipts.reject(agent, epoch, { seq, hash, reason });
  }

  /** What is found once a record is durable: it changes no receipt. */
  #look(record: SoundRecord, ordinal: number, tellsAgain: boolean): void {
    const { header, hash } = record;
    const { agent, epoch, seq } = header;
    const { ledger, wanted, findings, keyWatch, wallMs } = this.#parts;
    wanted.noteHere({ agent, epoch, seq, hash });
    this.#carried.note(header, ordinal);
    if (tellsAgain)
      findings.report(
        'repeated-readings',
        agent,
        `Record ${seq} of agent ${agent} in epoch ${epoch} repeats readings of another record beside new ones: two gateways run on copies of one disk. Nothing is lost, and each reading is counted once; stop one of the two, and give it a data folder and a name of its own.`,
        wallMs(),
      );
    for (const at of this.#compare(record))
      findings.report(
        'broken-chain',
        agent,
        `Record ${at} of agent ${agent} in epoch ${epoch} does not follow the record before it; its evidence is in doubt.`,
        wallMs(),
      );
    const from = rotatedFrom(header);
    if (from !== undefined) keyWatch.noteHandover({ agent, from, to: header.key, receivedMs: wallMs() });
    keyWatch.noteTaken(agent, header.key, ledger.hashOf(agent, epoch, 1) !== undefined);
    this.#claim(record, ordinal);
  }

  #claim({ header, snapshot }: SoundRecord, ordinal: number): void {
    if (snapshot === undefined) return;
    for (const [other, channels] of this.#claims.claim(header.agent, ordinal, snapshot))
      this.#parts.findings.report(
        'channel-conflict',
        header.agent,
        `Agents ${[header.agent, other].sort().join(' and ')} both claim ${channels.slice(0, 5).join(', ')}${channels.length > 5 ? ` and ${channels.length - 5} more` : ''}; take it out of one of them.`,
        this.#parts.wallMs(),
      );
  }
}

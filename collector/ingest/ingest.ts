import { join } from 'node:path';
import type { MillwattError } from '../../protocols/errors.ts';
import { loadKeyFile } from '../../protocols/evidence/key-file.ts';
import type { SigningKey } from '../../protocols/evidence/keys.ts';
import type { Log } from '../../protocols/log.ts';
import type { Link } from '../../protocols/mqtt/link.ts';
import { systemTimers, type Timers } from '../../protocols/timers.ts';
import type { AdmissionLedger } from '../ledger/sqlite-ledger.ts';
import { Admission } from './admission.ts';
import { AskedRecords } from './asked-records.ts';
import { DamageRequests } from './damage-requests.ts';
import { EpochEnds, learnEnds } from './epoch-ends.ts';
import { Findings } from './findings.ts';
import { sayOffset } from './clock-offsets.ts';
import { GapRequests } from './gap-requests.ts';
import type { KeyActSource } from '../journal/key-acts.ts';
import { KeyWatch } from './key-watch.ts';
import { AgentKeys, handoversOf } from './keys.ts';
import type { LiveState } from './live-state.ts';
import { Quarantine } from './quarantine.ts';
import { ReceiptIssuer } from './receipts.ts';
import { RoomWatch } from './room-watch.ts';
import { withToldHeads } from './told-heads.ts';
import { WantedRecords } from './wanted-records.ts';
import { startSubscriber, type CollectorLink, type Subscriber } from './subscriber.ts';

const GAP_CHECK_MS = 5000;
const LAST_RECEIPTS_MS = 1000;
const KEY_LOST = 'Restore the file from a backup. With a new key every agent must be told to trust it.';

/** Everything between the broker and the ledger. */
export interface Ingest {
  /** What agents pin: 32 raw bytes, base64url. */
  publicKey: string;
  live: LiveState;
  keys: AgentKeys;
  keyWatch: KeyWatch;
  findings: Findings;
  quarantine: Quarantine;
  receipts: ReceiptIssuer;
  admission: Admission;
  subscriber: Subscriber;
  /** Undefined where nobody watches the disk. */
  room: RoomWatch | undefined;
  /** Decides what has come, sends the last receipts (for at most a second), and leaves the broker. */
  stop(): Promise<void>;
}

/** Reads keys, then follows the agents of a site: records into the ledger, receipts back, the rest into the live state. */
export function startIngest(options: {
  site: string;
  collector: string;
  /** Folder of the collector's key and the quarantine. */
  folder: string;
  /** Instead of the key in the folder. */
  key?: SigningKey;
  ledger: AdmissionLedger;
  live: LiveState;
  connect: (link: CollectorLink) => Link;
  /** Collector wall time, ms since the Unix epoch. */
  wallMs: () => number;
  /** Real monotonic time, ms. */
  realMs: () => number;
  /** Real time; that of the process by default. */
  timers?: Timers;
  /** The disk of the ledger; without it a full one shows when a write fails only. */
  room?: { reserveBytes: number; freeBytes: () => number };
  /** What people decided about agents' keys; without it nobody did. */
  keyActs?: KeyActSource | undefined;
  log: Log;
  /** A record became durable. */
  onAdmitted: () => void;
  /** Our own invariant broke; called once. */
  onCrash: (error: MillwattError) => void;
}): Ingest {
  const { site, collector, folder, ledger, live, connect, wallMs, realMs, log } = options;
  const timers = options.timers ?? systemTimers;
  const key = options.key ?? loadKeyFile(join(folder, 'collector-key.pem'), KEY_LOST);
  const keys = new AgentKeys(ledger.chains(), options.keyActs, handoversOf(ledger.configRecords()));
  const findings = new Findings(log);
  const keyWatch = new KeyWatch({ keys, findings, wallMs, realMs, log });
  for (const { agent, key, contiguousSeq } of ledger.chains())
    if (contiguousSeq === 0) keyWatch.awaitFirst(agent, key);
  const quarantine = new Quarantine({ folder: join(folder, 'quarantine'), log, realMs });
  const receipts = new ReceiptIssuer({
    site,
    collector,
    key,
    wallMs,
    timers,
    publish: (topic, payload) => subscriber.link.publish(topic, payload, { qos: 1 }),
  });
  const ends = new EpochEnds(realMs);
  learnEnds(ends, ledger);
  const wanted = new WantedRecords({ path: join(folder, 'wanted-records.json'), realMs, log });
  const room = options.room === undefined ? undefined : new RoomWatch({ ...options.room, timers, log });
  let crashed = false;
  const admission = new Admission({
    site,
    ledger,
    receipts,
    quarantine,
    keys,
    keyWatch,
    findings,
    wanted,
    ...(room === undefined ? {} : { room }),
    wallMs,
    realMs,
    log,
    onAdmitted: ({ header, ended }) => {
      if (ended !== undefined) ends.learn(header.agent, ended);
      options.onAdmitted();
    },
    onCrash: (error) => {
      if (!crashed) options.onCrash(error);
      crashed = true;
    },
  });
  const subscriber = startSubscriber({
    site,
    // Of its own for every key, so that a second collector does not push this one off the broker.
    clientId: `${collector}-${key.publicKey.slice(0, 8)}`,
    connect,
    admit: (agent, payload) => admission.admit(agent, payload),
    live,
    timers,
    log,
  });
  const gaps = new GapRequests(realMs);
  const damage = new DamageRequests(realMs);
  const asked = new AskedRecords(log);
  const cancelGaps = timers.every(GAP_CHECK_MS, () => {
    keyWatch.refresh();
    for (const { agent, offsetMs } of live.clocks.takeFound())
      findings.report('clock-offset', agent, sayOffset(agent, offsetMs), wallMs());
    if (!subscriber.link.connected()) return;
    const chains = ledger.chains();
    const heads = new Map(chains.map(({ agent, epoch, headSeq }) => [`${agent}/${epoch}`, headSeq]));
    const headOf = (agent: string, epoch: string) => heads.get(`${agent}/${epoch}`) ?? 0;
    const gone = (agent: string, epoch: string) => ledger.gone(agent, epoch);
    for (const { agent, epoch, from, to } of ends.due(headOf, gone))
      receipts.request(agent, epoch, [{ from, to }]);
    const hashOf = (agent: string, epoch: string, seq: number) => ledger.hashOf(agent, epoch, seq);
    for (const end of ends.takeOthers(hashOf)) wanted.note(end);
    const isHere = ({
      agent,
      epoch,
      seq,
      hash,
    }: {
      agent: string;
      epoch: string;
      seq: number;
      hash: string;
    }) => ledger.hashOf(agent, epoch, seq) === hash;
    for (const { agent, epoch, ...range } of wanted.due(isHere)) receipts.request(agent, epoch, [range]);
    for (const { agent, epoch, seq } of damage.due(ledger.damaged(), gone))
      receipts.request(agent, epoch, [{ from: seq, to: seq }]);
    for (const chain of withToldHeads(chains, live.agents(), gone)) {
      const due = gaps.due(chain, (agent, epoch, limit) => [
        ...ledger.missing(agent, epoch, limit),
        ...chain.told,
      ]);
      asked.noteProgress(chain);
      if (due.length === 0) continue;
      const known = chains.find(({ agent, epoch }) => agent === chain.agent && epoch === chain.epoch);
      // Under a revoked key nothing would be taken.
      if (known !== undefined && keys.isRevoked(known.agent, known.key)) continue;
      receipts.request(chain.agent, chain.epoch, due);
      asked.noteAsked(chain, (known?.missing ?? 0) + recordsOf(chain.told));
    }
  });

  return {
    publicKey: key.publicKey,
    live,
    keys,
    keyWatch,
    findings,
    quarantine,
    receipts,
    admission,
    subscriber,
    room,
    stop: async () => {
      cancelGaps();
      room?.stop();
      await admission.settle();
      // An agent that misses its last receipt sends again and is receipted then.
      await Promise.race([receipts.flush(), pause(timers, LAST_RECEIPTS_MS)]);
      await subscriber.link.close();
      await admission.settle();
      await quarantine.settle();
    },
  };
}

function recordsOf(ranges: readonly { from: number; to: number }[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

function pause(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => {
    timers.after(ms, resolve);
  });
}

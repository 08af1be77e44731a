import { describeError } from '../protocols/errors.ts';
import { verifySignature } from '../protocols/evidence/keys.ts';
import { rangeDigest } from '../protocols/evidence/seal.ts';
import { parseReceipt, type Receipt } from '../protocols/telemetry/receipt.ts';

/** A range beyond this is not looked up: a receipt speaks of what was just published. */
const RANGE_RECORDS_MAX = 10_000;

const REPLACED_CURE =
  'If the collector was replaced on purpose, write its key as collectorKey, or give the new one the old collector-key.pem; otherwise find out who sent it.';

/** Why a receipt changes nothing. */
export const RECEIPT_FAULTS = ['malformed', 'forged', 'foreign', 'stale', 'mismatched'] as const;
export type ReceiptFault = (typeof RECEIPT_FAULTS)[number];

/** What a receipt allows the agent to do. */
export interface ReceiptVerdict {
  receipt: Receipt;
  /** Ranges whose digest is that of our own records; only these may be forgotten. */
  accepted: { from: number; to: number }[];
  /** Rejections of records that are ours. */
  rejected: { seq: number; reason: string }[];
  requested: { from: number; to: number }[];
  /** Ranges and rejections that do not speak of our records. */
  mismatched: number;
}

/** What the agent knows, to hold a receipt against. */
export interface ReceiptContext {
  site: string;
  agent: string;
  /** The collector key that is pinned; undefined lets the first one be taken. */
  collectorKey: string | undefined;
  /** Hashes of our records from..to in order, with how many still wait; undefined when one of them is not ours or not kept. */
  hashes: (epoch: string, from: number, to: number) => { hashes: string[]; pending: number } | undefined;
}

/** Why a receipt is ignored, as sentences. */
interface Refusal {
  fault: ReceiptFault;
  reason: string;
  /** Where a person can do something about it. */
  cure?: string;
}

/** Holds a receipt against what we sealed: the verdict, or the fault for which it is ignored. */
export function checkReceipt(bytes: Uint8Array, context: ReceiptContext): ReceiptVerdict | Refusal {
  let frame: ReturnType<typeof parseReceipt>;
  try {
    frame = parseReceipt(bytes);
  } catch (error) {
    return { fault: 'malformed', reason: describeError(error) };
  }
  const { receipt, signedBytes, signature } = frame;
  if (context.collectorKey !== undefined && receipt.key !== context.collectorKey) {
    return {
      fault: 'foreign',
      reason: `It is signed by ${receipt.key}, and this agent obeys ${context.collectorKey} only.`,
      cure: REPLACED_CURE,
    };
  }
  if (!verifySignature(receipt.key, signedBytes, signature))
    return { fault: 'forged', reason: 'Its signature is not that of the key it names.' };
  if (receipt.site !== context.site || receipt.agent !== context.agent) {
    return { fault: 'foreign', reason: `It is for agent ${receipt.agent} of site ${receipt.site}.` };
  }
  return hold(receipt, context);
}

function hold(receipt: Receipt, context: ReceiptContext): ReceiptVerdict | Refusal {
  const verdict: ReceiptVerdict = {
    receipt,
    accepted: [],
    rejected: [],
    requested: receipt.requested.filter(isReasonable),
    mismatched: 0,
  };
  let news = verdict.requested.length;
  for (const range of receipt.accepted) {
    const own = isReasonable(range) ? context.hashes(receipt.epoch, range.from, range.to) : undefined;
    if (own === undefined || rangeDigest(own.hashes) !== range.digest) {
      verdict.mismatched += 1;
      continue;
    }
    verdict.accepted.push({ from: range.from, to: range.to });
    news += own.pending;
  }
  for (const { seq, hash, reason } of receipt.rejected) {
    const own = context.hashes(receipt.epoch, seq, seq);
    if (own === undefined || (hash !== null && own.hashes[0] !== hash)) {
      verdict.mismatched += 1;
      continue;
    }
    verdict.rejected.push({ seq, reason });
    news += own.pending;
  }
  if (receipt.keyRevoked === true) return verdict;
  if (verdict.accepted.length + verdict.rejected.length + verdict.requested.length === 0)
    return { fault: 'mismatched', reason: 'It speaks of records that are not ours, or not kept any more.' };
  if (news === 0) return { fault: 'stale', reason: 'All that it says is known.' };
  return verdict;
}

function isReasonable({ from, to }: { from: number; to: number }): boolean {
  return to - from < RANGE_RECORDS_MAX;
}

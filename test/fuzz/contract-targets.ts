import { expect } from 'vitest';
import { checkReceipt } from '../../agent/receipt-check.ts';
import { examineRecord } from '../../collector/ingest/examine-record.ts';
import { readHealth, readLive, readStatus } from '../../collector/ingest/live-messages.ts';
import { verifyRecord, unfoldPart } from '../../protocols/evidence/seal.ts';
import { announcedTextBytes } from '../../protocols/evidence/zstd-frame.ts';
import { decodeAgentLog, encodeAgentLog } from '../../protocols/telemetry/agent-log.ts';
import { decodePart, encodePart } from '../../protocols/telemetry/part.ts';
import { parseReceipt } from '../../protocols/telemetry/receipt.ts';
import { assembleRecord, parseRecord } from '../../protocols/telemetry/record.ts';
import { decodeSnapshot, encodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import { agentKey, collectorKey } from '../contracts/golden-content.ts';
import type { FuzzTarget } from './fuzz-target.ts';
import { goldenFile, goldenFiles } from './golden-files.ts';

const RECORDS = goldenFiles('.mwb');
const RECEIPT = goldenFile('receipt.mwr');
const ENVELOPES = [
  '{"v":1,"machine":"mill-1","at":1763700000000,"values":{"mill-1.supply.activePower":{"value":412.5,"unit":"W","ageMs":12,"quality":"good"}},"down":[{"source":"meter-1","reason":"timeout"}]}',
  '{"v":1,"online":true,"version":"0.1.0","boot":"b7c1d9e2f3a4","epoch":"k3x9mq02vnaz","seq":7}',
].map((json) => Buffer.from(json));

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

/** What agent and collector tell each other. */
export const CONTRACT_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'a record is refused, or is whole',
    share: 110,
    inputs: RECORDS,
    read: (input) => {
      verifyRecord(parseRecord(input));
      // Whatever verifies is what was signed.
      expect(RECORDS.some((record) => input.equals(record))).toBe(true);
    },
  },
  {
    name: 'a record on admission is sound, or unsound with a reason',
    share: 60,
    inputs: RECORDS,
    isAlwaysTaken: true,
    read: (input) => {
      const examined = examineRecord(input, { site: 'plant-1', agent: 'gateway-1' });
      if ('reason' in examined) expect(examined.reason).toMatch(/^[a-z-]+$/);
      else expect(RECORDS.some((record) => input.equals(record))).toBe(true);
    },
  },
  {
    name: 'a header that its own key signed is refused, or is in the one canonical form',
    share: 80,
    inputs: RECORDS.map((record) => parseRecord(record).signedBytes.subarray(8)),
    read: (headerText) => {
      const start = Buffer.alloc(8);
      start.write('MWB1', 'latin1');
      start.writeUInt32BE(headerText.length, 4);
      const signedBytes = new Uint8Array(Buffer.concat([start, headerText]));
      const parts = RECORDS.map((record) => parseRecord(record).parts).find((own) => own.length > 0) ?? [];
      const again = parseRecord(assembleRecord(signedBytes, agentKey.sign(signedBytes), parts));
      expect(text(headerText)).toBe(JSON.stringify(again.header));
    },
  },
  {
    name: 'a receipt is refused, or keeps to its types',
    share: 100,
    inputs: [RECEIPT],
    read: (input) => {
      const { receipt } = parseReceipt(input);
      for (const { from, to } of [...receipt.accepted, ...receipt.requested]) expect(from <= to).toBe(true);
    },
  },
  {
    name: 'a receipt at the agent is obeyed only as it was signed',
    share: 60,
    inputs: [RECEIPT],
    isAlwaysTaken: true,
    read: (input) => {
      const verdict = checkReceipt(input, {
        site: 'plant-1',
        agent: 'gateway-1',
        collectorKey: collectorKey.publicKey,
        hashes: () => undefined,
      });
      if (!('fault' in verdict) || verdict.fault === 'mismatched') expect(input.equals(RECEIPT)).toBe(true);
    },
  },
  {
    name: 'the text of a part is refused, or is a part that can be written again',
    share: 110,
    inputs: [goldenFile('part-mill-1.json'), goldenFile('part-lathe-2.json')],
    read: (input) => {
      const part = decodePart(text(input));
      expect(decodePart(encodePart(part))).toEqual(part);
    },
  },
  {
    name: 'a zstd frame is refused, or unfolds to what it announces',
    share: 80,
    inputs: RECORDS.flatMap((record) => parseRecord(record).parts),
    read: (input) => {
      expect(Buffer.byteLength(unfoldPart(input))).toBe(announcedTextBytes(input));
    },
  },
  {
    name: 'a config snapshot is refused, or keeps to its types',
    share: 70,
    inputs: [goldenFile('config.json')],
    read: (input) => {
      const read = decodeSnapshot(text(input));
      expect(encodeSnapshot(decodeSnapshot(encodeSnapshot(read)))).toBe(encodeSnapshot(read));
    },
  },
  {
    name: "an agent's log is refused, or keeps to its types",
    share: 70,
    inputs: [goldenFile('log.json')],
    read: (input) => {
      const read = decodeAgentLog(text(input));
      expect(encodeAgentLog(decodeAgentLog(encodeAgentLog(read)))).toBe(encodeAgentLog(read));
    },
  },
  {
    name: 'what an agent says of itself is left out, or can be told again',
    share: 60,
    inputs: ENVELOPES,
    isAlwaysTaken: true,
    read: (input) => {
      for (const read of [readLive, readStatus, readHealth]) {
        const message = read(input);
        if (message !== undefined) expect(read(Buffer.from(JSON.stringify(message)))).toEqual(message);
      }
    },
  },
];

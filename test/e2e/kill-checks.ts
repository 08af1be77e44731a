import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import { listMonths, monthPath } from '../../collector/ledger/month-file.ts';
import { MonthReader } from '../../collector/ledger/month-reader.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import type { LedgerRecord } from '../../collector/ledger/ledger.ts';
import { silentLog } from '../../protocols/log.ts';
import { headerHash, unfoldPart, verifyRecord } from '../../protocols/evidence/seal.ts';
import { decimalOf, type Reading } from '../../protocols/telemetry/decimal.ts';
import { countSamples, decodePart } from '../../protocols/telemetry/part.ts';
import { parseRecord, wallTimeMs } from '../../protocols/telemetry/record.ts';
import { decodeSnapshot } from '../../protocols/telemetry/snapshot-text.ts';
import { readSpool } from './kill-plant.ts';

const MINUTE_MS = 60_000;

interface LedgerContents {
  records: number;
  /** Header hashes by `EPOCH/SEQ`. */
  hashes: Map<string, string>;
  samples: number;
  /** Every reading of every channel in order of wall time. */
  readings: Map<string, { atMs: number; raw: Reading }[]>;
  /** raw x num / den is the canonical unit. */
  scales: Map<string, readonly [string, string]>;
}

/** Reads a ledger that no collector has open, and holds every chain, signature and row of it against the contract. */
export function checkLedger(collectorFolder: string): LedgerContents {
  const records = readLedger(collectorFolder);
  const contents: LedgerContents = {
    records: records.length,
    hashes: new Map(records.map(({ header, hash }) => [`${header.epoch}/${header.seq}`, hash])),
    samples: 0,
    readings: new Map(),
    scales: new Map(),
  };
  const chains = Map.groupBy(records, ({ header }) => `${header.agent}/${header.epoch}`);
  for (const chain of chains.values()) {
    chain.sort((a, b) => a.header.seq - b.header.seq);
    expect(chain.map(({ header }) => header.seq)).toEqual(chain.map((_, index) => index + 1));
    let before: string | null = null;
    for (const { header, hash, bytes } of chain) {
      const frame = parseRecord(bytes);
      verifyRecord(frame);
      expect(headerHash(frame)).toBe(hash);
      expect(header.prev).toBe(before);
      before = hash;
    }
  }
  const rows = new Set<string>();
  const instants = new Set<string>();
  let rowCount = 0;
  for (const { header, bytes } of records) {
    const { parts } = parseRecord(bytes);
    let samples = 0;
    for (const [index, bytesOfPart] of parts.entries()) {
      const text = unfoldPart(bytesOfPart);
      if (header.kind === 'config') {
        for (const channel of decodeSnapshot(text).channels)
          if (channel.kind !== 'status') contents.scales.set(channel.id, channel.scale);
      }
      if (header.parts[index]?.machine === null) continue;
      const part = decodePart(text);
      samples += countSamples(part);
      for (const { source, timesMs, columns } of part.sampled) {
        for (const atMs of timesMs) {
          rows.add(`${source} ${header.boot} ${atMs}`);
          instants.add(`${source} ${wallTimeMs(header, atMs)}`);
          rowCount += 1;
        }
        for (const [channel, column] of columns) {
          const readings = contents.readings.get(channel) ?? [];
          contents.readings.set(channel, readings);
          for (const [row, raw] of column.entries())
            if (raw !== null) readings.push({ atMs: wallTimeMs(header, timesMs[row] ?? 0), raw });
        }
      }
    }
    expect(header.samples).toBe(samples);
    contents.samples += samples;
  }
  expect(rows.size).toBe(rowCount);
  expect(instants.size).toBe(rowCount);
  for (const readings of contents.readings.values()) readings.sort((a, b) => a.atMs - b.atMs);
  return contents;
}

/** Whatever became of the agent: sampled = receipted + pending, and nothing else became of any sample. */
export function checkAccounts(agentFolder: string): void {
  const { samples, records } = readSpool(agentFolder);
  expect(samples).toMatchObject({ rejected: 0, dropped: {} });
  expect(samples.sampled).toBe(samples.receipted + samples.pending);
  expect(records).toMatchObject({ rejected: 0, dropped: 0, sealed: records.receipted + records.pending });
}

/**
 * Holds the spool of an ended agent against the ledger: every sample receipted, nothing lost, the same bytes on both
 * sides. A record without samples (that a meter is down) may have been sealed too late for its receipt.
 */
export function checkSpool(agentFolder: string, collectorFolder: string, ledger: LedgerContents): void {
  checkAccounts(agentFolder);
  const { samples, records } = readSpool(agentFolder);
  expect(samples.pending).toBe(0);
  expect(ledger.samples).toBe(samples.sampled);
  const database = new DatabaseSync(join(agentFolder, 'spool.sqlite'), { readOnly: true });
  const sealed = database.prepare('SELECT epoch, seq, hash, state FROM records').all();
  database.close();
  const nameOf = (row: Record<string, unknown>) => [row['epoch'], row['seq'], row['hash']].join(' ');
  const receipted = new Set(sealed.filter((row) => row['state'] === 'receipted').map(nameOf));
  const kept = new Set(
    readLedger(collectorFolder).map(({ header, hash }) =>
      nameOf({ epoch: header.epoch, seq: header.seq, hash }),
    ),
  );
  expect(receipted.size).toBe(records.receipted);
  expect([...receipted].filter((name) => !kept.has(name))).toEqual([]);
  const known = new Set(sealed.map(nameOf));
  expect([...kept].filter((name) => !known.has(name))).toEqual([]);
}

/** The energy of every component over all hours is that of its counter, last minus first, to the mWh; gives the sum, mWh. */
export function checkEnergy(ledger: LedgerContents, hours: Record<string, MachineHour[]>): number {
  let totalMwh = 0;
  for (const [machine, own] of Object.entries(hours)) {
    for (const component of ['supply', 'spindle']) {
      const channel = `${machine}.${component}.activeEnergyImport`;
      const scale = ledger.scales.get(channel) ?? ['0', '1'];
      const counter = (ledger.readings.get(channel) ?? []).map(({ raw }) => roundToMwh(raw, scale));
      for (const [index, mwh] of counter.entries())
        expect(mwh, `${channel} reading ${index}`).toBeGreaterThanOrEqual(counter[index - 1] ?? 0);
      const energyMwh = (counter.at(-1) ?? NaN) - (counter[0] ?? NaN);
      expect(sum(own.map((hour) => hour.energy.componentMwh[component] ?? 0)), channel).toBe(energyMwh);
      totalMwh += energyMwh;
    }
    for (const hour of own) {
      expect(hour.energy.supplyMwh).toBe(hour.energy.componentMwh['supply']);
      expect(sum(Object.values(hour.energy.stateMwh))).toBe(hour.energy.supplyMwh);
      expect(sum(Object.values(hour.timeMs))).toBe(hour.spanMs);
    }
  }
  return totalMwh;
}

/** Every reading of the ledger stands in exactly one minute of the charts. */
export function checkMinutes(ledger: LedgerContents, collectorFolder: string): void {
  const views = readViews({ folder: collectorFolder });
  try {
    for (const [channel, readings] of ledger.readings) {
      let counted = 0;
      const minutes = new Set(readings.map(({ atMs }) => Math.floor(atMs / MINUTE_MS)));
      for (const minute of minutes) counted += views.minute(channel, minute * MINUTE_MS)?.count ?? 0;
      expect(counted, channel).toBe(readings.length);
    }
  } finally {
    views.close();
  }
}

function readLedger(collectorFolder: string): LedgerRecord[] {
  const folder = join(collectorFolder, 'ledger');
  return listMonths(folder).flatMap((month) => {
    const reader = new MonthReader(monthPath(folder, month), silentLog);
    try {
      const records = reader.readAfter(0, Number.MAX_SAFE_INTEGER);
      expect([...reader.damaged.keys()]).toEqual([]);
      return records;
    } finally {
      reader.close();
    }
  });
}

/** raw x num / den Wh in whole mWh, half up, in exact arithmetic of its own. */
function roundToMwh(raw: Reading, [num, den]: readonly [string, string]): number {
  const { mantissa, exponent } = decimalOf(raw);
  const numerator = mantissa * BigInt(num) * 1000n;
  const denominator = BigInt(den) * 10n ** BigInt(-exponent);
  return Number((2n * numerator + denominator) / (2n * denominator));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

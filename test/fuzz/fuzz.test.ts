import { describe, expect, it } from 'vitest';
import { tellLongRun } from '../long/tell.ts';
import { CONTRACT_TARGETS } from './contract-targets.ts';
import { FACE_TARGETS } from './face-targets.ts';
import { fuzz } from './fuzz-target.ts';
import { MODBUS_TARGETS } from './modbus-targets.ts';

/*
 * T16: whatever comes from outside, spoilt. A reader refuses it with the error that it promises, or reads something that keeps to
 * its types; within 10 ms, and in memory that grows with the input only.
 */
const EXECUTIONS = Number(process.env['MILLWATT_FUZZ'] ?? 200_000);
const SEED = process.env['MILLWATT_TEST_SEED'] ?? String(Date.now());
const TARGETS = [...CONTRACT_TARGETS, ...MODBUS_TARGETS, ...FACE_TARGETS];
const SHARES = TARGETS.reduce((sum, { share }) => sum + share, 0);

describe(`hostile input (MILLWATT_FUZZ=${EXECUTIONS} MILLWATT_TEST_SEED=${SEED})`, () => {
  for (const target of TARGETS) {
    it(target.name, { timeout: 1_800_000 }, () => {
      const rounds = Math.ceil((EXECUTIONS * target.share) / SHARES);
      const startedMs = performance.now();
      const counts = fuzz(target, rounds, SEED);
      const aSecond = Math.round((rounds / (performance.now() - startedMs)) * 1000);
      console.log(
        `${target.name}: ${counts.taken} taken, ${counts.refused} refused, ${aSecond} a second, slowest ${counts.slowestMs.toFixed(1)} ms, at most ${Math.round(counts.allocatedBytesMax / 1024)} KiB for one`,
      );
      tellLongRun({
        done: rounds,
        slowestMsMax: counts.slowestMs,
        allocatedKiBMax: Math.round(counts.allocatedBytesMax / 1024),
      });
      if (rounds < 1000) return;
      expect(counts.taken).toBeGreaterThan(0);
      if (target.isAlwaysTaken === undefined) expect(counts.refused).toBeGreaterThan(0);
    });
  }
});

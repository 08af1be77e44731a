import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { calibrate } from '../../../../collector/energy/calibration/calibrate.ts';
import { classifyPower } from '../../../../collector/energy/calibration/classify-power.ts';
import type { Proposal } from '../../../../collector/energy/calibration/proposal.ts';
import { bandSetOf } from './band-set-of.ts';
import { MICHIGAN, readMichigan, samplesOf, type MichiganRow } from './recordings.ts';

/** "Spindle running or not" from spindle power alone, calibrated on the same readings without a label. */
describe.skipIf(!existsSync(MICHIGAN))('the cnc-mill-michigan recording', () => {
  const rows = existsSync(MICHIGAN) ? readMichigan() : [];

  it('is all there', () => {
    expect(rows).toHaveLength(25_286);
    expect(rows.filter(({ isRunning }) => isRunning)).toHaveLength(18_374);
  });

  it('tells a running spindle with F1 of at least 0.999 over all rows', () => {
    const proposal = propose(rows);
    expect(proposal.bands.map(({ state }) => state)).toEqual(['off', 'processing']);
    const { f1, wrong } = score(proposal, rows);
    console.info(`F1 ${f1.toFixed(5)}, wrong rows: ${wrong.join(', ')}`);
    expect(f1).toBeGreaterThanOrEqual(0.999);
  });

  it('finds the same from any half of the experiments, and judges the other by it', () => {
    const names = [...new Set(rows.map(({ experiment }) => experiment))];
    for (const parity of [0, 1]) {
      const seen = rows.filter(({ experiment }) => names.indexOf(experiment) % 2 === parity);
      const unseen = rows.filter(({ experiment }) => names.indexOf(experiment) % 2 !== parity);
      expect(score(propose(seen), unseen).f1).toBeGreaterThanOrEqual(0.999);
    }
  });

  it('does not depend on the unit that power is written in', () => {
    const scaled = propose(rows.map((row) => ({ ...row, powerW: row.powerW * 250 })));
    const { f1 } = score(
      scaled,
      rows.map((row) => ({ ...row, powerW: row.powerW * 250 })),
    );
    expect(f1).toBeGreaterThanOrEqual(0.999);
  });
});

function propose(rows: readonly MichiganRow[]): Proposal {
  const result = calibrate(samplesOf(rows));
  if ('refusal' in result) throw new Error(result.refusal.message);
  return result.proposal;
}

function score(proposal: Proposal, rows: readonly MichiganRow[]): { f1: number; wrong: string[] } {
  const bands = classifyPower(bandSetOf(proposal), samplesOf(rows));
  let hits = 0;
  const wrong: string[] = [];
  rows.forEach(({ experiment, row, powerW, isRunning }, index) => {
    const saysRunning = proposal.bands[bands[index] ?? 0]?.state !== 'off';
    if (isRunning && saysRunning) hits++;
    else if (isRunning !== saysRunning)
      wrong.push(`${experiment}:${row} ${powerW.toPrecision(3)} W ${isRunning ? 'missed' : 'false'}`);
  });
  return { f1: (2 * hits) / (2 * hits + wrong.length), wrong };
}

import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { calibrate } from '../../../../collector/energy/calibration/calibrate.ts';
import { NTUST, readNtust } from './recordings.ts';

/** A machine that was recorded for 21 minutes while its spindle turned: never off, never in standby. */
describe.skipIf(!existsSync(NTUST))('the cnc-power-ntust recording', () => {
  it('shows an idle level near 1.2 kW and restless work above it, and says how little it can know', () => {
    const result = calibrate(readNtust('kW_machine'));
    if ('refusal' in result) throw new Error(result.refusal.message);
    const { proposal } = result;
    expect(proposal.data).toMatchObject({ samples: 1214, measuredMs: 1_276_000, gaps: 7 });
    expect(proposal.bands.map(({ state }) => state)).toEqual(['unknown', 'ready', 'processing']);
    const [ready, work] = proposal.levels;
    expect(ready?.powerW).toBeGreaterThan(1100);
    expect(ready?.powerW).toBeLessThan(1260);
    expect(ready?.share).toBeCloseTo(0.93, 1);
    expect(work?.highW).toBeGreaterThan(4000);
    const [boundary] = proposal.boundaries;
    // Above every level of the turning spindle (1.35 kW at most), below where it accelerates.
    expect(boundary?.powerW).toBeGreaterThanOrEqual(1400);
    expect(boundary?.powerW).toBeLessThanOrEqual(1700);
    expect(proposal.confidence).toBeLessThan(0.3);
    expect(boundary?.reasons.find(({ what }) => what === 'valley')?.sentence).toContain('no valley');
    expect(proposal.remarks.join(' ')).toContain('never seen off');
  });

  it('shows the spindle off, idling and at work', () => {
    const result = calibrate(readNtust('kW_spindle'));
    if ('refusal' in result) throw new Error(result.refusal.message);
    const { levels, boundaries } = result.proposal;
    expect(levels[0]?.state).toBe('off');
    expect(levels.at(-1)?.state).toBe('processing');
    expect(boundaries[0]?.powerW).toBeGreaterThan(3);
    expect(boundaries[0]?.powerW).toBeLessThan(40);
    expect(boundaries[0]?.confidence).toBeGreaterThan(boundaries[1]?.confidence ?? 1);
  });
});

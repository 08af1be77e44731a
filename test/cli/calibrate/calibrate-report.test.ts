import { describe, expect, it } from 'vitest';
import { drawProposal } from '../../../cli/calibrate/calibrate-report.ts';
import { drawSvg } from '../../../cli/calibrate/calibration-svg.ts';
import { calibrate } from '../../../collector/energy/calibration/calibrate.ts';
import type { PowerSamples } from '../../../collector/energy/calibration/power-samples.ts';
import type { Proposal } from '../../../collector/energy/calibration/proposal.ts';
import { seedRandom } from '../../../protocols/simulator/seeded-random.ts';

const subject = { name: 'Mill 1', what: 'supply power' };

const shapes: Record<string, readonly number[]> = {
  'five states': [30, 500, 1000, 2000, 7000],
  'two states far apart': [0.02, 900],
  'two states in one decade': [1200, 2600],
};

describe.each(Object.entries(shapes))('the report of %s', (_, levels) => {
  const samples = stepsOf(levels);
  const proposal = propose(samples);

  it('keeps to the width of the terminal', () => {
    for (const width of [50, 64, 80, 100, 200]) {
      const lines = drawProposal(proposal, subject, width);
      expect(lines.filter((line) => line.length > width)).toEqual([]);
      expect(lines.filter((line) => /NaN|undefined|Infinity/.test(line))).toEqual([]);
    }
  });

  it('marks every boundary below the axis, and names every state', () => {
    const lines = drawProposal(proposal, subject, 80);
    const axis = lines.find((line) => line.includes('──┬') || line.includes('─┴')) ?? '';
    expect(axis.split('┴')).toHaveLength(proposal.bands.length);
    for (const level of proposal.levels)
      expect(lines.join('\n')).toContain(
        level.state === 'extendedStandby' ? 'extended standby' : level.state,
      );
  });

  it('has a picture whose shapes all lie on it', () => {
    const svg = drawSvg(proposal, samples, { subject, zoneOffsetMin: 330 });
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    for (const [, x, y] of svg.matchAll(/<(?:rect|text)[^>]* x="(-?[\d.]+)" y="(-?[\d.]+)"/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x)).toBeLessThanOrEqual(960);
      expect(Number(y)).toBeGreaterThanOrEqual(0);
      expect(Number(y)).toBeLessThanOrEqual(660);
    }
    // 05:30 ahead of UTC.
    expect(svg).toContain('2026-03-02 05:30');
  });
});

it('shows a gap of an hour as a bar, and none of the many that can hardly be seen', () => {
  const all = stepsOf([30, 500, 1000, 2000, 7000]);
  // Half a minute is missing in every quarter of an hour.
  const kept = Array.from(all.timesMs, (_, row) => row).filter((row) => row % 90 < 87);
  const samples: PowerSamples = {
    timesMs: kept.map((row) => all.timesMs[row]!),
    powersW: kept.map((row) => all.powersW[row]!),
    everyMs: kept.map(() => 10_000),
  };
  const svg = drawSvg(propose(samples), samples, { subject, zoneOffsetMin: 0 });
  expect(svg.match(/<rect [^>]*class="gap"/g)).toHaveLength(1);
  // The axis has room for what is missing: its last hours are where they are without it.
  const placeOf = (picture: string, label: string) =>
    Number(new RegExp(`x="([\\d.]+)"[^>]*>${label}<`).exec(picture)?.[1]);
  const whole = drawSvg(propose(all), all, { subject, zoneOffsetMin: 0 });
  expect(placeOf(svg, '22:00')).toBeGreaterThan(0);
  expect(Math.abs(placeOf(svg, '22:00') - placeOf(whole, '22:00'))).toBeLessThan(3);
});

/** Half an hour at each level in turn, for a day, with a little noise and a gap. */
function stepsOf(levels: readonly number[]): PowerSamples {
  const random = seedRandom('report', levels.length);
  const rows = Array.from({ length: 8640 }, (_, row) => row).filter((row) => row < 4000 || row > 4400);
  return {
    timesMs: rows.map((row) => Date.UTC(2026, 2, 2) + row * 10_000),
    powersW: rows.map(
      (row) => (levels[Math.floor(row / 180) % levels.length] ?? 0) * (1 + 0.03 * random.between(-1, 1)),
    ),
    everyMs: rows.map(() => 10_000),
  };
}

function propose(samples: PowerSamples): Proposal {
  const result = calibrate(samples);
  if ('refusal' in result) throw new Error(result.refusal.message);
  return result.proposal;
}

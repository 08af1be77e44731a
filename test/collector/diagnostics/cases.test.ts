import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PlausibilityScan } from '../../../collector/diagnostics/plausibility.ts';
import type { MinuteReading } from '../../../collector/diagnostics/machine-minute.ts';
import type { PlausibilityFinding } from '../../../collector/diagnostics/plausibility-finding.ts';
import type { Phase, Quantity } from '../../../protocols/telemetry/quantity.ts';
import type { OperatingState } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import { channelOf, meteredMill, MINUTE_MS, START_MS } from './plant-minutes.ts';
import { measuredHour } from './plant-views.ts';

const CASES = join(import.meta.dirname, '../../cases/diagnostics');

/** What a channel shows in each of these minutes: one value, least and most, or a counter that rises. */
type Shown = number | [min: number, max: number] | { from: number; perMinute: number };

/** One hand-computed case; its arithmetic.md shows how the finding comes about. */
interface DiagnosticCase {
  about: string;
  ratedPowerW: number | null;
  /** 10 Wh where it is not told. */
  counterStepWh?: number;
  history?: { hours: number; hasExported: boolean };
  minutes: { for: number; state?: OperatingState; values: Record<string, Shown> }[];
  hours?: { supplyWh: number; closure?: number; exportWh?: number; residualWh?: number }[];
  /** All that is found. */
  expect: ({ code: string; fromMinute: number; toMinute: number } & Partial<PlausibilityFinding>)[];
}

describe('the hand-computed cases', () => {
  for (const name of readdirSync(CASES)) {
    const one = JSON.parse(readFileSync(join(CASES, name, 'case.json'), 'utf8')) as DiagnosticCase;
    it(`${name}: ${one.about}`, () => {
      expect(readFileSync(join(CASES, name, 'arithmetic.md'), 'utf8').length).toBeGreaterThan(100);
      expect(findIn(one)).toEqual(
        one.expect.map(({ fromMinute, toMinute, ...told }) =>
          expect.objectContaining({
            component: 'supply',
            ...told,
            fromMs: START_MS + fromMinute * MINUTE_MS,
            toMs: START_MS + toMinute * MINUTE_MS,
          }),
        ),
      );
    });
  }
});

function findIn({ ratedPowerW, counterStepWh = 10, history, minutes, hours = [] }: DiagnosticCase) {
  const names = [...new Set(['activeEnergyImport', ...minutes.flatMap(({ values }) => Object.keys(values))])];
  const channels = names.map((name) => {
    const [quantity, phase = 'total'] = name.split('.') as [Quantity, Phase?];
    const isCounter = quantity.startsWith('activeEnergy');
    return channelOf(
      quantity,
      phase,
      isCounter ? { scale: [String(counterStepWh), '1'], counter: { behaviour: 'monotone' } } : {},
    );
  });
  const scan = new PlausibilityScan(
    meteredMill({ ratedPowerW, channels, ...(history === undefined ? {} : { history }) }),
  );
  let at = 0;
  for (const { for: count, state, values } of minutes)
    for (let minute = 0; minute < count; minute++) {
      const readings = new Map(
        Object.entries(values).map(([name, shown]) => [`mill.supply.${name}`, readingOf(shown, minute)]),
      );
      scan.takeMinute({ minuteMs: START_MS + at++ * MINUTE_MS, readings, controlState: state ?? null });
    }
  for (const [index, { supplyWh, closure = null, exportWh = 0, residualWh = null }] of hours.entries()) {
    const hour = measuredHour(START_MS + index * 3_600_000, supplyWh * 1000, { closure });
    scan.takeHour({
      ...hour,
      energy: {
        ...hour.energy,
        exportMwh: milliwattHours(exportWh * 1000),
        residualMwh: residualWh === null ? null : milliwattHours(residualWh * 1000),
      },
    });
  }
  return scan.end();
}

function readingOf(shown: Shown, minute: number): MinuteReading {
  if (typeof shown === 'number') return { count: 6, min: shown, max: shown, sum: 6 * shown, last: shown };
  if (Array.isArray(shown)) {
    const [min, max] = shown;
    return { count: 6, min, max, sum: 3 * (min + max), last: max };
  }
  const before = shown.from + minute * shown.perMinute;
  const last = before + shown.perMinute;
  return { count: 6, min: before, max: last, sum: 3 * (before + last), last };
}

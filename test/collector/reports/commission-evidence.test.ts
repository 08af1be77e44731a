import { describe, expect, it } from 'vitest';
import { COMMISSION_CHECKS } from '../../../collector/diagnostics/commission-result.ts';
import { checkEntry } from '../../../collector/journal/check-entry.ts';
import { evidenceOf } from '../../../collector/reports/commission-evidence.ts';
import type { CommissionReport } from '../../../collector/reports/commission-report.ts';
import { START_MS } from '../diagnostics/plant-minutes.ts';

/** A machine with so many metered components, of which the last has its transformer turned round. */
function reportOf(components: number): CommissionReport {
  const names = Array.from({ length: components }, (_, index) => `component-${index}`);
  return {
    result: {
      algorithm: 'millwatt-commission/1',
      machine: 'mill',
      fromMs: START_MS,
      toMs: START_MS + 900_000,
      minutes: 15,
      verdict: 'failed',
      checks: names.flatMap((component, place) =>
        COMMISSION_CHECKS.map((check) => ({
          check,
          component,
          result: place === components - 1 && check === 'direction' ? ('fail' as const) : ('pass' as const),
          saying: 'l1 2000 W, l2 2000 W, l3 2000 W: each draws.',
          cure: '',
        })),
      ),
    },
    configs: ['c'.repeat(43)],
    records: [{ agent: 'gateway-1', epoch: 'e'.repeat(16), from: 1, to: 900 }],
    meters: names.map((source) => ({
      source,
      serial: '1234567890',
      ct: '200/5 A',
      vt: null,
      profile: 'siemens/pac3200 1.1.0',
      channels: [`mill.${source}.activePower activePower x 1/1`],
    })),
  };
}

describe('the evidence of a commissioning', () => {
  it.each([
    [1, 14, 0, 'l1 2000 W, l2 2000 W, l3 2000 W: each draws.'],
    [11, 154, 0, ''],
    [40, 1, 559, undefined],
  ])(
    'fits into an entry of the journal with %i components, what failed with its figures',
    (count, kept, apart, passed) => {
      const evidence = evidenceOf(reportOf(count), 'after the meters were exchanged');
      const body = { ...evidence };
      expect(() =>
        checkEntry({ atMs: START_MS, kind: 'commissioning', machine: 'mill', by: 'Anna', body }),
      ).not.toThrow();
      expect(evidence.checks).toHaveLength(kept);
      expect(evidence.passedApart ?? 0).toBe(apart);
      expect(evidence.checks.find(({ result }) => result === 'fail')?.saying).toContain('each draws');
      expect(evidence.checks.find(({ result }) => result === 'pass')?.saying).toBe(passed);
    },
  );
});

import { expect, test } from 'vitest';
import { budgetLines } from '../../cli/periods/budget-lines.ts';
import { sayMissing } from '../../cli/periods/missing-lines.ts';
import {
  nothing,
  rectangular,
  UNCERTAINTY_SOURCES,
} from '../../collector/energy/uncertainty/contribution.ts';
import {
  stateUncertainty,
  type UnknownUncertainty,
} from '../../collector/energy/uncertainty/uncertainty-statement.ts';
import type { ComponentUncertainty } from '../../collector/reports/uncertain-period.ts';

const NOTE =
  'off, 0.5 % of the energy, counted as wrong by all of it, unqualified: no mean current of the state';
const CURRENT = { fact: 'mean current of the state', remedy: 'Let the agent read it.' };
const CLASS = { fact: 'accuracy class of the meter', remedy: 'Copy it from the nameplate.' };

const known = stateUncertainty(
  1e6,
  UNCERTAINTY_SOURCES.map((source) =>
    source === 'meter'
      ? rectangular(source, 1e6, { percent: 1, isQualified: false, note: NOTE })
      : nothing(source, `no ${source}`),
  ),
);
const unknown = (energyMwh: number, missing: UnknownUncertainty['missing']): UnknownUncertainty => ({
  kind: 'unknown',
  energyMwh,
  missing,
});
const component = (name: string, one: Partial<ComponentUncertainty>): ComponentUncertainty => ({
  total: known,
  states: {},
  meters: [],
  missing: [CURRENT, CLASS].map((fact) => ({ ...fact, key: fact === CLASS ? `${name}.class` : null })),
  ...one,
});

test('each missing fact is said once, with the components and states that lack it', () => {
  const uncertainty = {
    supply: component('supply', {
      states: { off: unknown(5000, [CURRENT]), unknown: unknown(3, [CURRENT]) },
    }),
    spindle: component('spindle', { total: unknown(1e6, [CLASS]) }),
    coolant: component('coolant', { total: unknown(1e6, [CLASS]) }),
  };
  expect(sayMissing([{ uncertainty }, { uncertainty }], 'millwatt periods mill-1 --budget')).toEqual([
    '',
    'no uncertainty of supply in off without mean current of the state. Let the agent read it.',
    'no uncertainty of spindle, coolant without accuracy class of the meter (spindle.class, coolant.class). Copy it from the nameplate.',
    '? a class was used outside the range for which it promises anything; millwatt periods mill-1 --budget says where.',
  ]);
});

test('a state without energy needs no uncertainty', () => {
  const supply = component('supply', { states: { unknown: unknown(3, [CURRENT]) }, total: null });
  expect(sayMissing([{ uncertainty: { supply } }])).toEqual([]);
  expect(budgetLines({ period: { key: 'day' }, uncertainty: { supply } }, 80).join('\n')).not.toContain(
    'missing',
  );
});

test('a budget says why at every width', () => {
  const report = { period: { key: 'day' }, uncertainty: { supply: component('supply', {}) } };
  for (const width of [40, 80, 100, 200, Infinity]) {
    const text = budgetLines(report, width).join(' ').replaceAll(/\s+/g, ' ');
    expect(text, String(width)).toContain(NOTE);
    for (const line of budgetLines(report, width))
      expect(line.length).toBeLessThanOrEqual(Math.max(width, 44));
  }
});

import { describe, expect, it } from 'vitest';
import { checkRecord } from '../../../../collector/footprint/record/check-record.ts';
import type { FootprintRecord } from '../../../../collector/footprint/record/footprint-record.ts';
import { d, samplePart, SAMPLE_FACTOR, sampleUsePhase } from '../sample-record.ts';

type Change = (record: FootprintRecord) => void;

/** The faults of a sample with a change. */
function faultsOf(sample: FootprintRecord, change: Change): string[] {
  const copy = structuredClone(sample);
  change(copy);
  return checkRecord(copy);
}

const first = <T>(items: T[]): T => items[0] ?? expect.fail('nothing there');

describe('the check of a record', () => {
  const cases: [string, Change, string][] = [
    [
      'a state with 1 mWh more',
      (r) => (r.activity.states.ready.energyKwh = d('120.000001')),
      '$.activity.energyKwh is 2626, but the sum of the states is 2626.000001',
    ],
    [
      'a figure per unit that is off by its last digit',
      (r) => (r.activity.perUnitKwh = d('5.252001')),
      '$.activity.perUnitKwh is 5.252001',
    ],
    [
      'a figure per unit of unknown units',
      (r) => (r.activity.perUnitKwh = null),
      '$.activity.perUnitKwh is null',
    ],
    [
      'a mean power that is another',
      (r) => (r.activity.states.ready.meanW = d('1300')),
      '$.activity.states.ready.meanW is 1300, but 120 kWh in 100 h is 1200',
    ],
    [
      'a mean power without time',
      (r) => (r.activity.states.off.meanW = d('3')),
      '$.activity.states.off.meanW is 3',
    ],
    [
      'hours that are not those of the states',
      (r) => ((r.activity.perHour ?? expect.fail()).powered.hours = d('721')),
      '$.activity.perHour.powered.hours is 721',
    ],
    [
      'a count that is not the hours of its basis',
      (r) => (r.functionalUnit.basis = 'processing'),
      '$.functionalUnit.count is 500, but activity.perHour.processing.hours is 400',
    ],
    [
      'bridged energy of no known way',
      (r) => (r.coverage.obtained.bridgedByKwh.linear = d('1')),
      '$.coverage.obtained.bridgedKwh is 21.008',
    ],
    [
      'counted energy that is more than all',
      (r) => (r.coverage.obtained.counterKwh = d('2605')),
      '$.activity.energyKwh is 2626, but the sum of coverage.obtained is 2626.008',
    ],
    [
      'a coverage that is too good',
      (r) => (r.coverage.measuredEnergyPercent = d('99.9')),
      '$.coverage.measuredEnergyPercent is 99.9',
    ],
    [
      'completeness below 95 %',
      (r) => (r.coverage.watchedPercent = d('94.9')),
      '$.coverage.isComplete is true, but 94.9 %',
    ],
    ['a lack of a complete record', (r) => r.coverage.lacks.push('a day'), '$.coverage.lacks tells'],
    [
      'an emission that is off by 1 mg',
      (r) => (first(first(r.emissions).factors).kgCo2e = d('1209.798201')),
      '$.emissions[0].factors[0].kgCo2e is 1209.798201, but 2626 kWh x 460.7 g is 1209.7982',
    ],
    [
      'energy of the rows that is not all',
      (r) => (first(first(r.emissions).factors).energyKwh = d('2625')),
      'but the energy of emissions[0].factors is 2625',
    ],
    [
      'a total that is not its parts',
      (r) => (first(r.emissions).kgCo2e = d('1210')),
      '$.emissions[0].kgCo2e is 1210',
    ],
    [
      'an emission per unit that is another',
      (r) => (first(r.emissions).perUnitKgCo2e = d('2.4')),
      '$.emissions[0].perUnitKgCo2e is 2.4',
    ],
    [
      'losses that nobody told',
      (r) => (first(r.emissions).lossesKgCo2e = d('1')),
      '$.emissions[0].lossesKgCo2e is 1, but no lossPercent is told',
    ],
    [
      'losses on a factor that has them',
      (r) => {
        first(r.emissions).lossesKgCo2e = d('1');
        first(r.emissions).lossPercent = d('6');
        first(r.evidence.factors).losses = 'included';
      },
      '$.emissions[0].lossesKgCo2e is 1, but 6 % lost on the way of the rows that leave losses out is 0',
    ],
    [
      'upstream of no row',
      (r) => (first(r.emissions).upstreamKgCo2e = d('1')),
      '$.emissions[0].upstreamKgCo2e is 1, but what the upstream rows add is 0',
    ],
    [
      'losses of another share',
      (r) => {
        // 6 % of what was generated: 1209.7982 x 6 / 94 = 77.221162.
        first(r.emissions).lossPercent = d('6');
        first(r.emissions).lossesKgCo2e = d('72.587892');
      },
      '$.emissions[0].lossesKgCo2e is 72.587892, but 6 % lost on the way of the rows that leave losses out is 77.221162',
    ],
    [
      'losses of everything',
      (r) => (first(r.emissions).lossPercent = d('100')),
      '$.emissions[0].lossPercent is 100: nothing would arrive',
    ],
    [
      'upstream on a life-cycle factor',
      (r) => {
        r.evidence.factors.push({ ...SAMPLE_FACTOR, id: 'up/VN/2025', boundary: 'upstream' });
        first(first(r.emissions).factors).upstream = 'up/VN/2025';
      },
      '$.emissions[0].factors[0].upstream is up/VN/2025',
    ],
    ['a marginal factor', (r) => (first(r.evidence.factors).basis = 'marginal'), 'a marginal factor'],
    [
      'a row that is not in the evidence',
      (r) => r.evidence.factors.shift(),
      'but evidence.factors has no such row',
    ],
    [
      'a row twice',
      (r) => r.evidence.factors.push({ ...SAMPLE_FACTOR }),
      '$.evidence.factors has ember-2026/VN/2025 more than once',
    ],
    [
      'an emission twice',
      (r) => r.emissions.push(first(r.emissions)),
      '$.emissions state location-based with default more than once',
    ],
    [
      'a change that is another',
      (r) => (first(r.sensitivity).deltaPercent = d('43')),
      '$.sensitivity[0].deltaPercent is 43',
    ],
    [
      'an allocation in a use phase',
      (r) => (r.activity.allocated = { directKwh: d('2626'), dividedKwh: d('0') }),
      '$.activity.allocated mixes the views',
    ],
    ['a use phase without hours', (r) => (r.activity.perHour = null), '$.activity.perHour mixes the views'],
    ['a use phase of a part', (r) => (r.subject.kind = 'part'), '$.subject.kind is part'],
    [
      'the other view by its name alone',
      (r) => (r.view = 'manufacturing'),
      'mixes the views: view is manufacturing',
    ],
    ['a period that ends before it begins', (r) => (r.period.to = r.period.from), '$.period.to is'],
    [
      'a day that is in no calendar',
      (r) => (r.period.from = '2026-02-30T00:00:00.000Z'),
      '$.period.from is 2026-02-30T00:00:00.000Z, which is no time',
    ],
    [
      'a final record of the future',
      (r) => (r.issued = '2026-06-03T08:00:00.000Z'),
      '$.issued is 2026-06-03',
    ],
    [
      'a subdivision of another country',
      (r) => (r.issuer.region.subdivision = 'CN-N'),
      '$.issuer.region.subdivision is CN-N',
    ],
    [
      'a meter of another machine',
      (r) => (first(r.meters).machine = 'mill-2'),
      '$.meters[0].machine is mill-2',
    ],
    [
      'a part of a footprint that does not say what lacks',
      (r) => (r.completeness.because = []),
      '$.completeness.because does not tell what lacks',
    ],
    [
      'an uncertainty that is not there for no reason',
      (r) => (r.uncertainty.expandedPercent = null),
      '$.uncertainty.missing does not tell',
    ],
    [
      'records in the wrong order',
      (r) => (first(r.evidence.records).from = d('43202')),
      '$.evidence.records[0].to is 43201',
    ],
  ];

  const sensitive = (
    choice: string,
    change: string,
    [from, to]: [string, string],
    figure = 'perUnitKgCo2e',
  ) =>
    ((r) =>
      (r.sensitivity = [{ choice, change, figure, from: d(from), to: d(to), deltaPercent: null }])) as Change;
  cases.push(
    [
      'a U that is not that of its sources',
      (r) => (r.uncertainty.expandedPercent = d('2.28')),
      '$.uncertainty.expandedPercent is 2.28, but 2 times the root of the sum of its sources squared is 2.2999',
    ],
    [
      'a U without any source',
      (r) => (r.uncertainty.sources = []),
      '$.uncertainty.expandedPercent is 2.3, but 2 times the root of the sum of its sources squared is 0.0000',
    ],
    ['a U of another k', (r) => (r.uncertainty.k = d('1')), '$.uncertainty.k is 1'],
    [
      'a U of an emission that is less than that of energy and factor',
      (r) => (first(r.emissions).expandedPercent = d('2.4')),
      '$.emissions[0].expandedPercent is 2.4, but energy and factors together are 10.3',
    ],
    [
      'a factor whose source is said to state its uncertainty',
      (r) => (first(r.emissions).factorUncertainty = '1 %, as its source states'),
      '$.emissions[0].factorUncertainty is "1 %, as its source states", but its rows say "declared default of 5 %',
    ],
    [
      'another set of factors that gives something else',
      sensitive('factor-set', 'official instead of default', ['2.419596', '2.5']),
      '$.sensitivity[0].to is 2.5, but official instead of default gives 3.462118',
    ],
    [
      'a set of factors that nothing was stated with',
      sensitive('factor-set', 'own instead of default', ['2.419596', '2.5']),
      '$.sensitivity[0].change is own instead of default, but emissions have no such statement',
    ],
    [
      'losses that were not in it',
      sensitive('losses', 'without losses of 6.3 %', ['2.419596', '2.3']),
      '$.sensitivity[0].to is 2.3, but without losses of 6.3 % gives 2.419596',
    ],
    [
      // (2626 - 21.008) kWh x 460.7 g / 500 h
      'gaps that weigh more than was bridged',
      sensitive('gap-filling', 'without the 21.008 kWh', ['2.419596', '2.3']),
      '$.sensitivity[0].to is 2.3, but without the 21.008 kWh gives 2.40024',
    ],
    [
      'a worse meter that measures better',
      sensitive('meter-class', 'meter one class worse (0.5S to 1)', ['2.3', '2.2'], 'expandedPercent'),
      '$.sensitivity[0].to is 2.2: with a worse class',
    ],
  );

  it.each(cases)('finds %s, with place and value', (_, change, fault) => {
    const faults = faultsOf(sampleUsePhase(), change);
    expect(faults.join('\n')).toContain(fault);
  });

  it.each<[string, Change, string]>([
    [
      'energy divided that is not all',
      (r) => ((r.activity.allocated ?? expect.fail()).directKwh = d('2400')),
      '$.activity.energyKwh is 2626, but the sum of allocated.directKwh',
    ],
    [
      'more energy than the machines drew',
      (r) => (r.coverage.obtained.counterKwh = d('2')),
      'more than the machines drew',
    ],
    [
      'machine-hours beside parts',
      (r) => (r.activity.perHour = sampleUsePhase().activity.perHour),
      '$.activity.perHour mixes the views',
    ],
    [
      'a part that is counted in hours',
      (r) => (r.functionalUnit.unit = 'hour'),
      '$.functionalUnit.unit is hour',
    ],
    ['no allocation', (r) => (r.activity.allocated = null), '$.activity.allocated mixes the views'],
  ])('finds in a part %s', (_, change, fault) => {
    expect(faultsOf(samplePart(), change).join('\n')).toContain(fault);
  });

  it.each<[string, Change]>([
    [
      'units that nobody counted',
      (r) => {
        r.functionalUnit.count = null;
        r.activity.perUnitKwh = null;
        for (const statement of r.emissions) statement.perUnitKgCo2e = null;
      },
    ],
    ['a part of what the machine drew', (r) => (r.coverage.obtained.counterKwh = d('2604.993'))],
    ['no factor at all', (r) => (r.emissions = [])],
    [
      'an hourly series, whose values stand in its file',
      (r) => {
        first(first(r.emissions).factors).hourly = { hours: d('720'), sha256: SAMPLE_FACTOR.sha256 };
        first(first(r.emissions).factors).kgCo2e = d('1200');
        first(r.emissions).kgCo2e = d('1200');
        first(r.emissions).perUnitKgCo2e = d('1.2');
      },
    ],
  ])('lets pass %s', (_, change) => {
    expect(faultsOf(samplePart(), change)).toEqual([]);
  });

  it.each([[null], [7], ['record'], [[]], [{}]])('takes anything: %j', (value) => {
    expect(checkRecord(value)).not.toEqual([]);
  });
});

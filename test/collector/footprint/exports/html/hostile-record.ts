import type { FootprintRecord } from '../../../../../collector/footprint/record/footprint-record.ts';
import { d, SAMPLE_FACTOR, samplePart, sampleUsePhase } from '../../sample-record.ts';

const WORDS = [
  'spindle',
  'coolant pump of the second station',
  '五轴加工中心主轴驱动单元',
  'Trung tâm gia công năm trục phân xưởng số 2',
  'Hydraulikaggregat-Rückkühlanlagensteuerungseinheit',
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  'urn:example:a-name-without-any-space:' + 'x'.repeat(90),
  '\u202Eltr\u0000\u0007',
  'موتور محور اصلی',
  '☃️👩‍🏭',
];
/** Words for number n, unlike those of every other number. */
const words = (n: number, count = 1): string =>
  `${Array.from({ length: count }, (_, at) => WORDS[(n * 7 + at * 3) % WORDS.length]).join(' ')} ${n}`;
const list = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
const hash = (n: number) => `lqf1V0Wq3b7q2o0QmS6mJ1l0n2f4sE9xAmCwVvh${String(n).padStart(4, '0')}`;

/**
 * More of everything than a page has room for, in names that break pages: 40 meters, 30 components, 200 rows of factors, 300
 * remarks and lacks. Its figures do not add up, which is not the page's to judge.
 */
export function hostileUsePhase(): FootprintRecord {
  const use = sampleUsePhase();
  const long = words(1, 40);
  const factors = list(200, (n) => ({
    ...SAMPLE_FACTOR,
    id: `table-${n}/VN/2025`,
    table: words(n),
    source: words(n, 6),
    reference: words(n, 3),
    licence: words(n, 2),
    standardPercent: n % 2 === 0 ? d('7.5') : null,
    sha256: hash(n),
  }));
  const statement = use.emissions[0]!;
  return {
    ...use,
    subject: {
      ...use.subject,
      id: words(7),
      name: words(3, 30),
      description: long,
      machines: list(40, words),
      productIds: list(30, (n) => `urn:example:product:${n}`),
      classifications: list(30, (n) => `urn:unspsc:${n}`),
      parameters: Object.fromEntries(list(40, (n) => [words(n), words(n + 1)])),
    },
    period: { ...use.period, name: words(5, 8) },
    issuer: {
      ...use.issuer,
      company: {
        ...use.issuer.company,
        name: words(2, 12),
        ids: list(20, (n) => `urn:lei:${n}`),
        contact: words(9, 9),
      },
      site: words(4, 9),
      region: { country: 'VN', subdivision: words(6, 4) },
    },
    functionalUnit: { ...use.functionalUnit, description: words(8, 20) },
    boundary: {
      statement: long,
      includes: list(60, (n) => words(n, 3)),
      excludes: list(60, (n) => words(n, 3)),
    },
    activity: {
      ...use.activity,
      energyKwh: d('1234567890123.123456'),
      perUnitKwh: d('98765432109.654321'),
      states: Object.fromEntries(
        Object.keys(use.activity.states).map((state, n) => [
          state,
          {
            hours: d(`${8760 + n}.123456`),
            energyKwh: d(`${n}4567890123.123456`.replace(/^0/, '')),
            meanW: d(`${n + 1}00000.123`),
          },
        ]),
      ) as unknown as FootprintRecord['activity']['states'],
      components: Object.fromEntries(list(30, (n) => [words(n), { energyKwh: d(`${n + 1}23456.123456`) }])),
      residualKwh: d('-1234.5'),
      exportKwh: d('77.7'),
      media: list(20, (n) => ({
        component: words(n),
        normLitres: d('123456'),
        declaredKwh: null,
        source: words(n, 5),
      })),
    },
    allocation: { rule: words(1), statement: long },
    coverage: { ...use.coverage, isComplete: false, lacks: list(300, (n) => words(n, 4)) },
    uncertainty: {
      ...use.uncertainty,
      sources: list(40, (n) => ({ source: words(n), standardPercent: d('1.2345'), note: words(n, 5) })),
      missing: list(50, (n) => words(n, 3)),
    },
    dataQuality: {
      ...use.dataQuality,
      technological: { score: '5', because: long },
      temporal: { score: '3', because: long },
      policy: long,
    },
    emissions: list(12, (n) => ({
      ...statement,
      method: n % 2 === 0 ? 'location' : 'market',
      factorSet: words(n, 2),
      factors: list(n === 0 ? 200 : 3, (at) => ({
        id: factors[at]!.id,
        energyKwh: d('13.13'),
        kgCo2e: d('6.048991'),
        ...(at === 1 ? { upstream: factors[at + 1]!.id } : {}),
        ...(at === 2 ? { hourly: { hours: d('720'), sha256: hash(999) } } : {}),
      })),
      lossPercent: d('6.3'),
      kgCo2e: d(`${n + 1}209798201.123456`),
      factorUncertainty: words(n, 10),
      remarks: list(30, (at) => words(at, 6)),
    })),
    completeness: { isPartial: true, because: list(200, (n) => words(n, 4)) },
    sensitivity: list(40, (n) => ({
      choice: words(n),
      change: words(n, 4),
      figure: n % 2 === 0 ? 'perUnitKgCo2e' : words(n),
      from: d('2.419596'),
      to: d('3.462118'),
      deltaPercent: n === 3 ? null : d(`${n % 2 === 0 ? '-' : ''}${n + 1}.1`),
    })),
    cutOff: { exemptedPercent: d('4.25'), statement: long },
    meters: list(40, (n) => ({
      ...use.meters[0]!,
      machine: words(n),
      component: words(n + 1),
      channel: words(n + 2, 2),
      device: words(n, 3),
      serial: n % 3 === 0 ? null : words(n),
      accuracyClass: n % 4 === 0 ? null : '0.5S',
      certificate: words(n, 2),
    })),
    evidence: {
      ...use.evidence,
      algorithms: list(12, (n) => `millwatt-energy/${n}`),
      configs: list(300, hash),
      amendments: list(200, (n) => `amendment-${n}`),
      factors,
      records: list(120, (n) => ({
        agent: words(n),
        epoch: `epoch-${n}`,
        from: d(`${n}`),
        to: d(`${n + 43201}`),
      })),
      status: 'provisional',
    },
    remarks: list(300, (n) => words(n, 8)),
  };
}

/** A part with as much of everything, and 60 declared parts. */
export function hostilePart(): FootprintRecord {
  const [use, part] = [hostileUsePhase(), samplePart()];
  return {
    ...use,
    view: 'manufacturing',
    subject: { ...use.subject, kind: 'part', massKgPerUnit: null, fossilCarbonKgPerUnit: d('0.000001') },
    functionalUnit: { ...part.functionalUnit, description: words(4, 30), count: null },
    activity: {
      ...use.activity,
      perUnitKwh: null,
      perHour: null,
      components: {},
      residualKwh: null,
      allocated: { directKwh: d('1234567890123.1'), dividedKwh: d('0.000001') },
    },
    uncertainty: { ...use.uncertainty, expandedPercent: null, states: {} },
    upstream: list(60, (n) => ({
      ...part.upstream[0]!,
      name: words(n, 4),
      source: words(n, 6),
      kgCo2ePerUnit: d(`${n + 1}.123456789`),
      biogenicUptakeKgCo2ePerUnit: n % 5 === 0 ? d('-0.25') : d('0'),
      precedingId: n % 2 === 0 ? null : words(n),
    })),
  };
}

/** The other end: no energy, no emissions, no meters, no lists, nothing known. */
export function emptyRecord(): FootprintRecord {
  const use = sampleUsePhase();
  const nothing = { hours: d('0'), energyKwh: d('0'), meanW: null };
  return {
    ...use,
    functionalUnit: { ...use.functionalUnit, count: null },
    boundary: { statement: 'Gate to gate.', includes: [], excludes: [] },
    activity: {
      ...use.activity,
      energyKwh: d('0'),
      perUnitKwh: null,
      states: Object.fromEntries(
        Object.keys(use.activity.states).map((state) => [state, nothing]),
      ) as unknown as FootprintRecord['activity']['states'],
      components: {},
      residualKwh: null,
      perHour: Object.fromEntries(
        Object.keys(use.activity.perHour ?? {}).map((basis) => [basis, { hours: d('0'), kwhPerHour: null }]),
      ) as FootprintRecord['activity']['perHour'],
    },
    coverage: {
      ...use.coverage,
      measuredEnergyPercent: null,
      obtained: {
        counterKwh: d('0'),
        integratedKwh: d('0'),
        bridgedKwh: d('0'),
        bridgedByKwh: { stateMean: d('0'), linear: d('0'), profile: d('0') },
      },
    },
    uncertainty: {
      ...use.uncertainty,
      expandedPercent: null,
      sources: [],
      states: {},
      missing: ['how the supply is metered'],
    },
    emissions: [],
    sensitivity: [],
    meters: [],
    evidence: { ...use.evidence, configs: [], factors: [], records: [] },
  };
}

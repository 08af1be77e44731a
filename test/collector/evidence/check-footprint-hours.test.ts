import { describe, expect, it } from 'vitest';
import { checkFootprintFacts } from '../../../collector/evidence/check-footprint-facts.ts';
import { checkFootprintHours } from '../../../collector/evidence/check-footprint-hours.ts';
import { CheckLines } from '../../../collector/evidence/check-line.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import { canonicalText } from '../../../collector/footprint/record/canonical-text.ts';
import type { FootprintRecord } from '../../../collector/footprint/record/footprint-record.ts';
import { sha256 } from '../../../protocols/evidence/keys.ts';
import { OPERATING_STATES } from '../../../protocols/telemetry/operating-state.ts';
import { milliwattHours } from '../../../protocols/telemetry/unit.ts';
import { d, samplePart, sampleUsePhase } from '../footprint/sample-record.ts';

const mwh = (kwh: string) => milliwattHours(Math.round(Number(kwh) * 1e6));

/** A record, and one hour that holds all its energy and time. */
function made(record: FootprintRecord) {
  const { activity, coverage, period } = record;
  const hourMs = Date.parse(period.from);
  const toMs = Date.parse(period.to);
  const { obtained } = coverage;
  const measured = Number(obtained.counterKwh) + Number(obtained.integratedKwh);
  const share = Math.floor((10_000 * measured) / (measured + Number(obtained.bridgedKwh))) / 100;
  Object.assign(coverage, {
    watchedPercent: d('100'),
    measuredTimePercent: d('50'),
    measuredEnergyPercent: d(String(share)),
  });
  const hour = {
    hourMs,
    spanMs: toMs - hourMs,
    measuredMs: (toMs - hourMs) / 2,
    quality: 'measured',
    revision: 1,
    basis: {
      algorithm: 'millwatt-energy/5',
      records: [{ agent: 'gw-1', epoch: 'uzas8ggndkuz', from: 1, to: 43_201 }],
      configs: record.evidence.configs,
      amendments: [],
    },
    timeMs: Object.fromEntries(
      OPERATING_STATES.map((state) => [state, Math.round(Number(activity.states[state].hours) * 3_600_000)]),
    ),
    energy: {
      supplyMwh: mwh(activity.energyKwh),
      exportMwh: mwh(activity.exportKwh),
      stateMwh: Object.fromEntries(
        OPERATING_STATES.map((state) => [state, mwh(activity.states[state].energyKwh)]),
      ),
      componentMwh: Object.fromEntries([
        ['supply', mwh(activity.energyKwh)],
        ...Object.entries(activity.components).map(
          ([name, { energyKwh }]) => [name, mwh(energyKwh)] as const,
        ),
      ]),
    },
    media: Object.fromEntries(activity.media.map((one) => [one.component, Number(one.normLitres)])),
    obtained: {
      counterMwh: mwh(obtained.counterKwh),
      integratedMwh: mwh(obtained.integratedKwh),
      bridgedMwh: mwh(obtained.bridgedKwh),
      bridgedBy: Object.fromEntries(
        Object.entries(obtained.bridgedByKwh).map(([method, kwh]) => [method, mwh(kwh)]),
      ),
    },
  } as unknown as MachineHour;
  record.evidence.hours.count = d('1');
  record.evidence.hours.sha256 = sha256(`${canonicalText(hour)}\n`);
  const [machine = ''] = record.subject.machines;
  return { record, hour, manifest: { machine, fromMs: hourMs, toMs } };
}

const AIR = { component: 'air', normLitres: d('64000'), declaredKwh: null, source: null };

function withAir(): FootprintRecord {
  const record = sampleUsePhase();
  return { ...record, activity: { ...record.activity, media: [AIR] } };
}

function check({ record, hour, manifest }: ReturnType<typeof made>): string[] {
  const lines = new CheckLines();
  checkFootprintHours(
    record,
    manifest,
    { hours: new Map([[hour.hourMs, hour]]), tree: {} },
    'records/0001.json',
    lines,
  );
  return lines.lines.map(({ result, saying }) => `${result}: ${saying}`);
}

describe('the hours of a footprint', () => {
  it('are those of the package, and their energy is its energy', () => {
    const word = expect.stringMatching(
      /^not-proven: Not computed anew, .* how large each source of its uncertainty is/,
    );
    expect(check(made(sampleUsePhase()))).toEqual([word]);
    const other = made(sampleUsePhase());
    other.record.activity.energyKwh = d('1.000001');
    other.record.activity.states.standby.energyKwh = d('0.000001');
    expect(check(other)).toEqual([
      expect.stringMatching(/^fail: energyKwh is 1\.000001 kWh, and its hours come to \d+ mWh\.$/),
      expect.stringMatching(/^fail: states\.standby\.energyKwh is 0\.000001 kWh/),
      word,
    ]);
    // Twice the hours are half the figure per hour.
    const longer = made(sampleUsePhase());
    const { states } = longer.record.activity;
    states.processing.hours = d(String(2 * Number(states.processing.hours)));
    longer.record.coverage.watchedPercent = d('99');
    longer.record.coverage.measuredTimePercent = d('99');
    longer.record.coverage.obtained.bridgedByKwh.linear = d('99');
    Object.assign(longer.record.activity.components, { laser: { energyKwh: d('1') } });
    expect(check(longer)).toEqual([
      expect.stringMatching(/^fail: states\.processing\.hours is \S+, and its hours come to /),
      expect.stringMatching(/^fail: components\.laser\.energyKwh is 1 kWh/),
      expect.stringMatching(/^fail: obtained\.bridgedByKwh\.linear is 99 kWh/),
      expect.stringMatching(/^fail: watchedPercent is 99, and its hours come to 100\.$/),
      expect.stringMatching(/^fail: measuredTimePercent is 99, and its hours come to 50\.$/),
      word,
    ]);
    // What components leave of the whole, and what was taken in beside electricity.
    const rest = made(withAir());
    expect(check(rest)).toEqual([word]);
    rest.record.activity.residualKwh = d('1400');
    rest.record.activity.media[0] = { ...AIR, normLitres: d('1000') };
    rest.record.activity.media.push({ ...AIR, component: 'nitrogen' });
    expect(check(rest)).toEqual([
      'fail: residualKwh is 1400, and its hours come to 1424.5.',
      'fail: media.air.normLitres is 1000, and its hours come to 64000.',
      'fail: media.nitrogen.normLitres is 64000, and its hours come to null.',
      word,
    ]);
    rest.record.activity.media = [];
    expect(check(rest)).toContain('fail: media.air.normLitres is null, and its hours come to 64000.');
    const others = made(sampleUsePhase());
    Object.assign(others.record.evidence, { configs: [], amendments: ['1'], algorithms: ['own/1'] });
    others.record.evidence.hours.count = d('720');
    others.record.evidence.records[0]!.to = d('9');
    expect(check(others)).toEqual([
      'fail: evidence.hours.count is 720, and has to be 1.',
      expect.stringMatching(/^fail: evidence\.configs is , and has to be kZ6/),
      'fail: evidence.amendments is 1, and has to be .',
      'fail: evidence.algorithms is own/1, and has to be millwatt-energy/5.',
      'fail: evidence.records is gw-1 uzas8ggndkuz 1-9, and has to be gw-1 uzas8ggndkuz 1-43201.',
      word,
    ]);
    const changed = made(sampleUsePhase());
    changed.hour.energy.supplyMwh = milliwattHours(1);
    expect(check(changed)).toEqual([expect.stringMatching(/^fail: It rests on other hours/)]);
  });

  it('are not proven where they are not in the package, or were allocated', () => {
    const late = made(sampleUsePhase());
    late.manifest.fromMs += 3_600_000;
    expect(check(late)).toEqual([
      expect.stringMatching(/^not-proven: It is of other machines or another time/),
    ]);
    expect(check(made(samplePart()))).toEqual([
      expect.stringMatching(/^not-proven: It rests on these hours/),
    ]);
  });
});

describe('what a footprint says of itself', () => {
  const faultsOf = (record: FootprintRecord, change: (record: FootprintRecord) => void = () => {}) => {
    const { key: collector, site } = record.issuer;
    change(record);
    const lines = new CheckLines();
    checkFootprintFacts(record, { collector, site }, 'records/0001.json', lines);
    return lines.lines.map(({ saying }) => saying).join(' ');
  };

  it('follows from its package and its own figures', () => {
    expect(faultsOf(sampleUsePhase())).toBe('');
    expect(faultsOf(samplePart(), (part) => (part.sensitivity = sampleUsePhase().sensitivity))).toBe('');
  });

  it.each<[string, (record: FootprintRecord) => void]>([
    ['issuer.key is other', (r) => (r.issuer.key = 'other')],
    ['issuer.site is other', (r) => (r.issuer.site = 'other')],
    ['subject.id is mill-9', (r) => (r.subject.id = 'mill-9')],
    ['evidence.uncertaintyModel is own/1', (r) => (r.evidence.uncertaintyModel = 'own/1')],
    ['dataQuality.precision.score is 1', (r) => (r.dataQuality.precision.score = '1')],
    ['dataQuality.geographical.score is 2', (r) => (r.issuer.region.country = 'DE')],
    ['dataQuality.reliability.score is 1', (r) => (r.meters = [])],
    ['dataQuality.primaryActivityPercent is 42', (r) => (r.dataQuality.primaryActivityPercent = d('42'))],
    ['dataQuality.primaryStrictPercent is 100', (r) => (r.dataQuality.primaryStrictPercent = d('100'))],
    ['It has declared parts', (r) => (r.upstream = samplePart().upstream)],
    ['Its sensitivity leaves out official instead of default', (r) => (r.sensitivity = [])],
  ])('%s: is a fault', (says, change) => {
    expect(faultsOf(sampleUsePhase(), change)).toContain(says);
  });
});

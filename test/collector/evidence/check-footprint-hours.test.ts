import { describe, expect, it } from 'vitest';
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

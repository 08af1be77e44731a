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

/** A record, and one hour that holds all its energy. */
function made(record: FootprintRecord) {
  const { activity, period } = record;
  const hourMs = Date.parse(period.from);
  const hour = {
    hourMs,
    energy: {
      supplyMwh: mwh(activity.energyKwh),
      exportMwh: mwh(activity.exportKwh),
      stateMwh: Object.fromEntries(
        OPERATING_STATES.map((state) => [state, mwh(activity.states[state].energyKwh)]),
      ),
    },
  } as MachineHour;
  record.evidence.hours.sha256 = sha256(`${canonicalText(hour)}\n`);
  const [machine = ''] = record.subject.machines;
  return { record, hour, manifest: { machine, fromMs: hourMs, toMs: Date.parse(period.to) } };
}

function check({ record, hour, manifest }: ReturnType<typeof made>): string[] {
  const lines = new CheckLines();
  checkFootprintHours(record, manifest, new Map([[hour.hourMs, hour]]), 'records/0001.json', lines);
  return lines.lines.map(({ result, saying }) => `${result}: ${saying}`);
}

describe('the hours of a footprint', () => {
  it('are those of the package, and their energy is its energy', () => {
    expect(check(made(sampleUsePhase()))).toEqual([]);
    const other = made(sampleUsePhase());
    other.record.activity.energyKwh = d('1.000001');
    other.record.activity.states.standby.energyKwh = d('0.000001');
    expect(check(other)).toEqual([
      expect.stringMatching(/^fail: energyKwh is 1\.000001 kWh, and its hours come to \d+ mWh\.$/),
      expect.stringMatching(/^fail: states\.standby\.energyKwh is 0\.000001 kWh/),
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

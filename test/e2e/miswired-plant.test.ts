import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ratedMachineOf } from '../../cli/findings-command.ts';
import { readViews } from '../../collector/ledger/sqlite-views.ts';
import { reportCommission, type CommissionReport } from '../../collector/reports/commission-report.ts';
import type { FindingReport } from '../../collector/reports/finding-report.ts';
import { loadProfile } from '../../config/library/profile-library.ts';
import { loadCollectorConfig } from '../../config/load.ts';
import { rawReadingOf } from '../../protocols/modbus/profile/encode.ts';
import type { ProfilePoint } from '../../protocols/modbus/profile/profile.ts';
import { SteppedClock } from '../../protocols/clock.ts';
import { createProfileBank } from '../../protocols/simulator/modbus-bank.ts';
import { startModbusServer, type ModbusServer } from '../../protocols/simulator/modbus-server.ts';
import { MINUTE_MS, momentsOf, START_MS, type Moment } from '../collector/diagnostics/plant-minutes.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { startWholeLine } from './whole-line.ts';

const MINUTES = 60;
const POLL_MS = 10_000;
const STILL_FROM_MS = START_MS + 20 * MINUTE_MS;
const PHASES = ['l1', 'l2', 'l3'] as const;

const READ = [
  ...['voltage', 'current', 'activePower', 'powerFactor'].flatMap((quantity) =>
    PHASES.map((phase) => `${quantity}.${phase}`),
  ),
  'activePower',
  'activeEnergyImport',
];
/** Transformers of 50/5 A: the meter shows the secondary side. */
const RATIO = 10;

/** What a meter makes of the truth. */
type Miswiring = (moment: Moment, last: Moment) => Moment;

const MACHINES: Readonly<Record<string, Miswiring>> = {
  sound: (moment) => moment,
  /** The transformer of L2 sits the wrong way round; the meter adds the phases with their signs and counts only what is drawn. */
  turned: (moment) => ({
    ...moment,
    powerW: moment.powerW.map((power, index) => (index === 1 ? -power : power)),
    totalW: moment.totalW - 2 * (moment.powerW[1] ?? 0),
    importWh: moment.importWh * 0.32,
  }),
  /** Its counter stops after twenty minutes. */
  still: (moment, last) => ({ ...moment, importWh: last.importWh }),
};

function valueOf({ quantity, phase }: ProfilePoint, moment: Moment): number {
  const index = PHASES.indexOf(phase as (typeof PHASES)[number]);
  const { voltageV, currentA, powerW, factor, totalW, importWh } = moment;
  const shown: Partial<Record<typeof quantity, number>> = {
    voltage: index < 0 ? (voltageV[0] ?? 0) * Math.sqrt(3) : (voltageV[index] ?? 0),
    current: (currentA[index] ?? 0) / RATIO,
    activePower: (index < 0 ? totalW : (powerW[index] ?? 0)) / RATIO,
    powerFactor: Math.abs(factor[index] ?? factor[0] ?? 1),
    activeEnergyImport: Math.floor(importWh / RATIO),
  };
  return shown[quantity] ?? 0;
}

describe('a plant with a turned transformer and a counter that stands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-miswired-'));
  const findings: Record<string, FindingReport> = {};
  const commissioned: Record<string, CommissionReport | undefined> = {};

  beforeAll(async () => {
    const clock = new SteppedClock(START_MS);
    const { profile } = loadProfile('siemens/pac3200');
    const names = Object.keys(MACHINES);
    const meters: ModbusServer[] = [];
    for (const [index, name] of names.entries()) {
      const moments = [...momentsOf(20 + index, MINUTES + 1)];
      const last = moments[(STILL_FROM_MS - START_MS) / 2000];
      const bank = createProfileBank(profile, (point) => {
        const truth = moments[Math.floor((clock.wallMs() - START_MS) / 2000)];
        if (truth === undefined || last === undefined) return null;
        const isLate = truth.atMs >= STILL_FROM_MS;
        const shown =
          name === 'still' && !isLate ? truth : (MACHINES[name] ?? ((one: Moment) => one))(truth, last);
        return rawReadingOf(point, valueOf(point, shown));
      });
      meters.push(await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[1, bank]]) }));
    }
    const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
    const collectorFile = join(folder, 'collector.yaml');
    writeFileSync(
      collectorFile,
      `site: lab
data: ./collector
broker: { embedded: { port: ${brokerPort} } }
http: { port: ${httpPort} }
machines:
${names.map((name) => `  - { id: ${name}, ratedPower: 18kW }\n`).join('')}`,
    );
    const agentFile = join(folder, 'agent.yaml');
    writeFileSync(
      agentFile,
      `site: lab
agent: gateway-1
data: ./agent
broker: { url: "mqtt://127.0.0.1:${brokerPort}" }
sources:
${names
  .map(
    (name, index) => `  - id: ${name}-meter
    protocol: modbus-tcp
    host: 127.0.0.1
    port: ${meters[index]?.port}
    profile: siemens/pac3200
    machine: ${name}
    component: supply
    every: ${POLL_MS / 1000}s
    ct: { primary: 50, secondary: 5 }
    read: [${READ.join(', ')}]
`,
  )
  .join('')}`,
    );
    const line = await startWholeLine({ folder, clock, collectorFile, agentFile, simulated: false });
    try {
      for (let atMs = START_MS + POLL_MS; atMs <= START_MS + MINUTES * MINUTE_MS; atMs += POLL_MS) {
        clock.stepTo(atMs);
        await line.agent.pollAll();
      }
      await line.deliver();
      const { config } = loadCollectorConfig(collectorFile);
      const views = readViews({ folder: join(folder, 'collector') });
      for (const name of names) {
        const range = `from=${START_MS}&to=${START_MS + 2 * 3_600_000}`;
        const answer = await fetch(`${line.collector.url}/api/v1/machines/${name}/findings?${range}`);
        findings[name] = (await answer.json()) as FindingReport;
        commissioned[name] = reportCommission(views, ratedMachineOf(config, name), {}, 40, null);
      }
      views.close();
    } finally {
      await line.stop();
      await Promise.all(meters.map((meter) => meter.close()));
    }
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const codesOf = (name: string) => findings[name]?.findings.map(({ code }) => code);
  const failedOf = (name: string) =>
    commissioned[name]?.result.checks.filter(({ result }) => result === 'fail').map(({ check }) => check);

  it('finds nothing in the machine that is sound, and passes it', () => {
    expect(codesOf('sound')).toEqual([]);
    expect(failedOf('sound')).toEqual([]);
    expect(commissioned['sound']?.result.verdict).toBe('passed');
    expect(commissioned['sound']?.meters).toMatchObject([{ source: 'sound-meter', ct: '50/5 A' }]);
  });

  it('finds the turned transformer, by minutes and at commissioning', () => {
    expect(codesOf('turned')).toEqual(['transformer-turned']);
    expect(findings['turned']?.findings[0]?.saying).toMatch(/of l2 seems turned round/);
    expect(failedOf('turned')).toEqual(expect.arrayContaining(['direction', 'plausible']));
    expect(commissioned['turned']?.result.verdict).toBe('failed');
  });

  it('finds the counter that stands, with what was drawn meanwhile', () => {
    expect(codesOf('still')).toEqual(['counter-still']);
    const [found] = findings['still']?.findings ?? [];
    expect(found?.fromMs).toBeGreaterThanOrEqual(STILL_FROM_MS - MINUTE_MS);
    expect(found?.fromMs).toBeLessThanOrEqual(STILL_FROM_MS + 2 * MINUTE_MS);
    expect(found?.saying).toMatch(/stood at .* kWh for \d+ minutes while [\d.]+ Wh were drawn/);
    expect(failedOf('still')).toEqual(expect.arrayContaining(['counter', 'plausible']));
  });
});

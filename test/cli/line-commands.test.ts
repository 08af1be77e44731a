import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import {
  makeFolder,
  readAgent,
  run,
  startMeter,
  writeAgentFile,
  writeCollectorFile,
} from '../e2e/fault-rig.ts';
import { eventually, type MillwattProcess } from '../e2e/millwatt-process.ts';
import { findFreePort } from '../support/mosquitto.ts';

/** Ctrl-C: ends with 0, soon. */
async function interrupt(started: MillwattProcess): Promise<void> {
  const sinceMs = Date.now();
  process.kill(started.pid, 'SIGINT');
  expect(await started.exited, started.output()).toBe(0);
  expect(Date.now() - sinceMs).toBeLessThan(3000);
}

it('hours prints what agent and collector made, as a table with totals, as JSON and as CSV', async () => {
  const folder = makeFolder();
  const meter = await startMeter();
  const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
  writeCollectorFile(folder, { broker: `{ embedded: { port: ${brokerPort} } }`, httpPort });
  writeAgentFile(folder, { brokerPort, meters: { meter: meter.port } });

  const hours = async (...args: string[]) => {
    const started = run(folder, ['hours', '-c', 'collector.yaml', ...args]);
    return { code: await started.exited, output: started.output() };
  };
  const none = await hours();
  expect(none.code).toBe(1);
  expect(none.output).toMatch(
    /no collector has run here\.\n {2}cure: Start `millwatt collector -c collector.yaml`/,
  );

  const collector = run(folder, ['collector', '-c', 'collector.yaml']);
  await collector.waitFor(/The page is served/);
  const agent = run(folder, ['agent', '-c', 'agent.yaml']);
  await eventually(
    async () => ((await readAgent(httpPort))?.chain?.samples ?? 0) > 20,
    'readings in the ledger',
  );
  await interrupt(agent);
  await eventually(async () => (await readAgent(httpPort))?.online === false, 'the agent has left');
  // The collector still runs: its ledger is read beside it.
  const json = await eventually(async () => {
    const { output } = await hours('--json');
    const all = (JSON.parse(output) as { hours: MachineHour[] }).hours;
    return all.some((hour) => (hour.energy.supplyMwh ?? 0) > 0) ? all : undefined;
  }, 'a machine-hour with energy');
  await interrupt(collector);

  const energyMwh = json.reduce((sum, hour) => sum + (hour.energy.supplyMwh ?? 0), 0);
  const table = await hours();
  expect(table.code).toBe(0);
  expect(table.output).toMatch(/machine +hour \((UTC|[+-]\d\d:\d\d)\)/);
  const [rows = '', legend] = table.output.trim().split('\n\n');
  expect(legend).toContain('state-unknown: the operating state');
  const total = rows.split('\n').at(-1) ?? '';
  expect(total).toMatch(new RegExp(`^mill-1 +${json.length} hours? +${(energyMwh / 1000).toFixed(1)} Wh`));

  const csv = (await hours('--csv')).output.trim().split('\n');
  const column = csv[0]?.split(',').indexOf('supply_mwh') ?? -1;
  const csvMwh = csv.slice(1).reduce((sum, line) => sum + Number(line.split(',')[column]), 0);
  expect(csvMwh).toBe(energyMwh);

  expect((await hours('--to', '2020-01-02', '--from', '2020-01-01')).output).toContain(
    'No machine-hours in this time.',
  );
  const unknown = await hours('--machine', 'mill-2');
  expect(unknown).toMatchObject({
    code: 1,
    output: expect.stringMatching(/knows no machine mill-2\.\n {2}cure: Choose one of: mill-1\./),
  });
  const when = await hours('--from', 'yesterday');
  expect(when).toMatchObject({
    code: 1,
    output: expect.stringMatching(/--from "yesterday" is not a time\.\n {2}cure: Write it as 2026-/),
  });
}, 60_000);

it('simulate serves the sample plant, probe reads it, and Ctrl-C ends it', async () => {
  const folder = makeFolder();
  const sample = readFileSync(new URL('../../config/samples/plant.yaml', import.meta.url), 'utf8');
  const ports = new Map<string, number>();
  const written = [...sample.matchAll(/port: (\d+)/g)].map(([, port = '']) => port);
  for (const port of written) ports.set(port, await findFreePort());
  writeFileSync(
    join(folder, 'plant.yaml'),
    sample.replaceAll(/(?<=port: )\d+/g, (port) => String(ports.get(port))),
  );
  const plant = run(folder, ['simulate', '-c', 'plant.yaml']);
  await plant.waitFor(/The simulated plant runs/);
  // As a control shows it on its screen, to compare before it is trusted.
  expect(plant.output()).toMatch(/"id":"centre-1-control".*"thumbprint":"[0-9a-f]{64}"/);
  writeAgentFile(folder, { brokerPort: 1883, meters: { supply: ports.get('15020') ?? 0 } });
  const probe = run(folder, ['probe', '-c', 'agent.yaml', '--once']);
  expect(await probe.exited).toBe(0);
  expect(probe.output()).toMatch(/mill-1\.supply\.activeEnergyImport +\d+\.\d +Wh +good/);
  await interrupt(plant);
}, 60_000);

it('an agent whose broker is away ends at Ctrl-C as fast as any', async () => {
  const folder = makeFolder();
  const meter = await startMeter();
  writeAgentFile(folder, { brokerPort: await findFreePort(), meters: { meter: meter.port } });
  const agent = run(folder, ['agent', '-c', 'agent.yaml']);
  await agent.waitFor(/Nothing listens at/);
  await interrupt(agent);
});

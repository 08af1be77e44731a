import { describe, expect, it } from 'vitest';
import { startInfluxd } from '../support/influxd.ts';
import { findFreePort } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import {
  makeFolder,
  messagesOf,
  onEnd,
  readMetrics,
  run,
  startMeter,
  writeAgentFile,
  writeCollectorFile,
} from './fault-rig.ts';
import { eventually, type MillwattProcess } from './millwatt-process.ts';
import { startScriptedInflux } from './scripted-influx.ts';

const withInfluxd = requireTool('influxd') !== undefined;

interface Line {
  httpPort: number;
  collector: MillwattProcess;
  agent: MillwattProcess;
  restartCollector(): Promise<MillwattProcess>;
}

/** A meter, an agent and a collector with a broker inside, as processes, and an InfluxDB at the address. */
async function startLine(influxUrl: string): Promise<Line> {
  const folder = makeFolder();
  const meter = await startMeter();
  const brokerPort = await findFreePort();
  const httpPort = await findFreePort();
  writeCollectorFile(folder, { broker: `{ embedded: { port: ${brokerPort} } }`, httpPort, influxUrl });
  writeAgentFile(folder, { brokerPort, meters: { meter: meter.port } });
  const startCollector = async () => {
    const started = run(folder, ['collector', '-c', 'collector.yaml']);
    await started.waitFor(/The page is served/);
    return started;
  };
  let collector = await startCollector();
  const agent = run(folder, ['agent', '-c', 'agent.yaml']);
  return {
    httpPort,
    collector,
    agent,
    restartCollector: async () => {
      expect(await collector.stop()).toBe(0);
      collector = await startCollector();
      return collector;
    },
  };
}

async function metric(line: Line, name: string): Promise<number> {
  return (await readMetrics(line.httpPort)).get(name) ?? 0;
}

const LAG = 'millwatt_reader_lag_records{reader="influx"}';

/** The collector goes on while InfluxDB does not: its ledger grows, and /metrics shows the lag. */
async function expectLagAndProgress(line: Line): Promise<void> {
  const before = await metric(line, 'millwatt_ledger_samples');
  await eventually(
    async () => (await metric(line, 'millwatt_ledger_samples')) > before + 10,
    'the ledger grows',
  );
  await eventually(async () => (await metric(line, LAG)) > 0, '/metrics shows the lag');
}

/** Stops the agent; every power reading of the ledger must be in InfluxDB. */
async function expectAllProjected(line: Line, countPoints: () => Promise<number> | number): Promise<void> {
  expect(await line.agent.stop()).toBe(0);
  await eventually(async () => {
    const samples = await metric(line, 'millwatt_ledger_samples');
    // A poll gives two readings: power, and the counter, which is a point of its own measurement.
    return (await metric(line, LAG)) === 0 && samples > 0 && (await countPoints()) === samples / 2;
  }, 'every reading of the ledger is in InfluxDB');
}

describe('InfluxDB (a scripted fake) that does not take points', () => {
  it('broken, overloaded, then full: said with a cure, nothing is lost', async () => {
    const influx = await startScriptedInflux({ status: 500, body: '{"error":"engine: broken"}' });
    const line = await startLine(influx.url);
    await line.collector.waitFor(
      /"cure":"Check that[^"]*","msg":"InfluxDB answered 500: engine: broken; readings stay in the ledger until it works again\./,
    );
    influx.answer({ status: 503, body: '{"error":"overloaded"}' });
    await line.collector.waitFor(/InfluxDB answered 503: overloaded; readings stay/);
    influx.answer({ status: 507, body: '{"error":"no space left on device"}' });
    await line.collector.waitFor(
      /disk has room[^"]*","msg":"InfluxDB answered 507: no space left on device; readings stay/,
    );
    await expectLagAndProgress(line);
    await eventually(() => influx.writes(507) > 1, 'it is tried again');
    expect(messagesOf(line.collector, /answered 507/)).toHaveLength(1);
    influx.answer({ status: 204 });
    await line.collector.waitFor(/InfluxDB takes points again/);
    await expectAllProjected(line, () => influx.powers().size);
  }, 120_000);

  it('a wrong password: says what to correct; after a restart everything is there', async () => {
    const influx = await startScriptedInflux({ status: 401, body: '{"error":"authorization failed"}' });
    const line = await startLine(influx.url);
    await line.collector.waitFor(
      /"cure":"Check the user name and password or the token[^"]*","msg":"InfluxDB answered 401: authorization failed; readings stay in the ledger/,
    );
    await expectLagAndProgress(line);
    expect(messagesOf(line.collector, /answered 401/)).toHaveLength(1);
    expect(await metric(line, 'millwatt_influx_state{state="halt"}')).toBe(1);
    const asked = await fetch(`http://127.0.0.1:${line.httpPort}/api/v1/alarms`);
    expect(await asked.json()).toMatchObject({
      alarms: [
        { part: 'influx', reason: expect.stringContaining('401'), cure: expect.stringContaining('token') },
      ],
    });
    influx.answer({ status: 204 });
    await line.restartCollector();
    await expectAllProjected(line, () => influx.powers().size);
  }, 90_000);
});

describe.skipIf(!withInfluxd)('a real InfluxDB', () => {
  it('that is down at the start, comes, is killed and comes back holds every reading in the end', async () => {
    const influx = await startInfluxd();
    onEnd(() => influx.stop());
    await influx.kill9();
    const line = await startLine(influx.url);
    await line.collector.waitFor(
      /InfluxDB at http:\/\/127\.0\.0\.1:\d+ did not answer \(ECONNREFUSED\); readings stay in the ledger until it does\. Check that InfluxDB runs/,
    );
    await expectLagAndProgress(line);
    await influx.restart();
    await line.collector.waitFor(/InfluxDB takes points again/, 90_000);
    await influx.kill9();
    await expectLagAndProgress(line);
    await influx.restart();
    await expectAllProjected(line, async () => {
      const query = encodeURIComponent('SELECT COUNT("p_w") FROM "power"');
      const response = await fetch(`${influx.url}/query?db=millwatt&q=${query}`);
      const body = (await response.json()) as { results: { series?: { values: number[][] }[] }[] };
      return body.results[0]?.series?.[0]?.values[0]?.[1] ?? 0;
    });
  }, 180_000);
});

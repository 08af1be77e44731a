import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KeyReport } from '../../cli/keys/read-keys.ts';
import { findFreePort, startMosquitto } from '../support/mosquitto.ts';
import { requireTool } from '../support/tools.ts';
import {
  makeFolder,
  messagesOf,
  onEnd,
  readAgent,
  run,
  startMeter,
  writeAgentFile,
  writeCollectorFile,
} from './fault-rig.ts';
import { eventually, type MillwattProcess } from './millwatt-process.ts';

const tools = requireTool('mosquitto') !== undefined;

describe.skipIf(!tools)('a gateway that gets a new key', () => {
  it('delivers what waits under the old one and goes on without an alarm; revoked, it loses nothing until it is confirmed', async () => {
    const folder = makeFolder();
    const meter = await startMeter();
    const broker = await startMosquitto();
    onEnd(() => broker.stop());
    const httpPort = await findFreePort();
    writeAgentFile(folder, { brokerPort: broker.port, meters: { meter: meter.port } });
    writeCollectorFile(folder, { broker: `{ url: "mqtt://127.0.0.1:${broker.port}" }`, httpPort });
    const millwatt = async (...args: string[]) => {
      const started = run(folder, args);
      return { code: await started.exited, output: started.output() };
    };
    const keysOf = async (): Promise<KeyReport[]> => {
      const { output } = await millwatt('keys', '--json', '-c', 'collector.yaml');
      return (JSON.parse(output) as { keys: KeyReport[] }).keys;
    };
    const rotate = () => millwatt('keys', 'rotate', '--yes', '-c', 'agent.yaml');
    const startCollector = async () => {
      const started = run(folder, ['collector', '-c', 'collector.yaml']);
      await started.waitFor(/The page is served/);
      return started;
    };
    const startAgent = () => run(folder, ['agent', '-c', 'agent.yaml']);

    let collector = await startCollector();
    let agent = startAgent();
    await eventually(async () => ((await readAgent(httpPort))?.chain?.headSeq ?? 0) > 2, 'records come');
    const running = await rotate();
    expect([running.code, running.output]).toEqual([1, expect.stringContaining('runs.')]);

    // A backlog under the old key: nobody takes it.
    expect(await collector.stop()).toBe(0);
    const before = meter.reads();
    await eventually(() => meter.reads() > before + 8, 'the meter is read on');
    expect(await agent.stop()).toBe(0);
    const rotated = await rotate();
    expect(rotated.code, rotated.output).toBe(0);
    const twice = await rotate();
    expect([twice.code, twice.output]).toEqual([1, expect.stringContaining('was rotated already')]);
    expect(readdirSync(join(folder, 'agent')).filter((name) => name.startsWith('agent-key'))).toEqual([
      'agent-key.pem',
    ]);
    const { output: shown } = await millwatt('keys', 'show', '-c', 'agent.yaml');
    const mark = shown.split('\n')[0] ?? '';

    agent = startAgent();
    await agent.waitFor(/the agent has a new key; a new chain begins/);
    await eventually(() => meter.reads() > before + 16, 'the meter is read on under the new key');
    collector = await startCollector();
    const whole = async (standings: string[]) =>
      eventually(
        async () => {
          const keys = await keysOf();
          const { health } = (await readAgent(httpPort)) ?? {};
          const isDelivered = (health?.spool.records.pending ?? 1) < 4;
          const isRight = keys.map(({ standing }) => standing).join() === standings.join();
          const isWhole = keys.every(({ chains }) => chains.every(({ to, records }) => to === records));
          return isDelivered && isRight && isWhole ? keys : undefined;
        },
        `keys are ${standings.join()} and all is delivered`,
        60_000,
      );
    const [first, second] = await whole(['seen', 'rotated']);
    expect(second?.fingerprint).toBe(mark);
    expect(first?.chains).toHaveLength(1);
    await expectAlarms(httpPort, collector, []);

    // Revoked while both run.
    const args = ['gateway-1', mark, '--yes', '-c', 'collector.yaml'];
    const revoked = await millwatt('keys', 'revoke', ...args, '--since', 'now', '--because', 'a trial');
    expect(revoked.output).toContain('The collector runs: it counts within seconds.');
    await agent.waitFor(/the collector takes no record under this key any more: it was revoked/, 30_000);
    const held = (await keysOf())[1]?.chains[0]?.to ?? 0;
    const read = meter.reads();
    await eventually(() => meter.reads() > read + 8, 'the meter is read on');
    expect((await keysOf())[1]?.chains[0]?.to).toBe(held);
    await eventually(
      async () => (await readAgent(httpPort))?.health?.keyRevoked === 'current',
      'its health says so within seconds',
      20_000,
    );
    const { health } = (await readAgent(httpPort)) ?? {};
    expect(health?.spool.records.rejected).toBe(0);
    expect(health?.spool.samples.dropped).toBe(0);

    // A mistake: all that waited is taken.
    const confirmed = await millwatt('keys', 'confirm', ...args, '--by', 'Anna');
    expect(confirmed.output).toContain('the key is confirmed now');
    await agent.waitFor(/the collector takes records under this key again/, 60_000);
    await whole(['seen', 'confirmed']);
    await expectAlarms(httpPort, collector, []);
    const journal = await millwatt('journal', '--kind', 'key', '-c', 'collector.yaml');
    expect(journal.output).toMatch(/was revoked since .* Because: a trial[^]*was compared and confirmed/);
    const verified = await millwatt('ledger', 'verify', '-c', 'collector.yaml');
    expect(verified.output).toMatch(/records are as their agents signed them/);
    expect(await agent.stop()).toBe(0);
    expect(await collector.stop()).toBe(0);
  }, 300_000);
});

async function expectAlarms(httpPort: number, collector: MillwattProcess, parts: string[]): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${httpPort}/api/v1/alarms`);
  const { alarms } = (await response.json()) as { alarms: { part: string; reason: string }[] };
  expect(alarms.filter(({ part }) => part === 'keys').map(({ reason }) => reason)).toEqual(parts);
  expect(messagesOf(collector, /not with the one it used before/)).toEqual([]);
}

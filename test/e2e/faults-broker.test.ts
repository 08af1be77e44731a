import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import { findFreePort } from '../support/mosquitto.ts';
import {
  makeFolder,
  messagesOf,
  onEnd,
  readAgent,
  run,
  startMeter,
  writeAgentFile,
  writeCollectorFile,
  type SwitchedMeter,
} from './fault-rig.ts';
import { eventually, type MillwattProcess } from './millwatt-process.ts';

it('a broker that is away, then a web server in its place: readings stay in the spool and all arrive later', async () => {
  const folder = makeFolder();
  const meter = await startMeter();
  const brokerPort = await findFreePort();
  const httpPort = await findFreePort();
  writeAgentFile(folder, { brokerPort, meters: { meter: meter.port } });
  writeCollectorFile(folder, { broker: `{ embedded: { port: ${brokerPort} } }`, httpPort });
  const agent = run(folder, ['agent', '-c', 'agent.yaml']);
  await agent.waitFor(
    /"cure":"Start the broker, or correct the address and port of broker\.url\.","msg":"the broker is not connected, readings stay in the spool\. Nothing listens at 127\.0\.0\.1:\d+\./,
  );

  const web = createServer((_request, response) => response.end('a web page'));
  await new Promise<void>((resolve) => {
    web.listen(brokerPort, '127.0.0.1', resolve);
  });
  const closeWeb = async () => {
    web.closeAllConnections();
    await new Promise<void>((resolve) => {
      web.close(() => resolve());
    });
  };
  onEnd(closeWeb);
  await agent.waitFor(
    /"cure":"Correct the address and port[^"]*","msg":"[^"]*What listens at 127\.0\.0\.1:\d+ does not speak MQTT\./,
  );
  const before = meter.reads();
  await eventually(() => meter.reads() > before + 5, 'the meter is read on meanwhile');
  await closeWeb();

  const collector = run(folder, ['collector', '-c', 'collector.yaml']);
  await collector.waitFor(/The page is served/);
  await agent.waitFor(/the broker is connected/, 90_000);
  // A state is told once, not at every attempt.
  expect(messagesOf(agent, /Nothing listens at/).length).toBeLessThanOrEqual(2);
  expect(messagesOf(agent, /does not speak MQTT/).length).toBeLessThanOrEqual(2);
  await expectAllArrived(meter, agent, httpPort);
}, 150_000);

it('a broker that refuses the login says so on both sides; with the right password everything arrives', async () => {
  const folder = makeFolder();
  const meter = await startMeter();
  const brokerPort = await findFreePort();
  const httpPort = await findFreePort();
  const secrets = { RIGHT: 'a-long-and-right-password', WRONG: 'a-long-but-wrong-password' };
  const extra = (name: string) => `, password: "\${env:${name}}"`;
  writeAgentFile(folder, { brokerPort, meters: { meter: meter.port }, extra: extra('WRONG') });
  writeCollectorFile(folder, {
    broker: `{ embedded: { port: ${brokerPort}, agents: { gateway-1: "\${env:RIGHT}" } }, password: "\${env:RIGHT}" }`,
    httpPort,
  });
  const collector = run(folder, ['collector', '-c', 'collector.yaml'], secrets);
  await collector.waitFor(/The page is served/);
  const refused = run(folder, ['agent', '-c', 'agent.yaml'], secrets);
  await refused.waitFor(
    /"cure":"Compare the id and the password[^"]*","msg":"the broker is not connected, readings stay in the spool\. The broker at 127\.0\.0\.1:\d+ refuses the user name or password\./,
  );
  await collector.waitFor(/the broker refused a login/);
  await eventually(() => meter.reads() > 5, 'the meter is read all the same');
  expect(messagesOf(refused, /refuses the user name/)).toHaveLength(1);
  expect(refused.output() + collector.output()).not.toMatch(/a-long-/);
  expect(await refused.stop()).toBe(0);

  writeAgentFile(folder, { brokerPort, meters: { meter: meter.port }, extra: extra('RIGHT') });
  const agent = run(folder, ['agent', '-c', 'agent.yaml'], secrets);
  await agent.waitFor(/the broker is connected/);
  await expectAllArrived(meter, agent, httpPort);
}, 90_000);

/** Stops the agent and compares: what was sampled is receipted, and every read of the meter is in the ledger. */
async function expectAllArrived(
  meter: SwitchedMeter,
  agent: MillwattProcess,
  httpPort: number,
): Promise<void> {
  const fromNow = meter.reads();
  await eventually(() => meter.reads() > fromNow + 3, 'the meter is read on');
  expect(await agent.stop()).toBe(0);
  // Two readings a poll: power and counter. A poll that was under way at a stop gives none.
  const most = 2 * meter.reads();
  const samples = await eventually(async () => {
    const view = await readAgent(httpPort);
    return view?.online === false && (view.chain?.samples ?? 0) >= most - 4 ? view.chain?.samples : undefined;
  }, `about ${most} readings are in the ledger`);
  expect(samples).toBeLessThanOrEqual(most);
}

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAuthority } from '../support/certificates.ts';
import { findFreePort } from '../support/mosquitto.ts';
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

const openssl = requireTool('openssl');

it.skipIf(openssl === undefined)(
  'a collector that asks for certificates takes the records of an agent with its own, and none of one with the certificate of another',
  async () => {
    const folder = makeFolder();
    const authority = createAuthority(openssl ?? '', 'plant');
    onEnd(() => authority.dispose());
    const issue = (commonName: string, names?: string) => {
      const { cert, key } = authority.issue({ commonName, ...(names === undefined ? {} : { names }) });
      writeFileSync(join(folder, `${commonName}.pem`), cert);
      writeFileSync(join(folder, `${commonName}.key`), key, { mode: 0o600 });
    };
    writeFileSync(join(folder, 'ca.pem'), authority.cert);
    issue('broker', 'IP:127.0.0.1');
    for (const name of ['collector', 'gateway-1', 'gateway-2']) issue(name);
    const [brokerPort, httpPort] = [await findFreePort(), await findFreePort()];
    writeCollectorFile(folder, {
      httpPort,
      broker: `{ ca: ca.pem, cert: collector.pem, key: collector.key, embedded: { port: ${brokerPort}, cert: broker.pem, key: broker.key, ca: ca.pem } }`,
    });
    const meter = await startMeter();
    const writeAgent = (certificate: string) => {
      writeAgentFile(folder, {
        brokerPort,
        meters: { 'mill-1-supply': meter.port },
        extra: `, ca: ca.pem, cert: ${certificate}.pem, key: ${certificate}.key`,
      });
      const path = join(folder, 'agent.yaml');
      writeFileSync(path, readFileSync(path, 'utf8').replace('mqtt://', 'mqtts://'));
    };
    const collector = run(folder, ['collector', '-c', 'collector.yaml']);
    await expect
      .poll(() => messagesOf(collector, /^The broker is connected/), { timeout: 20_000 })
      .toHaveLength(1);

    writeAgent('gateway-2');
    const poser = run(folder, ['agent', '-c', 'agent.yaml']);
    await expect
      .poll(() => messagesOf(poser, /the broker is not connected/), { timeout: 20_000 })
      .not.toHaveLength(0);
    expect(messagesOf(poser, /the broker is connected/)).toEqual([]);
    await expect
      .poll(() => messagesOf(collector, /the broker refused a login/), { timeout: 20_000 })
      .not.toHaveLength(0);
    expect(await readAgent(httpPort)).toBeUndefined();
    await poser.stop();

    writeAgent('gateway-1');
    const agent = run(folder, ['agent', '-c', 'agent.yaml']);
    await expect
      .poll(async () => (await readAgent(httpPort))?.health?.spool.samples.receipted ?? 0, {
        timeout: 60_000,
      })
      .toBeGreaterThan(0);
    expect(messagesOf(agent, /the broker is connected/)).toHaveLength(1);
    // Neither log holds what is secret.
    for (const one of [collector, agent, poser]) expect(one.output()).not.toContain('PRIVATE KEY');
  },
  120_000,
);

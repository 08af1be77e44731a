import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLedger } from '../../collector/ledger/sqlite-ledger.ts';
import { silentLog } from '../../protocols/log.ts';
import { systemClock } from '../../protocols/clock.ts';
import { unfoldPart } from '../../protocols/evidence/seal.ts';
import { decodePart } from '../../protocols/telemetry/part.ts';
import { parseRecord } from '../../protocols/telemetry/record.ts';
import { findFreePort } from '../support/mosquitto.ts';
import {
  makeFolder,
  messagesOf,
  readAgent,
  run,
  startMeter,
  startParrot,
  writeAgentFile,
  writeCollectorFile,
} from './fault-rig.ts';
import { eventually } from './millwatt-process.ts';

it('a dead meter, a port of garbage and a refusing host leave the others alone, and a meter that comes back is read again', async () => {
  const folder = makeFolder();
  const healthy = await startMeter();
  const switched = await startMeter();
  const garbage = await startParrot('this is not Modbus at all, whatever you ask for');
  const refusing = await findFreePort();
  const brokerPort = await findFreePort();
  const httpPort = await findFreePort();
  writeCollectorFile(folder, { broker: `{ embedded: { port: ${brokerPort} } }`, httpPort });
  writeAgentFile(folder, {
    brokerPort,
    meters: { healthy: healthy.port, switched: switched.port, garbage, refusing },
  });
  const collector = run(folder, ['collector', '-c', 'collector.yaml']);
  await collector.waitFor(/The page is served/);
  const agent = run(folder, ['agent', '-c', 'agent.yaml']);

  await agent.waitFor(
    /source garbage is down: 127\.0\.0\.1:\d+ unit 1 sent .* Cure: Check that this port speaks Modbus TCP/,
  );
  await agent.waitFor(
    /source refusing is down: .* cannot be reached: .*ECONNREFUSED.* Cure: Check host and port/,
  );
  await eventually(() => switched.reads() > 5, 'the meter is read');

  await switched.switchOff();
  await agent.waitFor(/source switched is down: .* Cure: /);
  // Ten more reads in the time of ten intervals, and generous time for a busy computer: its cadence is kept.
  const before = healthy.reads();
  const startMs = performance.now();
  await eventually(() => healthy.reads() >= before + 10, 'the healthy meter is read on');
  expect(performance.now() - startMs).toBeLessThan(6000);

  const missed = switched.reads();
  await switched.switchOn();
  await agent.waitFor(/source switched is up again/);
  await eventually(() => switched.reads() > missed + 3, 'it is read as before');

  // One line a change, however often it was tried.
  expect(messagesOf(agent, /source garbage is down/)).toHaveLength(1);
  expect(messagesOf(agent, /source refusing is down/)).toHaveLength(1);

  expect(await agent.stop()).toBe(0);
  const sampled = await eventually(async () => {
    const view = await readAgent(httpPort);
    return view?.online === false ? view.chain?.samples : undefined;
  }, 'the agent has said goodbye');
  expect(await collector.stop()).toBe(0);
  // Two readings a poll: power and counter. A read that was cut off by the switch gave none.
  const reads = healthy.reads() + switched.reads();
  expect(sampled).toBeLessThanOrEqual(2 * reads);
  expect(sampled).toBeGreaterThanOrEqual(2 * (reads - 4));

  const links = await readLinkEvents(join(folder, 'collector', 'ledger'));
  expect(links.get('garbage')).toEqual(['down: bad-frame']);
  expect(links.get('refusing')).toEqual(['down: refused']);
  const ofSwitched = links.get('switched') ?? [];
  expect(ofSwitched[0]).toBe('up');
  expect(ofSwitched.at(-1)).toBe('up');
  expect(ofSwitched.some((link) => link.startsWith('down: '))).toBe(true);
}, 60_000);

/** What the ledger says of each source's link, in order. */
async function readLinkEvents(folder: string): Promise<Map<string, string[]>> {
  const ledger = await openLedger({ folder, log: silentLog, clock: systemClock });
  const links = new Map<string, string[]>();
  try {
    for (const { bytes, header } of ledger.readAfter(0, 100_000)) {
      if (header.kind !== 'readings') continue;
      for (const part of parseRecord(bytes).parts)
        for (const group of decodePart(unfoldPart(part)).links)
          links.set(group.source, [
            ...(links.get(group.source) ?? []),
            ...group.up.map((up, index) => (up ? 'up' : `down: ${group.reasons[index]}`)),
          ]);
    }
  } finally {
    await ledger.close();
  }
  return links;
}

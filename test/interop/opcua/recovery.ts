import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { requireTool } from '../../support/tools.ts';
import { startForeign, type ForeignServer, type Library } from './foreign-server.ts';
import { trustRejected } from './operator.ts';
import { energyWh, TICK_MS } from './opcua-source.ts';
import {
  SOURCES,
  startWatchedAgent,
  type Records,
  type SourceRecords,
  type WatchedAgent,
} from './watched-agent.ts';

/**
 * How old a value may be when it is recorded: a subscription that falls silent is doubted after two and a half seconds,
 * and then asked; the rest is for a busy computer.
 */
const AGE_MS_MAX = 5000;
/** So long an outage lasts at least: many times the interval of 250 ms, so that it cannot be missed. */
const OUTAGE_MS = 1500;

/** Holds one library's server against the agent: whatever the server does, the agent comes back by itself. */
export function describeRecovery(library: Library): void {
  const found = requireTool(library);
  const missing = found === undefined || (library === 'milo' && requireTool('java') === undefined);

  describe.skipIf(missing)(`an agent at a server of ${library}`, { timeout: 60_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'millwatt-recovery-'));
    const pkiFolder = join(folder, 'pki');
    let server: ForeignServer;
    let agent: WatchedAgent | undefined;

    beforeAll(async () => {
      server = await startForeign(library, {
        folder: join(folder, 'server'),
        originMs: Date.now() - 3_600_000,
        security: ['None', 'Basic256Sha256'],
        machineTool: true,
      });
    });
    afterEach(async () => {
      await agent?.stop();
      agent = undefined;
    });
    afterAll(async () => {
      await server?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const start = async (allowInsecure = true) => {
      agent = await startWatchedAgent({ endpoint: server.endpoint, allowInsecure, pkiFolder });
      return agent;
    };

    it('restarts in the middle, its namespaces numbered otherwise', async () => {
      const watched = await start();
      await watched.readings(4);
      await server.order({ do: 'stop' });
      await watched.failures();
      await server.order({ do: 'tell', words: { program: 'O2000', state: 'Interrupted' } });
      await sleep(OUTAGE_MS);
      await server.order({ do: 'start', renumbered: true });
      await watched.readings(8);
      const records = await watched.finish();
      expectHealed(records, server.originMs);
      for (const [source, { links, words }] of records) {
        expectOneGap(links, ['closed', 'refused', 'timeout']);
        const downMs = links.findLast(({ up }) => !up)?.atMs ?? Infinity;
        const wordsOf = (status: string) =>
          words.filter(({ channel }) => channel === `${source}.control.${status}`);
        // A word that changed meanwhile is told when the source is back, not before.
        const expected: [status: string, words: unknown[]][] = [['program', ['O1000', 'O2000']]];
        if (source === 'machinetool') expected.push(['execution', [1, 3]]);
        for (const [status, values] of expected) {
          expect(wordsOf(status).map(({ value }) => value)).toEqual(values);
          expect(wordsOf(status)[1]?.atMs).toBeGreaterThan(downMs);
        }
      }
    });

    it.each(['dropSessions', 'dropConnections'] as const)('%s in the middle', async (order) => {
      const watched = await start();
      await watched.readings(4);
      const { sessionsEver } = await server.counts();
      await server.order({ do: order });
      await watched.readings(12);
      const { sessionsEver: sessionsNow } = await server.counts();
      // Each source, cut off, came back with a session of its own.
      expect(sessionsNow - sessionsEver).toBe(SOURCES.length);
      const records = await watched.finish();
      expectHealed(records, server.originMs);
      // It may be so quick that no poll fails; if one did, it is told, and that it is over.
      for (const { links } of records.values()) expect(links.at(-1)?.up).toBe(true);
      // What was cut off belongs to the server until it gives it up; what came after was closed in order.
      const { connections, subscriptions } = await server.counts();
      expect(connections).toBe(0);
      if (order === 'dropSessions') expect(subscriptions).toBe(0);
    });

    it('falls silent with its sockets open, and wakes', async () => {
      const watched = await start();
      await watched.readings(4);
      server.fallSilent();
      await watched.failures();
      await sleep(OUTAGE_MS);
      server.wake();
      await watched.readings(4);
      const records = await watched.finish();
      expectHealed(records, server.originMs);
      for (const { links } of records.values()) expectOneGap(links, ['timeout', 'closed']);
    });

    it('comes back with another certificate: refused until it is trusted', async () => {
      const watched = await start(false);
      await watched.failures();
      expect(watched.lastFailure()).toMatchObject({ code: 'untrusted' });
      trustRejected(pkiFolder);
      await watched.readings(4);
      await server.order({ do: 'stop' });
      await server.order({ do: 'start', certificate: 'new' });
      await watched.failures(({ code }) => code === 'untrusted');
      // Nobody trusts it: it stays refused, however often it is tried.
      const before = watched.readingCount();
      await sleep(OUTAGE_MS);
      expect(watched.readingCount()).toBe(before);
      trustRejected(pkiFolder);
      await watched.readings(4);
      const records = await watched.finish();
      expectHealed(records, server.originMs);
      for (const { links } of records.values()) {
        expect(links[0]).toMatchObject({ up: false, reason: 'untrusted' });
        expect(links.at(-1)?.up).toBe(true);
        expect(links.filter(({ up }) => !up).length).toBeGreaterThanOrEqual(2);
      }
    });
  });
}

/** Every recorded value is one that the server had then, none is told twice, and the counter heals every gap. */
function expectHealed(records: Records, originMs: number): void {
  expect([...records.keys()].sort()).toEqual([...SOURCES].sort());
  for (const [source, { readings, links }] of records) {
    // A machine tool has no meter: its words and links are looked at.
    expect(readings.length).toBeGreaterThanOrEqual(source === 'machinetool' ? 0 : 8);
    for (const { atMs, shownWh, powerW } of readings) {
      expect(shownWh).toBeLessThanOrEqual(energyWh(atMs + 500, originMs));
      expect(shownWh).toBeGreaterThanOrEqual(energyWh(atMs - AGE_MS_MAX, originMs));
      expect(powerW).toBeGreaterThanOrEqual(36_000);
    }
    for (const [index, reading] of readings.entries())
      expect(reading.shownWh).toBeGreaterThanOrEqual(readings[index - 1]?.shownWh ?? 0);
    for (const { atMs, up } of links) {
      if (!up) continue;
      const before = readings.findLast((reading) => reading.atMs < atMs);
      const after = readings.find((reading) => reading.atMs >= atMs);
      if (before === undefined || after === undefined) continue;
      // What the server counted while nobody read it: the same difference, to within the age of both values.
      const missedWh = after.shownWh - before.shownWh;
      expect(Math.abs(missedWh - (after.atMs - before.atMs) / TICK_MS)).toBeLessThan(AGE_MS_MAX / TICK_MS);
    }
  }
}

/** Up, then down for one of these reasons, told again only where the reason is another, then up again. */
function expectOneGap(links: SourceRecords['links'], reasons: readonly string[]): void {
  const [first, ...rest] = links;
  const last = rest.pop();
  expect(first?.up).toBe(true);
  expect(rest.length).toBeGreaterThanOrEqual(1);
  for (const { up, reason } of rest) {
    expect(up).toBe(false);
    expect(reasons).toContain(reason);
  }
  expect(last?.up).toBe(true);
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

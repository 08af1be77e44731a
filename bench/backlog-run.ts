import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { DatabaseSync } from 'node:sqlite';
import { SpoolAccounts } from '../agent/spool-accounts.ts';
import { startMosquitto } from '../test/support/mosquitto.ts';
import { BacklogWatch, type WatchFigures } from './backlog-watch.ts';
import type { BacklogSays } from './backlog-agent.ts';
import type { CollectorSays } from './line-collector.ts';
import { readCpuMs, readRssMb, startAsked } from './line-process.ts';

/** Before the broker comes, the agent polls on in real time for so long, ms: what it takes then is what idling takes. */
const IDLE_MS = 5000;
const DRAIN_DEADLINE_MS = 1_500_000;
/** Looks at the ledger for what the agent sealed last, 0.1 s apart. */
const LOOKS_MAX = 300;

/** What a drained backlog cost. */
export interface BacklogFigures extends WatchFigures {
  readings: number;
  fillSeconds: number;
  drainSeconds: number;
  /** Seconds of outage that were delivered in one second. */
  timesRealTime: number;
  idleRssMb: number;
  /** Over idling, of the agent. */
  grownRssMb: number;
  cpuMs: { agent: number; collector: number };
  /** In the ledger, all told; what the agent sampled. */
  stored: number;
  sampled: number;
}

/** An outage of so many seconds, of meters read once a second; then a broker, and the backlog goes while polling goes on. */
export async function drainBacklog(options: {
  meters: number;
  quantities: number;
  seconds: number;
  profile?: string | undefined;
  /** Is given the backlog as the broker carried it. */
  onPayloads?: (payloads: readonly Uint8Array[]) => void;
}): Promise<BacklogFigures> {
  const { meters, quantities, seconds, profile } = options;
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-backlog-'));
  const broker = await startMosquitto({
    write: ({ port }) => `listener ${port} 127.0.0.1\nallow_anonymous true`,
  });
  const closers: (() => Promise<unknown>)[] = [() => broker.stop()];
  try {
    const shape = [String(meters), String(quantities)];
    const filledMs = performance.now();
    const filler = spawn(
      process.execPath,
      [join(import.meta.dirname, 'backlog-agent.ts'), 'fill', folder, '', ...shape, String(seconds)],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    );
    const [code] = (await once(filler, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`filling the spool ended with ${code}`);
    const fillSeconds = (performance.now() - filledMs) / 1000;

    await broker.kill9();
    const collector = await startAsked(
      'line-collector.ts',
      [String(broker.port), 'none', String(meters)],
      profile,
    );
    closers.push(async () => {
      await collector.ask('stop');
      await collector.end();
    });
    const agent = await startAsked('backlog-agent.ts', ['run', folder, broker.url, ...shape], profile);
    closers.push(() => agent.end());
    const before = await agent.ask<BacklogSays>('stats');
    await pause(IDLE_MS);
    const idleRssMb = readRssMb(agent.pid);
    const watch = new BacklogWatch(broker.url, 'bench', before.seq, options.onPayloads !== undefined);
    closers.push(() => watch.close());
    const cpuBefore = { agent: readCpuMs(agent.pid), collector: readCpuMs(collector.pid) };

    await broker.restart();
    const startedMs = performance.now();
    let mostRssMb = idleRssMb;
    let says = before;
    // The last of the backlog is receipted when what is pending is as little as one round of sealing leaves.
    const enough = meters * 2;
    do {
      await pause(100);
      mostRssMb = Math.max(mostRssMb, readRssMb(agent.pid));
      says = await agent.ask<BacklogSays>('stats');
      if (performance.now() - startedMs > DRAIN_DEADLINE_MS)
        throw new Error(`the backlog is not drained: ${JSON.stringify({ ...says, ...watch.figures() })}`);
    } while (watch.figures().backlogRecords < before.seq || says.pendingRecords > enough);
    const drainSeconds = (performance.now() - startedMs) / 1000;
    const cpuMs = {
      agent: readCpuMs(agent.pid) - cpuBefore.agent,
      collector: readCpuMs(collector.pid) - cpuBefore.collector,
    };
    const figures = watch.figures();
    options.onPayloads?.(watch.payloads);

    await agent.ask('stop');
    await deliverRest(folder, broker.url, profile);
    const { sampled, dropped } = readSamples(folder);
    if (Object.keys(dropped).length > 0) throw new Error(`the spool dropped ${JSON.stringify(dropped)}`);
    // What is receipted is in the ledger; hours of a week are not waited for.
    let kept = await collector.ask<CollectorSays>('stats');
    for (let look = 0; kept.ledgerSamples < sampled && look < LOOKS_MAX; look++) {
      await pause(100);
      kept = await collector.ask<CollectorSays>('stats');
    }
    return {
      ...figures,
      readings: before.sampled,
      fillSeconds,
      drainSeconds,
      timesRealTime: seconds / drainSeconds,
      idleRssMb,
      grownRssMb: mostRssMb - idleRssMb,
      cpuMs,
      stored: kept.ledgerSamples,
      sampled,
    };
  } finally {
    for (const close of closers.reverse()) await close().catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What an agent could not deliver in the seconds that its end may take, is delivered by one that reads no meter. */
async function deliverRest(folder: string, url: string, profile: string | undefined): Promise<void> {
  if (readSamples(folder).pending === 0) return;
  const agent = await startAsked('backlog-agent.ts', ['run', folder, url, '0', '1'], profile);
  try {
    for (let look = 0; look < LOOKS_MAX; look++) {
      if ((await agent.ask<BacklogSays>('stats')).pendingRecords === 0) break;
      await pause(100);
    }
    await agent.ask('stop');
  } finally {
    await agent.end();
  }
}

/** The accounts of an agent that has ended. */
function readSamples(folder: string): ReturnType<SpoolAccounts['read']>['samples'] {
  const database = new DatabaseSync(join(folder, 'spool.sqlite'), { readOnly: true });
  try {
    return new SpoolAccounts(database).read().samples;
  } finally {
    database.close();
  }
}

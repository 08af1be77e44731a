/**
 * The whole line: meters on sockets, agent with spool, mosquitto, collector with ledger, derivation and page, InfluxDB
 * 1.x; each a process of its own. The reference, in turns with it in the same run, is the "simple pipeline": a program
 * that polls the same meters with modbus-serial and publishes a JSON object a reading at QoS 1, and one that subscribes
 * and writes with @influxdata/influxdb-client. It keeps, signs, derives and shows nothing.
 *
 *   node bench/line.ts [--meters 100] [--every 100] [--seconds 25] [--turns 2] [--profile FOLDER]
 *   node bench/line.ts --socketless 834 [--influx off]
 *
 * The second form has no meters and no sockets to them: nine agents in one process have drivers that make their readings
 * up (834 x 12 x 10 Hz = 100,080 readings/s). It has no reference. Goals: agent and collector together take at most 1/4 of the simple pipeline's CPU;
 * 100,000 readings/s are held on two cores; what is stored is what was sent.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startInfluxd } from '../test/support/influxd.ts';
import { startMosquitto } from '../test/support/mosquitto.ts';
import type { AgentSays } from './line-agent.ts';
import type { CollectorSays } from './line-collector.ts';
import { findChild, readCpuMs, readRssMb, startAsked } from './line-process.ts';

const { values: options } = parseArgs({
  options: {
    meters: { type: 'string', default: '100' },
    every: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '25' },
    turns: { type: 'string', default: '2' },
    socketless: { type: 'string' },
    influx: { type: 'string', default: 'on' },
    profile: { type: 'string' },
  },
});
const WARM_UP_MS = 6000;
const EDGE_DEADLINE_MS = 30_000;
const VALUES = 12;

const PARTS = ['agent', 'collector', 'broker', 'influxd'] as const;
type Part = (typeof PARTS)[number];

interface Turn {
  /** CPU of each process, ms a thousand readings. */
  cpuMs: Record<Part, number>;
  rssMb: Record<Part, number>;
  /** Readings sent a second of the measured window, and the share of one core that all four took. */
  rate: number;
  /** Over the whole turn, warm-up and end included. */
  sent: number;
  ledger: number | undefined;
  influx: number | undefined;
  bytes?: { records: number; ledger: number };
  notes: object;
}

/** One arm while it runs. */
interface Arm {
  pids: Record<'agent' | 'collector', number>;
  sent(): Promise<number>;
  /** Resolves when nothing of what was sent long ago is still on its way. */
  settle(): Promise<void>;
  /** Ends the polls and lets everything arrive. */
  finish(): Promise<Pick<Turn, 'sent' | 'ledger' | 'bytes' | 'notes'>>;
  end(): Promise<void>;
}

async function startOurs(brokerPort: number, influxUrl: string, meters: number[] | number): Promise<Arm> {
  const count = typeof meters === 'number' ? meters : meters.length;
  const { profile } = options;
  const collector = await startAsked(
    'line-collector.ts',
    [String(brokerPort), influxUrl, String(count)],
    profile,
  );
  const agent = await startAsked(
    'line-agent.ts',
    [String(brokerPort), JSON.stringify(meters), options.every],
    profile,
  );
  return {
    pids: { agent: agent.pid, collector: collector.pid },
    sent: () => agent.ask<number>('sent'),
    // Records are sealed in bursts: the moment after one has gone all the way is the same point of every period.
    settle: async () => {
      const before = await agent.ask<AgentSays>('stats');
      const deadlineMs = Date.now() + EDGE_DEADLINE_MS;
      while (Date.now() < deadlineMs) {
        // Asking costs the asked: often enough for an edge, no more.
        await pause(250);
        const now = await agent.ask<AgentSays>('stats');
        if (now.failures > 0) throw new Error('a poll failed');
        if (now.sealedRecords === before.sealedRecords || now.pendingRecords > 0) continue;
        const { lagRecords } = await collector.ask<CollectorSays>('stats');
        if (Object.values(lagRecords).every((lag) => lag === 0)) return;
      }
      throw new Error('the line does not keep up: its end is never reached');
    },
    finish: async () => {
      const { sent, ...notes } = await agent.ask<{ sent: number }>('stop');
      const deadlineMs = Date.now() + EDGE_DEADLINE_MS;
      let says = await collector.ask<CollectorSays>('idle');
      while (says.ledgerSamples < sent && Date.now() < deadlineMs) {
        await pause(100);
        says = await collector.ask<CollectorSays>('idle');
      }
      const { ledgerSamples, recordBytes, ledgerBytes, records } = says;
      return {
        sent,
        ledger: ledgerSamples,
        bytes: { records: recordBytes / ledgerSamples, ledger: ledgerBytes / ledgerSamples },
        notes: { ...notes, records },
      };
    },
    end: async () => {
      await agent.end();
      await collector.ask('stop');
      await collector.end();
    },
  };
}

async function startSimple(brokerPort: number, influxUrl: string, meters: number[]): Promise<Arm> {
  const collector = await startAsked('line-simple-collector.ts', [String(brokerPort), influxUrl]);
  const agent = await startAsked('line-simple-agent.ts', [
    String(brokerPort),
    JSON.stringify(meters),
    options.every,
  ]);
  return {
    pids: { agent: agent.pid, collector: collector.pid },
    sent: () => agent.ask<number>('sent'),
    settle: () => Promise.resolve(),
    finish: async () => {
      const { sent, ...notes } = await agent.ask<{ sent: number }>('stop');
      const deadlineMs = Date.now() + EDGE_DEADLINE_MS;
      let says = await collector.ask<{ received: number; delivered: number }>('flush');
      while (says.received < sent && Date.now() < deadlineMs) {
        await pause(100);
        says = await collector.ask('flush');
      }
      return { sent, ledger: undefined, notes: { ...notes, ...says } };
    },
    end: async () => {
      await agent.end();
      await collector.end();
    },
  };
}

/** Readings in InfluxDB; the epoch that stands beside a counter is none. */
async function countStored(influxUrl: string): Promise<number> {
  const query = new URLSearchParams({
    db: 'millwatt',
    q: 'SELECT count(*) FROM "power"; SELECT count(*) FROM "energy"',
  });
  const response = await fetch(`${influxUrl}/query?${query.toString()}`);
  const { results } = (await response.json()) as {
    results: { series?: { columns: string[]; values: number[][] }[] }[];
  };
  let stored = 0;
  for (const { series } of results)
    for (const { columns, values } of series ?? [])
      for (const [index, column] of columns.entries())
        if (/^count_(?!epoch)/.test(column)) stored += values[0]?.[index] ?? 0;
  return stored;
}

async function runTurn(start: (brokerPort: number, influxUrl: string) => Promise<Arm>): Promise<Turn> {
  const broker = await startMosquitto();
  const brokerPid = findChild('mosquitto');
  const influxd = options.influx === 'on' ? await startInfluxd() : undefined;
  const influxPid = influxd === undefined ? undefined : findChild('influxd');
  try {
    const arm = await start(broker.port, influxd?.url ?? 'none');
    const each = (read: (pid: number) => number): Record<Part, number> => ({
      agent: read(arm.pids.agent),
      collector: read(arm.pids.collector),
      broker: read(brokerPid),
      influxd: influxPid === undefined ? 0 : read(influxPid),
    });
    await pause(WARM_UP_MS);
    await arm.settle();
    const [cpuBefore, sentBefore, beganMs] = [each(readCpuMs), await arm.sent(), performance.now()];
    await pause(Number(options.seconds) * 1000);
    await arm.settle();
    const [cpuAfter, sentAfter, endedMs] = [each(readCpuMs), await arm.sent(), performance.now()];
    const rssMb = each(readRssMb);
    const finished = await arm.finish();
    const influx = influxd === undefined ? undefined : await countStored(influxd.url);
    await arm.end();
    const thousands = (sentAfter - sentBefore) / 1000;
    return {
      cpuMs: Object.fromEntries(
        PARTS.map((part) => [part, (cpuAfter[part] - cpuBefore[part]) / thousands]),
      ) as Record<Part, number>,
      rssMb,
      rate: (thousands * 1e6) / (endedMs - beganMs),
      ...finished,
      influx,
    };
  } finally {
    await influxd?.stop();
    await broker.stop();
  }
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

/** Prints the arm, and gives back CPU of agent and collector, ms a thousand readings. */
function report(name: string, turns: readonly Turn[], asked: number): number {
  const cpu = (part: Part) => median(turns.map(({ cpuMs }) => cpuMs[part]));
  const rate = median(turns.map((turn) => turn.rate));
  const both = median(turns.map(({ cpuMs }) => cpuMs.agent + cpuMs.collector));
  const all = median(turns.map(({ cpuMs }) => PARTS.reduce((sum, part) => sum + cpuMs[part], 0)));
  console.log(`${name}: ${rate.toFixed(0)} of ${asked} readings/s`);
  for (const part of PARTS) {
    const rss = median(turns.map(({ rssMb }) => rssMb[part]));
    const share = (cpu(part) * rate) / 1e4;
    console.log(
      `  ${part.padEnd(18)} ${cpu(part).toFixed(2).padStart(7)} ms CPU a thousand readings  ${share.toFixed(1).padStart(5)} % of a core  ${rss.toFixed(0).padStart(4)} MB`,
    );
  }
  console.log(`  ${'agent + collector'.padEnd(18)} ${both.toFixed(2).padStart(7)}`);
  console.log(`  ${'all four'.padEnd(18)} ${all.toFixed(2).padStart(7)}`);
  for (const { sent, ledger, influx, bytes, notes } of turns) {
    const whole = [ledger, influx].every((stored) => stored === undefined || stored === sent);
    console.log(
      `  sent ${sent}, in the ledger ${ledger ?? 'none'}, in InfluxDB ${influx ?? 'none'}: ${whole ? 'all of it' : 'NOT ALL'}` +
        (bytes === undefined
          ? ''
          : `; ${bytes.records.toFixed(2)} B a reading in records, ${bytes.ledger.toFixed(2)} B in the ledger's files`) +
        `  ${JSON.stringify(notes)}`,
    );
  }
  return both;
}

const turns = Number(options.turns);
if (options.socketless !== undefined) {
  const count = Number(options.socketless);
  const results: Turn[] = [];
  for (let turn = 0; turn < turns; turn++)
    results.push(await runTurn((broker, influx) => startOurs(broker, influx, count)));
  const asked = (count * VALUES * 1000) / Number(options.every);
  report(`millwatt, ${count} drivers without sockets, InfluxDB ${options.influx}`, results, asked);
} else {
  const meters = await startAsked('line-meters.ts', [options.meters]);
  try {
    const ports = await meters.ask<number[]>('ports');
    const ours: Turn[] = [];
    const simple: Turn[] = [];
    for (let turn = 0; turn < turns; turn++) {
      ours.push(await runTurn((broker, influx) => startOurs(broker, influx, ports)));
      simple.push(await runTurn((broker, influx) => startSimple(broker, influx, ports)));
      process.stderr.write(`turn ${turn + 1} of ${turns}\n`);
    }
    const asked = (ports.length * VALUES * 1000) / Number(options.every);
    console.log(
      `${ports.length} meters x ${VALUES} values every ${options.every} ms, median of ${turns} turns of ${options.seconds} s each\n`,
    );
    const own = report('millwatt', ours, asked);
    const other = report('simple pipeline', simple, asked);
    console.log(
      `\nagent + collector of millwatt take ${(own / other).toFixed(2)} of the simple pipeline's CPU a reading (goal 0.25)`,
    );
  } finally {
    await meters.end();
  }
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { followAmendments } from '../../../collector/journal/amendment-source.ts';
import type { JournalReader } from '../../../collector/journal/journal.ts';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import { startDerivation } from '../../../collector/derivation/deriver.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import type { Views } from '../../../collector/ledger/views.ts';
import type { SitePlan } from '../../../collector/reports/site-plan.ts';
import { machineModelOf } from '../../../cli/machine-model-of.ts';
import { sitePlanOf } from '../../../cli/site-plan-of.ts';
import { collectorConfig } from '../../../config/collector-config.ts';
import { startEmbeddedBroker } from '../../../protocols/mqtt/embedded-broker.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import { silentLog } from '../../../protocols/log.ts';
import type { Channel, MeasuredChannel } from '../../../protocols/telemetry/channel.ts';
import type { Phase, Quantity } from '../../../protocols/telemetry/quantity.ts';
import type { SourceDescription } from '../../../protocols/telemetry/snapshot.ts';
import { SteppedClock } from '../../../protocols/clock.ts';
import { MACHINE, PlantFeed } from '../derivation/plant-feed.ts';
import { TestAgent } from '../test-agent.ts';
import { startTestCollector } from '../test-collector.ts';

export { MACHINE };
export const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const STEP_MS = 10_000;
const RECORD_MS = 600_000;

const channel = (component: string, quantity: Quantity, phase: Phase = 'total'): MeasuredChannel => ({
  kind: 'measured',
  id: `${MACHINE}.${component}.${quantity}${phase === 'total' ? '' : `.${phase}`}`,
  machine: MACHINE,
  component,
  quantity,
  phase,
  source: 'meter',
  point: `${component}/${quantity}/${phase}`,
  // The counter is read in steps of 1 Wh.
  scale: ['1', '1'],
  ...(quantity === 'activeEnergyImport'
    ? { counter: { behaviour: 'monotone' as const, resolution: '1' } }
    : {}),
});

const CHANNELS: Channel[] = [
  channel('supply', 'activePower'),
  channel('supply', 'powerFactor'),
  channel('supply', 'current', 'l1'),
  channel('supply', 'current', 'l2'),
  channel('supply', 'current', 'l3'),
  channel('supply', 'activeEnergyImport'),
  channel('spindle', 'activePower'),
  {
    kind: 'status',
    id: `${MACHINE}.control.execution`,
    machine: MACHINE,
    component: 'control',
    status: 'execution',
    source: 'cnc',
    point: 'exec',
    vocabulary: 'mtconnect/Execution',
  },
];

/** What a machine takes at a moment, and what its control says. */
interface PlantLoad {
  powerW: number;
  currentA: number;
  factor: number;
  word: string;
}

/** Ready at 1.2 kW, 5 A, power factor 0.5 for 40 minutes; then processing at 6 kW, 20 A, 0.7 for 20 minutes. */
export function loadAt(atMs: number): PlantLoad {
  return atMs % HOUR_MS >= 40 * MINUTE_MS
    ? { powerW: 6000, currentA: 20, factor: 0.7, word: 'ACTIVE' }
    : { powerW: 1200, currentA: 5, factor: 0.5, word: 'READY' };
}

/** The configuration of a collector of this plant: the meter of docs/uncertainty.md, whatever else is given. */
export function plantConfig(more: Record<string, unknown> = {}, machine: Record<string, unknown> = {}) {
  return collectorConfig.parse({
    site: 'plant',
    broker: {},
    machines: [
      {
        id: MACHINE,
        ratedPower: '15kW',
        metering: { supply: { ct: { class: '0.5' } }, spindle: { class: '1%', direct: true } },
        ...machine,
      },
    ],
    ...more,
  });
}

/** What is different from the plain plant. */
export interface PlantOptions {
  holeMs?: [number, number];
  config?: ReturnType<typeof plantConfig>;
  /** Amendments that people entered, without what is the same of all. */
  amendments?: readonly Record<string, unknown>[];
  /** Currents are not read, but one voltage is. */
  withoutCurrents?: true;
  /** Another machine's load, of which the control tells every change; the machine is read in steps of so many ms that divide ten minutes. */
  load?: { at: (atMs: number) => PlantLoad; stepMs: number };
  /** From a time on the agent's file describes the meter so; */
  rewired?: { atMs: number; about: Partial<SourceDescription> };
}

/** The meter of docs/uncertainty.md. */
const ABOUT: Partial<SourceDescription> = {
  meter: { serial: 'S-1', class: '0.5S' },
  ct: { primary: 100, secondary: 5 },
};

/**
 * A machine that a real collector received and derived, from its broker to its views: a 0.5S meter behind 100/5 A
 * transformers, read every 10 s.
 */
export async function derivePlant(
  fromMs: number,
  hours: number,
  options: PlantOptions = {},
): Promise<{
  views: Views;
  plan: SitePlan;
  journal: Pick<JournalReader, 'entries'>;
  close: () => void;
  dataFolder: string;
}> {
  const config = options.config ?? plantConfig();
  const broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: silentLog });
  const brokerUrl = `mqtt://127.0.0.1:${broker.port}`;
  const dataFolder = mkdtempSync(join(tmpdir(), 'millwatt-periods-'));
  const journal = openJournal({
    folder: mkdtempSync(join(dataFolder, 'journal-')),
    key: generateSigningKey(),
    log: silentLog,
  });
  for (const body of options.amendments ?? [])
    journal.append({
      atMs: fromMs,
      kind: 'amendment',
      machine: MACHINE,
      by: 'Anna',
      body: { component: 'supply', fromMs, toMs: null, reason: 'seen at inspection', ...body },
    });
  const channels = options.withoutCurrents
    ? [...CHANNELS.filter(({ id }) => !id.includes('.current.')), channel('supply', 'voltage', 'l12')]
    : CHANNELS;
  const clock = new SteppedClock(fromMs + (hours + 1) * HOUR_MS);
  const collector = await startTestCollector({
    brokerUrl,
    dataFolder,
    config,
    clock,
    parts: {
      startDerivation: (around) =>
        startDerivation({
          ...around,
          machines: config.machines.map((one) => machineModelOf(one)),
          amendments: followAmendments(journal, silentLog),
        }),
    },
  });
  const agent = new TestAgent({ brokerUrl });
  try {
    const deadlineMs = performance.now() + 30_000;
    const until = async (isDone: () => boolean) => {
      while (!isDone()) {
        if (performance.now() > deadlineMs)
          throw new Error(
            `the plant was not received in time: ${JSON.stringify([collector.stats().ledger, agent.rejections().slice(0, 3)])}`,
          );
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    await until(() => agent.link.connected() && collector.stats().broker.connected);
    const feed = new PlantFeed({
      channels,
      bootMs: fromMs - 100_000,
      about: ABOUT,
    });
    const records = [feed.config(), ...sayPlant(feed, channels, fromMs, hours, options)];
    for (let at = 0; at < records.length; at += 50) {
      await agent.send(...records.slice(at, at + 50));
      await until(() => collector.stats().ledger.records >= Math.min(records.length, at + 50));
    }
    await collector.idle();
  } finally {
    await agent.link.close();
    await collector.stop();
    await broker.close();
  }
  const views = openViews({ folder: dataFolder });
  const close = () => {
    views.close();
    journal.close();
    rmSync(dataFolder, { recursive: true, force: true });
  };
  return { views, plan: sitePlanOf(config, '2026a'), journal, close, dataFolder };
}

function* sayPlant(
  feed: PlantFeed,
  channels: Channel[],
  fromMs: number,
  hours: number,
  { holeMs = [0, 0], withoutCurrents, rewired, load }: PlantOptions,
) {
  const momentOf = load?.at ?? loadAt;
  const stepMs = load?.stepMs ?? STEP_MS;
  let wattMs = 0;
  for (let at = fromMs; at < fromMs + hours * HOUR_MS; at += RECORD_MS) {
    const timesMs: number[] = [];
    const columns: Record<string, number[]> = {};
    if (at === rewired?.atMs) yield feed.rewire(channels, { ...ABOUT, ...rewired.about });
    const put = (name: string, value: number) => (columns[`${MACHINE}.${name}`] ??= []).push(value);
    const changes: number[] = [];
    for (let t = at; t < at + RECORD_MS; t += stepMs) {
      const { powerW, currentA, factor, word } = momentOf(t);
      if (t === at || momentOf(t - stepMs).word !== word) changes.push(t);
      if (t < holeMs[0] || t >= holeMs[1]) {
        timesMs.push(t);
        put('supply.activePower', powerW);
        put('supply.powerFactor', factor);
        if (withoutCurrents) put('supply.voltage.l12', powerW / (Math.sqrt(3) * currentA * factor));
        else for (const phase of ['l1', 'l2', 'l3']) put(`supply.current.${phase}`, currentA);
        put('supply.activeEnergyImport', 5000 + Math.floor(wattMs / HOUR_MS));
        put('spindle.activePower', powerW > 5000 ? 2500 : 0);
      }
      wattMs += powerW * stepMs;
    }
    const words = load === undefined ? [at, at + 5 * MINUTE_MS] : changes;
    yield feed.say({
      rows: timesMs.length === 0 ? [] : [{ source: 'meter', everyMs: stepMs, timesMs, columns }],
      words: [
        {
          channel: `${MACHINE}.control.execution`,
          source: 'cnc',
          timesMs: words,
          values: words.map((t) => momentOf(t).word),
        },
      ],
      sealedToMs: at + RECORD_MS,
    });
  }
}

import { resolve } from 'node:path';
import { loadAgentConfig } from '../config/load.ts';
import { systemClock } from '../protocols/clock.ts';
import type { Driver, Poll, StatusReport } from '../protocols/driver.ts';
import { describeError, MillwattError } from '../protocols/errors.ts';
import { silentLog } from '../protocols/log.ts';
import { QUANTITIES } from '../protocols/telemetry/quantity.ts';
import { buildDrivers } from './build-drivers.ts';
import { formatReading, valueOf } from './reading-format.ts';
import { createScreen, style } from './screen.ts';
import { listenForStop, untilAborted } from './signals.ts';
import { renderTable } from './text-table.ts';

interface Outcome {
  poll?: Poll;
  error?: string;
}

/** `millwatt probe`: reads every configured source now, without an agent, and shows value, unit, quality and round trip. */
export async function runProbe(options: {
  config: string;
  source?: string;
  once?: true;
  json?: true;
}): Promise<void> {
  const { config, folder } = loadAgentConfig(options.config);
  const sources = config.sources.filter(
    (source) => options.source === undefined || source.id === options.source,
  );
  if (sources.length === 0) {
    throw new MillwattError('refuse', 'no-source', `No source is called ${options.source}.`, {
      cure: `Choose one of: ${config.sources.map((source) => source.id).join(', ')}.`,
    });
  }
  // Certificates and trust of OPC UA servers are the agent's own, so that what probes also runs.
  const dataFolder = resolve(folder, config.data);
  const drivers = await buildDrivers(
    { ...config, sources },
    { folder, dataFolder, clock: systemClock, log: silentLog },
  );
  const words = new Map<string, StatusReport>();
  for (const driver of drivers) driver.onStatus((report) => words.set(report.channel, report));
  const stop = listenForStop();
  const screen = createScreen();
  let failed = false;
  try {
    do {
      const outcomes = await Promise.all(drivers.map(pollOnce));
      if (options.once) await settle();
      failed = outcomes.some((outcome) => outcome.error !== undefined);
      if (options.json) drivers.forEach((driver, index) => printJson(driver, outcomes[index] ?? {}, words));
      else screen.draw(drivers.flatMap((driver, index) => drawSource(driver, outcomes[index] ?? {}, words)));
      if (!options.once) await untilAborted(stop, 1000);
    } while (!options.once && !stop.aborted);
  } finally {
    screen.end();
    await Promise.all(drivers.map((driver) => driver.close()));
  }
  if (options.once) {
    if (failed) process.exitCode = 1;
    // The signal handlers would keep the process alive for nothing.
    process.exit();
  }
}

async function pollOnce(driver: Driver): Promise<Outcome> {
  try {
    return { poll: await driver.poll() };
  } catch (error) {
    return { error: describeError(error) };
  }
}

function drawSource(driver: Driver, outcome: Outcome, words: ReadonlyMap<string, StatusReport>): string[] {
  const { id, address, profile } = driver.description;
  const title = `${style(id, 'bold')}  ${address}${profile === undefined ? '' : `  ${profile.id}`}`;
  if (outcome.poll === undefined) return [`${title}  ${style(outcome.error ?? 'no answer yet', 'red')}`, ''];
  const byChannel = new Map(outcome.poll.readings.map((reading) => [reading.channel, reading]));
  const rows = driver.channels.map((channel) => {
    if (channel.kind === 'status') {
      const word = words.get(channel.id);
      return [
        channel.id,
        word?.value === undefined || word.value === null ? '-' : String(word.value),
        '',
        'status',
        channel.point,
      ];
    }
    const reading = byChannel.get(channel.id);
    const value = reading === undefined ? null : valueOf(channel, reading.value);
    return [
      channel.id,
      formatReading(value),
      QUANTITIES[channel.quantity].unit,
      value === null ? 'no value' : (reading?.quality ?? 'bad'),
      channel.point,
    ];
  });
  const table = renderTable(
    [
      { title: 'channel' },
      { title: 'value', align: 'right' },
      { title: 'unit' },
      { title: 'quality' },
      { title: 'point' },
    ],
    rows,
  );
  return [`${title}  ${style(`round trip ${outcome.poll.roundTripMs.toFixed(1)} ms`, 'dim')}`, ...table, ''];
}

function printJson(driver: Driver, outcome: Outcome, words: ReadonlyMap<string, StatusReport>): void {
  const readings = outcome.poll?.readings.map((reading) => {
    const channel = driver.channels.find((one) => one.id === reading.channel);
    const measured = channel?.kind === 'measured' ? channel : undefined;
    return {
      channel: reading.channel,
      value: measured === undefined ? null : valueOf(measured, reading.value),
      unit: measured === undefined ? '' : QUANTITIES[measured.quantity].unit,
      raw: typeof reading.value === 'bigint' ? reading.value.toString() : reading.value,
      quality: reading.quality,
    };
  });
  const status = driver.channels
    .filter((channel) => channel.kind === 'status')
    .map((channel) => ({ channel: channel.id, value: words.get(channel.id)?.value ?? null }));
  process.stdout.write(
    `${JSON.stringify({ source: driver.description.id, error: outcome.error ?? null, roundTripMs: outcome.poll?.roundTripMs ?? null, readings: readings ?? [], status })}\n`,
  );
}

/** Status words arrive by subscription, a moment after the first poll. */
function settle(): Promise<void> {
  return pause(500);
}

function pause(spanMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, spanMs));
}

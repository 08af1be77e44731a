import { resolve } from 'node:path';
import { loadAgentConfig } from '../config/load.ts';
import { systemClock } from '../protocols/clock.ts';
import type { Driver, Poll, StatusReport } from '../protocols/driver.ts';
import { describeError, MillwattError } from '../protocols/errors.ts';
import { silentLog } from '../protocols/log.ts';
import { QUANTITIES } from '../protocols/telemetry/quantity.ts';
import { buildDrivers } from './build-drivers.ts';
import { formatTime } from './format.ts';
import { formatReading, valueOf } from './reading-format.ts';
import { createScreen, style, widthOf } from './screen.ts';
import { listenForStop, untilAborted } from './signals.ts';
import { renderTable, wrapText } from './text-table.ts';

const EVERY_MS = 1000;

/** What the status channels said last. */
type Words = ReadonlyMap<string, StatusReport>;

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
  try {
    if (options.once) await probeOnce(drivers, words, options.json === true);
    else await probeUntilStopped(drivers, words, options.json === true);
  } finally {
    await Promise.all(drivers.map((driver) => driver.close()));
  }
  // A connection that is still being tried would keep the process alive for nothing.
  process.exit();
}

async function probeOnce(drivers: readonly Driver[], words: Words, asJson: boolean): Promise<void> {
  const outcomes = await Promise.all(drivers.map(pollOnce));
  await settle();
  drivers.forEach((driver, index) => {
    const outcome = outcomes[index] ?? {};
    if (asJson) printJson(driver, outcome, words);
    else process.stdout.write(`${drawSource(driver, outcome, words, widthOf()).join('\n')}\n`);
  });
  if (outcomes.some((outcome) => outcome.error !== undefined)) process.exitCode = 1;
}

/** Each source at its own pace: one that does not answer holds up no other. */
async function probeUntilStopped(drivers: readonly Driver[], words: Words, asJson: boolean): Promise<void> {
  const stop = listenForStop();
  const screen = createScreen();
  const outcomes = new Map<Driver, Outcome>();
  const overwrites = process.stdout.isTTY && !asJson;
  const draw = () =>
    screen.draw([
      style(`${formatTime(Date.now())}  every second; Ctrl-C ends it`, 'dim'),
      '',
      ...drivers.flatMap((driver) => drawSource(driver, outcomes.get(driver) ?? {}, words, screen.width())),
    ]);
  const follow = async (driver: Driver) => {
    while (!stop.aborted) {
      const outcome = await pollOnce(driver);
      outcomes.set(driver, outcome);
      if (asJson) printJson(driver, outcome, words);
      else if (overwrites) draw();
      else screen.draw(drawSource(driver, outcome, words, screen.width()));
      await untilAborted(stop, EVERY_MS);
    }
  };
  if (overwrites) draw();
  // A poll that is under way when we are stopped has a deadline of its own, but nobody wants to wait for it.
  await Promise.race([untilAborted(stop), Promise.all(drivers.map(follow))]);
  screen.end();
}

async function pollOnce(driver: Driver): Promise<Outcome> {
  try {
    return { poll: await driver.poll() };
  } catch (error) {
    return { error: describeError(error) };
  }
}

function drawSource(driver: Driver, outcome: Outcome, words: Words, width: number): string[] {
  const { id, address, profile } = driver.description;
  const title = `${style(id, 'bold')}  ${address}${profile === undefined ? '' : `  ${profile.id}`}`;
  if (outcome.error !== undefined)
    return [title, ...wrapText(outcome.error, width - 2).map((line) => style(`  ${line}`, 'red')), ''];
  if (outcome.poll === undefined) return [`${title}  ${style('asking ...', 'dim')}`, ''];
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
      { title: 'point', spare: 1 },
    ],
    rows,
    width,
  );
  return [`${title}  ${style(`round trip ${outcome.poll.roundTripMs.toFixed(1)} ms`, 'dim')}`, ...table, ''];
}

function printJson(driver: Driver, outcome: Outcome, words: Words): void {
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

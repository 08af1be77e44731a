import { resolve } from 'node:path';
import { loadAgentConfig } from '../../config/load.ts';
import { systemClock } from '../../protocols/clock.ts';
import type { Driver, StatusReport } from '../../protocols/driver.ts';
import { describeError, MillwattError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import { usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { buildDrivers } from '../build-drivers.ts';
import { gatherDoubts, type DeviceDoubts } from '../device-doubts.ts';
import { formatTime } from '../format.ts';
import { wireModbusSources } from '../modbus-sources.ts';
import { probeAsJson } from './probe-json.ts';
import { openProbeTarget, type ProbeTargetOptions } from './probe-target.ts';
import { drawSource, type Outcome, type Remarks, type Words } from './probe-view.ts';
import { createScreen, style, widthOf } from '../screen.ts';
import { listenForStop, untilAborted } from '../signals.ts';

const EVERY_MS = 1000;
/** With --once: polls that it may take until the requests are those that stay. */
const SETTLING_POLLS_MAX = 5;

/** The options of `millwatt probe` as they are written. */
export interface ProbeOptions extends ProbeTargetOptions {
  config?: string;
  source?: string;
  once?: true;
  json?: true;
}

/** What is looked at, and what to know of single values, by channel id. */
interface Probed {
  drivers: readonly Driver[];
  notes: ReadonlyMap<string, string>;
  doubts: DeviceDoubts;
}

/**
 * `millwatt probe`: reads configured sources, or the device at an address, now and without an agent; shows registers,
 * value, unit, quality, and each request with its round trip.
 */
export async function runProbe(target: string | undefined, options: ProbeOptions): Promise<void> {
  const probed = await openProbed(target, options);
  const { drivers } = probed;
  const words = new Map<string, StatusReport>();
  for (const driver of drivers) driver.onStatus((report) => words.set(report.channel, report));
  try {
    if (options.once) await probeOnce(probed, words, options.json === true);
    else await probeUntilStopped(probed, words, options.json === true);
  } finally {
    await Promise.all(drivers.map((driver) => driver.close()));
  }
  // A connection that is still being tried would keep the process alive for nothing.
  process.exit();
}

async function openProbed(target: string | undefined, options: ProbeOptions): Promise<Probed> {
  const doubts = gatherDoubts();
  if (target !== undefined && options.config === undefined) {
    const { driver, notes } = await openProbeTarget(target, options, doubts.log);
    return { drivers: [driver], notes, doubts };
  }
  if (options.config === undefined || target !== undefined)
    throw usageError(
      target === undefined
        ? 'Nothing says what to probe.'
        : 'An address and a configuration cannot both be probed.',
      'Write -c agent.yaml, or an address such as tcp://192.168.1.20 --profile siemens/pac3200 --unit 1.',
    );
  const drivers = await openConfigured(options.config, options.source, doubts.log);
  return { drivers, notes: new Map(), doubts };
}

/** The drivers of all sources, of one, or of one of the slower groups of a source (`s1-10s`). */
async function openConfigured(file: string, sourceId: string | undefined, log: Log): Promise<Driver[]> {
  const { config, folder } = loadAgentConfig(file);
  const wired = wireModbusSources(config.sources, folder);
  const groupsOf = (id: string) => (wired.get(id) ?? []).map(({ source }) => source.id);
  const isWanted = ({ id }: { id: string }) =>
    sourceId === undefined || id === sourceId || groupsOf(id).includes(sourceId);
  if (!config.sources.some(isWanted)) {
    const ids = config.sources.flatMap(({ id }) => [...new Set([id, ...groupsOf(id)])]);
    throw new MillwattError('refuse', 'no-source', `No source is called ${sourceId}.`, {
      cure: `Choose one of: ${ids.join(', ')}.`,
    });
  }
  // Certificates and trust of OPC UA servers are the agent's own, so that what probes also runs.
  const dataFolder = resolve(folder, config.data);
  const drivers = await buildDrivers(
    config,
    { folder, dataFolder, config: file, clock: systemClock, log },
    isWanted,
  );
  const isWhole = sourceId === undefined || config.sources.some(({ id }) => id === sourceId);
  if (isWhole) return drivers;
  const isChosen = ({ description }: Driver) => description.id === sourceId;
  await Promise.all(drivers.filter((driver) => !isChosen(driver)).map((driver) => driver.close()));
  return drivers.filter(isChosen);
}

async function probeOnce(probed: Probed, words: Words, asJson: boolean): Promise<void> {
  const { drivers } = probed;
  const outcomes = await Promise.all(drivers.map(pollUntilSettled));
  if (drivers.some(hasSubscriptions)) await settle();
  drivers.forEach((driver, index) => {
    const outcome = outcomes[index] ?? {};
    if (asJson) printJson(driver, outcome, words, probed);
    else
      process.stdout.write(
        `${drawSource(driver, outcome, words, remarksOn(driver, probed), widthOf()).join('\n')}\n`,
      );
  });
  if (outcomes.some((outcome) => outcome.error !== undefined)) process.exitCode = 1;
}

/** Each source at its own pace: one that does not answer holds up no other. */
async function probeUntilStopped(probed: Probed, words: Words, asJson: boolean): Promise<void> {
  const { drivers } = probed;
  const stop = listenForStop();
  const screen = createScreen();
  const outcomes = new Map<Driver, Outcome>();
  const overwrites = process.stdout.isTTY && !asJson;
  const drawOne = (driver: Driver) =>
    drawSource(driver, outcomes.get(driver) ?? {}, words, remarksOn(driver, probed), screen.width());
  const draw = () =>
    screen.draw([
      style(`${formatTime(Date.now())}  every second; Ctrl-C ends it`, 'dim'),
      '',
      ...drivers.flatMap(drawOne),
    ]);
  const follow = async (driver: Driver) => {
    while (!stop.aborted) {
      const outcome = await pollOnce(driver);
      outcomes.set(driver, outcome);
      if (asJson) printJson(driver, outcome, words, probed);
      else if (overwrites) draw();
      else screen.draw(drawOne(driver));
      await untilAborted(stop, EVERY_MS);
    }
  };
  if (overwrites) draw();
  // A poll that is under way when we are stopped has a deadline of its own, but nobody wants to wait for it.
  await Promise.race([untilAborted(stop), Promise.all(drivers.map(follow))]);
  screen.end();
}

/** A driver that was refused something changes its requests from poll to poll, until it knows what the device lacks. */
async function pollUntilSettled(driver: Driver): Promise<Outcome> {
  let outcome = await pollOnce(driver);
  for (let polls = 1; polls < SETTLING_POLLS_MAX && outcome.poll !== undefined; polls++) {
    const requests = driver.trace?.().requests ?? [];
    if (!requests.some((request) => request.outcome.startsWith('exception'))) break;
    outcome = await pollOnce(driver);
  }
  return outcome;
}

async function pollOnce(driver: Driver): Promise<Outcome> {
  try {
    return { poll: await driver.poll() };
  } catch (error) {
    return { error: describeError(error) };
  }
}

function printJson(driver: Driver, outcome: Outcome, words: Words, probed: Probed): void {
  const text = JSON.stringify(probeAsJson(driver, outcome, words, remarksOn(driver, probed)));
  process.stdout.write(`${text}\n`);
}

function remarksOn(driver: Driver, { notes, doubts }: Probed): Remarks {
  return { ofPoints: notes, ofDevice: [...doubts.of(driver.description.id), ...(driver.remarks?.() ?? [])] };
}

/** A driver without requests of its own is told of changes. */
function hasSubscriptions(driver: Driver): boolean {
  return driver.trace === undefined;
}

/** Status words arrive by subscription, a moment after the first poll. */
function settle(): Promise<void> {
  return new Promise((done) => setTimeout(done, 500));
}

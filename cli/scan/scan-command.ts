import { MillwattError } from '../../protocols/errors.ts';
import { createModbusClient } from '../../protocols/modbus/connect.ts';
import { PARITIES, type Parity } from '../../protocols/modbus/endpoint.ts';
import { listSuspects, type Suspects } from '../../protocols/modbus/scan/identify-suspects.ts';
import { planScan, type ScanPlan } from '../../protocols/modbus/scan/scan-plan.ts';
import { runScan } from '../../protocols/modbus/scan/scan-run.ts';
import { parseNumbers, parseScanTarget, usageError } from '../../protocols/modbus/scan/scan-target.ts';
import { describeFailure } from '../failure.ts';
import { formatSpan } from '../format.ts';
import { checkProfileFolder, readAllProfiles } from './scan-profiles.ts';
import { createScanProgress } from './scan-progress.ts';
import { drawScan, scanAsJson } from './scan-report.ts';
import { widthOf } from '../screen.ts';
import { listenForStop } from '../signals.ts';
import { wrapText } from '../text-table.ts';

/** The options of `millwatt scan` as they are written. */
export interface ScanCommandOptions {
  network?: true;
  public?: true;
  port?: string;
  units?: string;
  baud?: string;
  parity?: string;
  rate?: string;
  timeout?: string;
  profiles?: string;
  quick?: true;
  all?: true;
  json?: true;
}

/** Several signals may not end it sooner, but a slow line must not either. */
const RATE_MAX = 200;

/** `millwatt scan`: looks for Modbus devices, reads only, says what they are and how to write them into a configuration. */
export async function runScanCommand(text: string, options: ScanCommandOptions): Promise<void> {
  const plan = planOf(text, options);
  checkProfileFolder(options.profiles);
  const suspects = listSuspects(readAllProfiles(options.profiles));
  const stop = listenForStop();
  const progress = createScanProgress(plan, { isQuiet: options.json === true });
  if (!options.json) process.stdout.write(`${wrapText(announce(plan, suspects), widthOf()).join('\n')}\n`);
  try {
    const result = await runScan(plan, {
      createClient: createModbusClient,
      suspects,
      progress,
      signal: stop,
    });
    progress.end();
    const remarks = progress.remarks();
    if (options.json) process.stdout.write(`${JSON.stringify(scanAsJson(plan, result, remarks), null, 2)}\n`);
    else process.stdout.write(`${drawScan(result, remarks, suspects, widthOf()).join('\n')}\n`);
    if (result.devices.length === 0) process.exitCode = 1;
  } catch (error) {
    progress.end();
    if (!options.json || !(error instanceof MillwattError)) throw error;
    // A script reads one object, whatever happens.
    process.stdout.write(
      `${JSON.stringify({ ...describeFailure(error, widthOf()).report, target: text, devices: [], isComplete: false }, null, 2)}\n`,
    );
    process.exitCode = 1;
  }
  // A connection that is still being tried would keep the process alive for nothing.
  process.exit();
}

/** `Asks at most 254 hosts at port 502 ...; at most 10 requests a second, reads only: up to 26 s, and at most 76 requests more to find out what each device is.` */
export function announce(plan: ScanPlan, { requestsMax }: Pick<Suspects, 'requestsMax'>): string {
  const { target, formats, asksMax, spanMsMax, paceMs, firstUnits, moreUnits } = plan;
  const rate = `at most ${Number((1000 / paceMs).toPrecision(2))} requests a second`;
  const units = count(firstUnits.length + moreUnits.length, 'unit id');
  const what =
    target.kind === 'network'
      ? `at most ${count(asksMax, 'host')} at port ${target.port} (unit ${firstUnits.slice(0, 5).join(', ')}${firstUnits.length > 5 ? ', ...' : ''} of each that answers)`
      : target.kind === 'host'
        ? `at most ${units} at ${target.host}:${target.port}`
        : `at most ${units} on ${target.path} with ${count(formats.length, 'setting')} (${listOf(formats.map(({ baudRate }) => baudRate))} baud; parity ${listOf(formats.map(({ parity }) => parity))})`;
  return `Asks ${what}; ${rate}, reads only: up to ${formatSpan(spanMsMax)}, and at most ${requestsMax} requests more to find out what each device is. Ctrl-C ends it.`;
}

function planOf(text: string, options: ScanCommandOptions): ScanPlan {
  const port = options.port === undefined ? undefined : parseNumbers(options.port, 'TCP port', 1, 65_535)[0];
  const target = parseScanTarget(text, {
    network: options.network === true,
    isPublicAllowed: options.public === true,
    ...(port === undefined ? {} : { port }),
  });
  if (target.kind !== 'serial' && (options.baud !== undefined || options.parity !== undefined))
    throw usageError(
      `${text} is no serial port, so it has no baud rate and parity.`,
      'Leave --baud and --parity out.',
    );
  return planScan(target, {
    units: options.units === undefined ? undefined : parseNumbers(options.units, 'unit ids', 0, 255),
    baudRates:
      options.baud === undefined ? undefined : parseNumbers(options.baud, 'baud rates', 300, 921_600),
    parities: options.parity === undefined ? undefined : parseParities(options.parity),
    ratePerSecond: options.rate === undefined ? undefined : parseRate(options.rate),
    timeoutMs: options.timeout === undefined ? undefined : parseTimeout(options.timeout),
    isQuick: options.quick === true,
    isAll: options.all === true,
  });
}

/** One or more parities, as they are written. Throws an error of class `refuse` (code `usage`). */
export function parseParities(text: string): Parity[] {
  return text.split(',').map((part) => {
    const parity = PARITIES.find((one) => one === part.trim());
    if (parity === undefined)
      throw usageError(
        `${JSON.stringify(part)} is no parity.`,
        `Write one or more of ${PARITIES.join(',')}.`,
      );
    return parity;
  });
}

function parseRate(text: string): number {
  const rate = Number(text);
  if (!(rate >= 0.1 && rate <= RATE_MAX))
    throw usageError(
      `--rate ${JSON.stringify(text)} is no rate.`,
      `Write requests a second, 0.1 to ${RATE_MAX}; every device on the line notices a fast scan.`,
    );
  return rate;
}

function parseTimeout(text: string): number {
  const [, amount = '', unit = 'ms'] = /^(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s)$/.exec(text) ?? [];
  const timeoutMs = Number(amount) * (unit === 's' ? 1000 : 1);
  if (amount === '' || timeoutMs < 10 || timeoutMs > 60_000)
    throw usageError(
      `--timeout ${JSON.stringify(text)} is no time.`,
      'Write it as 300ms or 1s, 10ms to 60s.',
    );
  return timeoutMs;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function listOf(values: readonly (string | number)[]): string {
  return [...new Set(values)].join(', ');
}

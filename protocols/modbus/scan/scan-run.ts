import { MillwattError } from '../../errors.ts';
import type { ModbusClient } from '../client.ts';
import { describeEndpoint, describeHost, type ModbusEndpoint } from '../endpoint.ts';
import type { Suspects } from './identify-suspects.ts';
import { LineScanner, type FoundDevice, type ScanProgress } from './scan-line.ts';
import { ScanPace } from './scan-pace.ts';
import type { ScanPlan } from './scan-plan.ts';
import { tryTcpPort } from './scan-port.ts';
import type { HostTarget, NetworkTarget, SerialTarget } from './scan-target.ts';

/** What a scan found. */
export interface ScanResult {
  devices: FoundDevice[];
  /** Requests and connections that were made. */
  requests: number;
  /** False when it was ended before it was through. */
  isComplete: boolean;
}

/** What a scan needs of the world. */
export interface ScanTools {
  createClient: (endpoint: ModbusEndpoint) => ModbusClient;
  suspects: Suspects;
  progress: ScanProgress;
  /** Aborted to end the scan at once; what was found until then is the result. */
  signal: AbortSignal;
}

/** A small device needs a moment to take the next connection after one has ended. */
const RECONNECT_MS = 100;
/** A serial port is given back a moment after it was closed, ms. */
const PORT_RELEASE_MS = 100;
/** For the first connection, ms, however short the timeout of a request is. */
const CONNECT_MS = 2000;

/** Runs a planned scan: reads only, no faster than its pace. Rejects where the line or host itself cannot be used. */
export async function runScan(plan: ScanPlan, tools: ScanTools): Promise<ScanResult> {
  const scan = new Scan(plan, tools);
  return scan.run();
}

class Scan {
  readonly #plan: ScanPlan;
  readonly #tools: ScanTools;
  readonly #pace: ScanPace;
  readonly #devices: FoundDevice[] = [];
  readonly #clients = new Set<ModbusClient>();

  constructor(plan: ScanPlan, tools: ScanTools) {
    this.#plan = plan;
    this.#tools = { ...tools, progress: { ...tools.progress, onFound: (device) => this.#found(device) } };
    this.#onFound = (device) => tools.progress.onFound(device);
    this.#pace = new ScanPace(plan.paceMs, tools.signal);
  }

  readonly #onFound: (device: FoundDevice) => void;

  async run(): Promise<ScanResult> {
    const { signal } = this.#tools;
    const onAbort = () => this.#closeAll();
    signal.addEventListener('abort', onAbort, { once: true });
    let isComplete = true;
    try {
      const { target } = this.#plan;
      if (target.kind === 'network') await this.#scanNetwork(target);
      else if (target.kind === 'host') await this.#scanHost(target);
      else await this.#scanSerial(target);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#closeAll();
    }
    if (signal.aborted) isComplete = false;
    return { devices: this.#inOrder(), requests: this.#pace.taken, isComplete };
  }

  /** Hosts of a network answer in any order; people look for them by address. */
  #inOrder(): FoundDevice[] {
    const { target } = this.#plan;
    if (target.kind !== 'network') return this.#devices;
    const places = new Map(target.hosts.map((host, place) => [host, place]));
    const placeOf = ({ endpoint }: FoundDevice) =>
      endpoint.transport === 'rtu' ? 0 : (places.get(endpoint.host) ?? 0);
    return this.#devices.toSorted((a, b) => placeOf(a) - placeOf(b));
  }

  async #scanNetwork({ hosts, port }: NetworkTarget): Promise<void> {
    const left = [...hosts];
    const work = async () => {
      for (let host = left.shift(); host !== undefined; host = left.shift())
        await this.#scanNetworkHost(host, port);
    };
    const workers = await Promise.allSettled(Array.from({ length: this.#plan.hostsAtOnce }, work));
    for (const worker of workers) if (worker.status === 'rejected') throw worker.reason;
  }

  async #scanNetworkHost(host: string, port: number): Promise<void> {
    const { timeoutMs, firstUnits } = this.#plan;
    const { progress, signal } = this.#tools;
    const endpoint: ModbusEndpoint = { transport: 'tcp', host, port };
    await this.#pace.turn();
    progress.onAsk(endpoint, undefined);
    if ((await tryTcpPort(host, port, timeoutMs, signal)) !== 'open') return;
    await pause(RECONNECT_MS);
    await this.#withLine(endpoint, false, async (line) => {
      for (const unit of firstUnits) {
        await line.askUnit(unit);
        if (line.isUnitIgnored && !this.#plan.isAll) break;
      }
      const where = describeEndpoint(endpoint);
      if (line.unitsOf('elsewhere').length > 0)
        progress.onRemark(`${where} may be a gateway; look behind it with: millwatt scan tcp://${where}`);
      else if (line.devices.length > 0 && line.devices.every(({ refusesAll }) => refusesAll))
        progress.onRemark(
          `${where} refuses all that it is asked; where it is a gateway, look behind it with: millwatt scan tcp://${where}`,
        );
      else if (line.devices.length === 0)
        progress.onRemark(
          `${where} is open but answers no Modbus for unit ${firstUnits.join(', ')}; it may speak TLS, which is not scanned, or have other unit ids: millwatt scan tcp://${where}`,
        );
    });
  }

  async #scanHost({ transport, host, port }: HostTarget): Promise<void> {
    const { firstUnits, moreUnits, isAll } = this.#plan;
    const endpoint: ModbusEndpoint = { transport, host, port };
    await this.#checkReachable({ host, port });
    await this.#withLine(endpoint, true, async (line) => {
      for (const unit of firstUnits) {
        // Nobody can be asked on a line as a whole.
        if (unit === 0 && transport !== 'tcp') continue;
        await line.askUnit(unit);
      }
      for (const unit of moreUnits) {
        if (line.isUnitIgnored && !isAll) break;
        await line.askUnit(unit);
      }
      this.#remarkOnLine(line, endpoint);
    });
  }

  async #scanSerial({ path }: SerialTarget): Promise<void> {
    const { formats, firstUnits, moreUnits, isAll } = this.#plan;
    let chosen = [...formats];
    let asked = 0;
    for (const units of [firstUnits, moreUnits]) {
      for (const format of chosen) {
        const endpoint: ModbusEndpoint = { transport: 'rtu', path, ...format };
        await this.#withLine(endpoint, true, async (line) => {
          for (const unit of units) if (unit !== 0) await line.askUnit(unit);
          asked += units.length;
          this.#remarkOnLine(line, endpoint);
          // All devices of a line have the same settings.
          if (line.devices.length === 0 || isAll || chosen.length === 1) return;
          chosen = [format];
          this.#tools.progress.onFewer(asked + (units === firstUnits ? moreUnits.length : 0));
        });
        if (chosen.length === 1 && this.#devices.length > 0) break;
        await pause(PORT_RELEASE_MS);
      }
    }
  }

  /** Runs the work over a client of its own, which is closed after it. */
  async #withLine(
    endpoint: ModbusEndpoint,
    announces: boolean,
    work: (line: LineScanner) => Promise<void>,
  ): Promise<void> {
    const { createClient, suspects, progress } = this.#tools;
    const client = createClient(endpoint);
    this.#clients.add(client);
    const { timeoutMs } = this.#plan;
    const line = new LineScanner({
      endpoint,
      client,
      suspects,
      timeoutMs,
      pace: this.#pace,
      // The asks of a network are its hosts.
      progress: announces ? progress : { ...progress, onAsk: () => {} },
    });
    try {
      await work(line);
    } finally {
      client.close();
      this.#clients.delete(client);
    }
  }

  #remarkOnLine(line: LineScanner, endpoint: ModbusEndpoint): void {
    const { progress } = this.#tools;
    const where = describeEndpoint(endpoint);
    const garbled = line.unitsOf('garbled');
    if (garbled.length > 0)
      progress.onRemark(
        endpoint.transport === 'tcp'
          ? `${where}: unit ${garbled.join(', ')} answered what is no Modbus TCP; it may speak another protocol such as TLS, or pass a serial line on as it is: millwatt scan rtu+tcp://${where}`
          : `${where}: unit ${garbled.join(', ')} answered what is no Modbus RTU; ${
              endpoint.transport === 'rtu' ? '' : `it may speak Modbus TCP (millwatt scan tcp://${where}), `
            }two devices may have one unit id, or baud rate or parity differ`,
      );
    if (line.isUnitIgnored)
      progress.onRemark(
        `${where} answers to every unit id alike: it is one device, and further ids were not asked`,
      );
    else {
      const remark = remarkOnAbsent(line);
      if (remark !== undefined) progress.onRemark(`${where} ${remark}`);
    }
  }

  /** A host that does not let us in is no matter of unit ids. */
  async #checkReachable({ host, port }: { host: string; port: number }): Promise<void> {
    const { signal } = this.#tools;
    await this.#pace.turn();
    const state = await tryTcpPort(host, port, Math.max(this.#plan.timeoutMs, CONNECT_MS), signal);
    if (state === 'open') {
      await pause(RECONNECT_MS);
      return;
    }
    throw new MillwattError(
      'retry',
      'refused',
      `${describeHost(host, port)} ${state === 'closed' ? 'lets nobody in: nothing listens there' : 'cannot be reached'}.`,
      { cure: 'Check host and port, the network, and that Modbus TCP is switched on in the device.' },
    );
  }

  #found(device: FoundDevice): void {
    this.#devices.push(device);
    this.#onFound(device);
  }

  #closeAll(): void {
    for (const client of this.#clients) client.close();
  }
}

/** What can be said of unit ids for which an address says that there is nothing; undefined where it says so of none. */
function remarkOnAbsent(line: LineScanner): string | undefined {
  const elsewhere = line.unitsOf('elsewhere').length;
  if (elsewhere === 0) return undefined;
  const count = `${elsewhere} unit ${elsewhere === 1 ? 'id' : 'ids'}`;
  const [first, ...others] = line.devices;
  if (first === undefined) return `says of ${count} that nobody is there, as gateways do`;
  if (others.length > 0)
    return `is a gateway with ${line.devices.length} devices; it says of ${count} that nobody is there`;
  const units = [first.unit, ...first.alsoUnits];
  return `answers for unit ${units.join(', ')} only, and says of ${elsewhere} ${elsewhere === 1 ? 'other' : 'others'} that nobody is there: a single device, or a gateway with one behind it`;
}

function pause(spanMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, spanMs));
}

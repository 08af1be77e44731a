import { MillwattError } from '../../errors.ts';
import type { ModbusClient } from '../client.ts';
import { createModbusClient } from '../connect.ts';
import { LinePauses, type DevicePause } from '../device/device-pause.ts';
import { describeEndpoint, endpointKey, type ModbusEndpoint } from '../endpoint.ts';
import { SharedLine, type CreateClient, type LineManners } from './line-shared.ts';

/** One device's place on a line: a connection and the queue in front of it, shared with the others behind a gateway. */
export interface ModbusLine {
  /**
   * Runs one request when its turn comes: devices in turn, the requests of one in the order they came. `deadlineMs` (of
   * performance.now) ends the waiting; a request that has begun has its whole `timeoutMs`, so that a full line never
   * makes a device look dead. Rejects as the client does; with `timeout` when its turn never came; with `closed`
   * when the line was given back meanwhile.
   */
  run<T>(
    request: (client: ModbusClient, timeoutMs: number) => Promise<T>,
    timeoutMs: number,
    deadlineMs: number,
  ): Promise<T>;
  /** How long this device is left in peace, for the sake of the others. */
  readonly pause: DevicePause;
  /** For how long at least one request waited for its turn, ms in all since the line exists. */
  waitedMs(): number;
  /** Devices on the line, this one included. */
  holders(): number;
  /** Gives the place back; the connection ends when nobody holds it any more. */
  release(): void;
}

const EASY: LineManners = { guardMs: 0, pipelining: 1 };

/** The lines of a process. Meters and gateways allow few connections, often one, so an endpoint gets one from us. */
export class ModbusLines {
  readonly #lines = new Map<string, { line: SharedLine; pauses: LinePauses; endpoint: ModbusEndpoint }>();
  readonly #createClient: CreateClient;

  /** @param createClient how an endpoint is spoken to; by default over its transport */
  constructor(createClient: CreateClient = createModbusClient) {
    this.#createClient = createClient;
  }

  /**
   * A place on the line to an endpoint, shared with everyone who holds it. Throws an error of class `refuse` (code
   * `serial-conflict`) when a serial port is already held with other settings.
   */
  acquire(endpoint: ModbusEndpoint, manners: LineManners = EASY): ModbusLine {
    const key = endpointKey(endpoint);
    const known = this.#lines.get(key) ?? {
      line: new SharedLine(endpoint, this.#createClient),
      pauses: new LinePauses(),
      endpoint,
    };
    if (describeEndpoint(known.endpoint) !== describeEndpoint(endpoint) && endpoint.transport === 'rtu')
      throw serialConflict(known.endpoint, endpoint);
    this.#lines.set(key, known);
    const { line, pauses } = known;
    const holder = line.join(manners);
    const pause = pauses.join();
    let isHeld = true;
    return {
      run: (request, timeoutMs, deadlineMs) => line.run(holder, request, timeoutMs, deadlineMs),
      pause,
      waitedMs: () => line.waitedMs(),
      holders: () => line.holders,
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        pause.leave();
        line.leave(holder);
        if (line.holders > 0) return;
        this.#lines.delete(key);
        line.close();
      },
    };
  }
}

function serialConflict(held: ModbusEndpoint, wanted: ModbusEndpoint): MillwattError {
  return new MillwattError(
    'refuse',
    'serial-conflict',
    `One source has the line ${describeEndpoint(held)}, another ${describeEndpoint(wanted)}: a serial port has one setting.`,
    {
      cure: 'Give all devices on this port the same baud rate, parity and stop bits, in the devices and in the configuration.',
    },
  );
}

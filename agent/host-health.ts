import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import type { HealthMessage } from '../protocols/telemetry/live.ts';

const ASK_EVERY_MS = 60_000;

/** What systeminformation is asked, without parameters; it starts processes for some answers. */
interface SystemInformation {
  currentLoad(): Promise<{ currentLoad: number }>;
  mem(): Promise<{ available: number; total: number }>;
  cpuTemperature(): Promise<{ main: number | null }>;
}

/** The health of the machine we run on; what it does not tell is null. Asked at most once a minute. */
export class HostHealth {
  readonly #folder: string;
  #asked: Promise<HealthMessage['host']> | undefined;
  #askedAtMs = 0;

  /** @param folder whose disk is watched */
  constructor(folder: string) {
    this.#folder = folder;
  }

  read(): Promise<HealthMessage['host']> {
    if (this.#asked === undefined || performance.now() - this.#askedAtMs >= ASK_EVERY_MS) {
      this.#askedAtMs = performance.now();
      this.#asked = askHost(this.#folder);
    }
    return this.#asked;
  }
}

async function askHost(folder: string): Promise<HealthMessage['host']> {
  const system = await loadSystemInformation();
  const [load, memory, temperature, disk] = await Promise.allSettled([
    system?.currentLoad(),
    system?.mem(),
    system?.cpuTemperature(),
    statfs(folder),
  ]);
  const cpuLoad = valueOf(load)?.currentLoad;
  const mem = valueOf(memory) ?? { available: freemem(), total: totalmem() };
  const space = valueOf(disk);
  return {
    cpuLoad: finiteOrNull(cpuLoad === undefined ? undefined : cpuLoad / 100),
    memoryUsedShare: finiteOrNull(1 - mem.available / mem.total),
    diskFreeBytes: finiteOrNull(space === undefined ? undefined : space.bavail * space.bsize),
    cpuTemperatureDegC: finiteOrNull(valueOf(temperature)?.main ?? undefined),
  };
}

/** The agent runs without it: a gateway may forbid the processes that it starts. */
async function loadSystemInformation(): Promise<SystemInformation | undefined> {
  try {
    return (await import('systeminformation')).default;
  } catch {
    return undefined;
  }
}

function valueOf<Value>(result: PromiseSettledResult<Value>): Value | undefined {
  return result.status === 'fulfilled' ? result.value : undefined;
}

function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}

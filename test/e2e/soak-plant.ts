import type { ModbusEndpoint } from '../../protocols/modbus/endpoint.ts';
import type { RegisterBank } from '../../protocols/simulator/modbus-answer.ts';
import { startRtuServer } from '../../protocols/simulator/modbus-rtu-server.ts';
import { startModbusServer } from '../../protocols/simulator/modbus-server.ts';
import { seedRandom, type SeededRandom } from '../../protocols/simulator/seeded-random.ts';
import { startFront, type FaultTarget } from './soak-front.ts';
import { makeMeter, type SoakMeter, type UnitMood } from './soak-plan.ts';
import { startSerialLine } from './soak-serial.ts';

/** 45 meters on three transports, and everything that can be made to fail. */
export interface SoakPlant {
  meters: SoakMeter[];
  targets: FaultTarget[];
  close(): Promise<void>;
}

/** As long as a client of RTU listens after a late reply, and shorter than the latest of them. */
const TIMEOUT_MS = 300;

interface Device {
  unit: number;
  bank: RegisterBank;
  mood: UnitMood;
}

/**
 * 30 meters over TCP (4 gateways with 6 units, 6 meters alone), 10 units on a line behind a device server, 5 on a
 * serial port.
 */
export async function startSoakPlant(seed: number): Promise<SoakPlant> {
  const meters: SoakMeter[] = [];
  const targets: FaultTarget[] = [];
  const closers: (() => Promise<void>)[] = [];

  /** Devices first, endpoints later: a meter is told its endpoint when the server has one. */
  const makeDevices = (count: number, profile: string, everyMs: number, isRtu = false) => {
    const endpoint: { now: ModbusEndpoint } = { now: { transport: 'tcp', host: '127.0.0.1', port: 0 } };
    const made = Array.from({ length: count }, (_, i) => {
      const number = meters.length + 1;
      const unit = i + 1;
      const one = makeMeter({
        number,
        endpoint: endpoint.now,
        unit,
        profile,
        everyMs,
        timeoutMs: TIMEOUT_MS,
        neighbours: count,
        isRtu,
      });
      meters.push(one.meter);
      return { ...one, unit };
    });
    return {
      devices: made,
      units: new Map(made.map(({ unit, bank }: Device) => [unit, bank])),
      moods: made.map(({ mood }) => mood),
      setEndpoint: (to: ModbusEndpoint) => {
        for (const { meter } of made) meter.source.endpoint = to;
      },
    };
  };
  const randomOf = (name: string): SeededRandom => seedRandom(seed, name);

  for (let i = 0; i < 10; i++) {
    const isGateway = i < 4;
    const name = isGateway ? `gateway ${i + 1}` : `meter ${i + 1}`;
    const { units, moods, setEndpoint } = makeDevices(
      isGateway ? 6 : 1,
      isGateway ? 'eastron/sdm630' : 'siemens/pac3200',
      isGateway ? 1000 : 500,
    );
    const server = await startModbusServer({ host: '127.0.0.1', port: 0, units });
    closers.push(() => server.close());
    const front = await startFront({ name, upstreamPort: server.port, moods, random: randomOf(name) });
    setEndpoint({ transport: 'tcp', host: '127.0.0.1', port: front.port });
    targets.push(front);
  }

  const remote = makeDevices(10, 'eastron/sdm630', 1000, true);
  const bus = await startRtuServer({
    at: { host: '127.0.0.1', port: 0 },
    units: remote.units,
    answerDelayMs: () => 3,
  });
  closers.push(() => bus.close());
  const front = await startFront({
    name: 'device server',
    upstreamPort: bus.port,
    moods: remote.moods,
    random: randomOf('device server'),
    isRtu: true,
  });
  remote.setEndpoint({ transport: 'rtu-over-tcp', host: '127.0.0.1', port: front.port });
  targets.push(front);

  const local = makeDevices(5, 'eastron/sdm630', 1000, true);
  const line = await startSerialLine({ ...local, random: randomOf('serial line') });
  local.setEndpoint({ transport: 'rtu', path: line.path, baudRate: 19_200, parity: 'none', stopBits: 1 });
  targets.push(line);

  return {
    meters,
    targets,
    async close() {
      for (const target of targets) await target.close();
      for (const close of closers) await close();
    },
  };
}

/** Lets every target fail now and then, each after its own seed, until told to stop; counts. */
export function startFaults(
  targets: readonly FaultTarget[],
  seed: number,
  times: { wellMs: [number, number]; faultMs: [number, number] },
): { count(): number; kinds(): ReadonlyMap<string, number>; stop(): Promise<void> } {
  const kinds = new Map<string, number>();
  let wakeAll = () => {};
  const stopped = new Promise<void>((resolve) => {
    wakeAll = resolve;
  });
  let isStopped = false;
  const pause = async (ms: number) => {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      stopped,
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, ms);
      }),
    ]);
    clearTimeout(timer);
  };
  const torment = async (target: FaultTarget) => {
    const random = seedRandom(seed, 'faults', target.name);
    for (;;) {
      await pause(random.between(...times.wellMs));
      if (isStopped) return;
      const kind = target.faults[random.whole(0, target.faults.length - 1)] ?? '';
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      await target.begin(kind);
      await pause(random.between(...times.faultMs));
      await target.end();
    }
  };
  const running = Promise.all(targets.map(torment));
  // Awaited by stop; until then a failure is the test's own.
  running.catch(() => {});
  return {
    count: () => [...kinds.values()].reduce((sum, count) => sum + count, 0),
    kinds: () => kinds,
    async stop() {
      isStopped = true;
      wakeAll();
      await running;
    },
  };
}

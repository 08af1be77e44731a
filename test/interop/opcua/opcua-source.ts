import { createOpcuaDriver, type OpcuaSurroundings } from '../../../protocols/opcua/opcua-driver.ts';
import type { OpcuaNodeOptions, OpcuaSourceOptions } from '../../../protocols/opcua/opcua-options.ts';
import { systemClock } from '../../../protocols/clock.ts';
import type { Driver, StatusReport } from '../../../protocols/driver.ts';

/** Namespace of the meter that both foreign servers serve. */
export const METER = 'urn:example:meter';
/** The meter moves on by one watt and one watt-hour each tick. */
export const TICK_MS = 100;
const BASE_WH = 5_000_000_000;

/** What the meter's counter shows at a moment, Wh. */
export function energyWh(wallMs: number, originMs: number): number {
  return BASE_WH + Math.floor((wallMs - originMs) / TICK_MS);
}

/** What the meter's power node shows while its counter shows this. */
export function powerWith(shownWh: number): number {
  return 36_000.5 + ((shownWh - BASE_WH) % 1000);
}

/** A measured node of the meter; without a unit, the server is asked for it. */
export function measured(
  id: string,
  quantity: NonNullable<OpcuaNodeOptions['quantity']>,
  unit: string | undefined,
  component = 'supply',
): OpcuaNodeOptions {
  return { node: `nsu=${METER};s=${id}`, quantity, unit, component, phase: 'total', vocabulary: 'raw' };
}

/** A status word of the meter. */
export function word(id: string, status: NonNullable<OpcuaNodeOptions['status']>): OpcuaNodeOptions {
  return { node: `nsu=${METER};s=${id}`, status, phase: 'total', vocabulary: 'raw' };
}

/** Power and counter, as an operator would list them. */
export const POWER_AND_ENERGY = [
  measured('Power', 'activePower', 'W'),
  measured('Energy', 'activeEnergyImport', 'Wh'),
];

/** A source of the machine `mill`; what is not given is as the configuration has it by default. */
export function sourceOf(
  over: Partial<OpcuaSourceOptions> & Pick<OpcuaSourceOptions, 'endpoint'>,
): OpcuaSourceOptions {
  return {
    id: 'control',
    machine: 'mill',
    component: 'control',
    every: 500,
    securityPolicy: 'best',
    securityMode: 'SignAndEncrypt',
    allowInsecure: false,
    found: [],
    reading: 'subscribe',
    queue: 10,
    nodes: [],
    timeout: 5000,
    ...over,
  };
}

/** Our driver as it is, with the words it reported. */
export async function openDriver(
  options: OpcuaSourceOptions,
  around: Partial<OpcuaSurroundings> & Pick<OpcuaSurroundings, 'pkiFolder'>,
): Promise<{ driver: Driver; words: Map<string, StatusReport['value']> }> {
  const driver = await createOpcuaDriver(options, { clock: systemClock, ...around });
  const words = new Map<string, StatusReport['value']>();
  driver.onStatus(({ channel, value }) => words.set(channel, value));
  return { driver, words };
}

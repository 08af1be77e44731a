import { loadProfile } from '../../config/library/profile-library.ts';
import { stateBands } from '../../protocols/simulator/load-shares.ts';
import { pointName } from '../../protocols/modbus/profile/profile.ts';
import { METER_NODES, SIMULATOR_NAMESPACE } from '../../protocols/simulator/meter-nodes.ts';
import type {
  SimulatedDevice,
  SimulatedEndpoint,
  SimulatedMachine,
} from '../../protocols/simulator/plant.ts';

/** The demo's machines: a mill and a lathe with meters, a machining centre that speaks for itself. */
export const DEMO_MACHINES: readonly (SimulatedMachine & { name: string })[] = [
  { id: 'mill-1', name: 'Mill 1', kind: 'mill', ratedPowerW: 15_000 },
  { id: 'lathe-1', name: 'Lathe 1', kind: 'lathe', ratedPowerW: 22_000 },
  { id: 'centre-1', name: 'Machining centre 1', kind: 'machiningCentre', ratedPowerW: 30_000 },
];

/** What each meter is asked for: the usual points, and the power of each phase, without which no commissioning is complete. */
const READ = [
  'activePower',
  'activePower.l1',
  'activePower.l2',
  'activePower.l3',
  'activeEnergyImport',
  'activeEnergyExport',
  'voltage.l1',
  'voltage.l2',
  'voltage.l3',
  'current.l1',
  'current.l2',
  'current.l3',
  'powerFactor',
  'frequency',
];

/** The serial numbers are those that the simulated devices tell: of some, digits only. */
const METERS = [
  {
    id: 'mill-1-supply',
    machine: 'mill-1',
    component: 'supply',
    profile: 'siemens/pac3200',
    serial: 'SIM1001',
    class: '0.5S',
  },
  {
    id: 'mill-1-spindle',
    machine: 'mill-1',
    component: 'spindle',
    profile: 'eastron/sdm630',
    serial: '1002',
    class: '1',
  },
  {
    id: 'mill-1-cabinet',
    machine: 'mill-1',
    component: 'cabinet',
    profile: 'shelly/pro-3em',
    serial: 'SIM1003',
    class: '2',
  },
  {
    id: 'lathe-1-supply',
    machine: 'lathe-1',
    component: 'supply',
    profile: 'schneider/iem3000',
    serial: 'SIM1004',
    class: '0.5S',
  },
  {
    id: 'lathe-1-spindle',
    machine: 'lathe-1',
    component: 'spindle',
    profile: 'carlo-gavazzi/em340',
    serial: 'SIM1005',
    class: '1',
  },
] as const;

const CONTROL = 'centre-1-control';

/** The simulated devices, each on a port the system chooses. */
export function demoDevices(): SimulatedDevice[] {
  return [
    ...METERS.map(({ id, machine, component, profile, serial }) => ({
      type: 'modbus-meter' as const,
      id,
      port: 0,
      machine,
      component,
      profile: loadProfile(profile).profile,
      unit: 1,
      serial,
    })),
    { type: 'opcua-machine', id: CONTROL, port: 0, machine: 'centre-1' },
  ];
}

/** The agent's configuration as a person would write it for these devices. */
export function demoAgentYaml(endpoints: readonly SimulatedEndpoint[], brokerUrl: string): string {
  const sources = METERS.map((meter) => {
    const endpoint = endpoints.find(({ id }) => id === meter.id);
    if (endpoint?.protocol !== 'modbus-tcp') throw new Error(`the simulation does not serve ${meter.id}`);
    return `  - id: ${meter.id}
    protocol: modbus-tcp
    host: ${endpoint.host}
    port: ${endpoint.port}
    unit: ${endpoint.unit}
    profile: ${meter.profile}
    machine: ${meter.machine}
    component: ${meter.component}
    every: 1s
    read: [${pointsOf(meter.profile).join(', ')}]
    meter: { serial: "${meter.serial}", class: "${meter.class}" }
`;
  });
  const control = endpoints.find(({ id }) => id === CONTROL);
  if (control?.protocol !== 'opcua') throw new Error(`the simulation does not serve ${CONTROL}`);
  const nodes = METER_NODES.map(
    (node) =>
      `      - { node: "nsu=${SIMULATOR_NAMESPACE};s=${node.id}", component: ${node.component}, quantity: ${node.quantity}, phase: ${node.phase}, unit: "${node.unit}" }`,
  );
  return `# The demo's agent. The machines are simulated; everything else is as in a plant. Written anew at each start.
site: demo
agent: gateway-1
data: ./agent
broker:
  url: ${brokerUrl}
sources:
${sources.join('')}  - id: ${CONTROL}
    protocol: opcua
    endpoint: ${control.endpoint}
    allowInsecure: true        # the simulated control speaks to this computer only
    machine: centre-1
    model: machinetool
    every: 1s
    nodes:
${nodes.join('\n')}
`;
}

/** What of `READ` a meter has; in place of a power factor the apparent power, from which it follows. */
function pointsOf(profileId: string): string[] {
  const offered = new Set(loadProfile(profileId).profile.points.map(pointName));
  const names = offered.has('powerFactor') ? READ : [...READ, 'apparentPower'];
  return names.filter((name) => offered.has(name));
}

/** What no wiring tells of the meters: without it, no uncertainty can be told. */
const METERING: Readonly<Record<string, string>> = {
  'mill-1': `    metering:
      supply: { direct: true, ratedCurrent: 5A, maxCurrent: 63A, calibrated: 2026-03-02, calibrateEvery: 5, drift: 0.05%, ambient: [10, 40] }
      spindle: { direct: true, ratedCurrent: 10A, maxCurrent: 100A }
      cabinet: { direct: true, ratedCurrent: 10A, maxCurrent: 120A }  # its maker states no class: that of the nameplate here is made up
    jobs: { rule: time, window: shift }
    dutyCycle:
      hoursPerYear: { processing: 3000, ready: 1000, standby: 1000, off: 3760 }
`,
  'lathe-1': `    metering:
      supply: { direct: true, ratedCurrent: 5A, maxCurrent: 63A }
      spindle: { direct: true, ratedCurrent: 10A, maxCurrent: 65A }
`,
  'centre-1': `    metering:                     # its control tells of no class: these are made up, as its readings are
      supply: { class: "1", direct: true, ratedCurrent: 10A, maxCurrent: 100A }
      spindle: { class: "3%", direct: true }
      cabinet: { class: "3%", direct: true }
`,
};

/** The collector's configuration for these machines. */
export function demoCollectorYaml(httpPort: number, brokerPort: number): string {
  const machines = DEMO_MACHINES.map(({ id, name, ratedPowerW }) => {
    const bands = stateBands(ratedPowerW).map(
      ({ state, belowW }) => `      - { state: ${state}, below: ${Math.round(belowW)}W }`,
    );
    // The machining centre's control tells its state; only "off" is decided by power.
    const states =
      id === 'centre-1'
        ? `    offBelow: ${Math.round(0.01 * ratedPowerW)}W`
        : ['    bands:', ...bands, '      - { state: processing }'].join('\n');
    return `  - id: ${id}\n    name: ${name}\n    ratedPower: ${ratedPowerW / 1000}kW\n${METERING[id] ?? ''}${states}\n`;
  });
  return `# The demo's collector, with a broker of its own. Written anew at each start.
site: demo
data: ./collector
broker:
  embedded: { port: ${brokerPort} }
http:
  port: ${httpPort}
calendar:
  zone: Europe/Berlin
  dayBegins: "06:00"
  shifts:
    - { name: early, begins: "06:00", ends: "14:00", days: [mon, tue, wed, thu, fri, sat, sun] }
    - { name: late, begins: "14:00", ends: "22:00", days: [mon, tue, wed, thu, fri, sat, sun] }
    - { name: night, begins: "22:00", ends: "06:00", days: [mon, tue, wed, thu, fri, sat, sun] }
machines:
${machines.join('')}`;
}

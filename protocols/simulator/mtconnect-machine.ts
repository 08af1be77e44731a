import type { AgentContent } from './mtconnect-content.ts';
import { readDevices } from './mtconnect-devices.ts';
import { escapeXml } from './mtconnect-document.ts';
import type { LoadMoment, LoadProfile } from './load-profile.ts';

/** How often the machine's adapter looks at what it tells of, ms. */
const LOOK_MS = 1000;
/** An adapter that comes late begins so long ago, ms: everything before is forgotten anyway. */
const BACKLOG_MS = 24 * 3_600_000;

const EXECUTIONS = {
  Initializing: 'READY',
  Running: 'ACTIVE',
  Ended: 'PROGRAM_COMPLETED',
  Interrupted: 'INTERRUPTED',
  Aborted: 'STOPPED',
} as const;
const MODES = { Manual: 'MANUAL', Automatic: 'AUTOMATIC', Setup: 'MANUAL_DATA_INPUT' } as const;

/**
 * A simulated machine tool as what an MTConnect agent tells: words of the control, spindle, and a power meter that goes on
 * while the control is off. It is looked at every full second, and what has changed is told. While it warms up, it waits.
 *
 * @param startMs wall time from which on it is told of
 */
export function machineContent(id: string, load: LoadProfile, startMs: number): AgentContent {
  const model = readDevices(devicesOf(id));
  const last = new Map<string, string>();
  let nextMs = Math.floor(startMs / LOOK_MS) * LOOK_MS;
  return {
    model,
    advance: (wallMs, tell) => {
      nextMs = Math.max(nextMs, Math.floor((wallMs - BACKLOG_MS) / LOOK_MS) * LOOK_MS);
      for (; nextMs <= wallMs; nextMs += LOOK_MS) {
        const values = valuesAt(load, nextMs);
        for (const item of model.items) {
          const value = values[item.name as keyof typeof values];
          if (value === last.get(item.id)) continue;
          last.set(item.id, value);
          tell({ item, time: new Date(nextMs).toISOString(), value });
        }
      }
    },
  };
}

function valuesAt(load: LoadProfile, wallMs: number) {
  const moment = load.momentAt(wallMs);
  const { production } = moment;
  const told = (value: string) => (production === null ? 'UNAVAILABLE' : value);
  return {
    avail: production === null ? 'UNAVAILABLE' : 'AVAILABLE',
    estop: told('ARMED'),
    execution: executionOf(moment),
    wait: moment.warmUp ? 'POWERING_UP' : 'UNAVAILABLE',
    mode: moment.mode === null ? 'UNAVAILABLE' : MODES[moment.mode],
    program: moment.program ?? 'UNAVAILABLE',
    part_count: told(`${moment.partCount}`),
    Srpm: told(`${Math.round(moment.spindleSpeed)}`),
    Sload: told(((100 * load.powerW('spindle', wallMs)) / load.ratedPowerW).toFixed(1)),
    watts: load.powerW('supply', wallMs).toFixed(1),
    energy: `${Math.floor(3600 * load.energyWh('supply', wallMs))}`,
  };
}

function executionOf({ production, warmUp }: LoadMoment): string {
  if (production === null) return 'UNAVAILABLE';
  return warmUp ? 'WAIT' : EXECUTIONS[production];
}

function devicesOf(machine: string): string {
  const name = escapeXml(machine);
  const item = (id: string, category: string, type: string, more = '') =>
    `<DataItem id="${name}-${id}" name="${id}" category="${category}" type="${type}"${more}/>`;
  const units = (unit: string) => ` units="${unit}" nativeUnits="${unit}"`;
  return `<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:1.7"><Devices>
<Device id="${name}" name="${name}" uuid="millwatt-simulator-${name}">
<Description manufacturer="millwatt simulator" model="Load profile" serialNumber="SIM-${name}"/>
<DataItems>${item('avail', 'EVENT', 'AVAILABILITY')}</DataItems>
<Components>
<Axes id="${name}-axes" name="axes"><Components>
<Rotary id="${name}-spindle" name="spindle"><DataItems>
${item('Srpm', 'SAMPLE', 'ROTARY_VELOCITY', ` subType="ACTUAL"${units('REVOLUTION/MINUTE')}`)}
${item('Sload', 'SAMPLE', 'LOAD', units('PERCENT'))}
</DataItems></Rotary>
</Components></Axes>
<Controller id="${name}-controller" name="controller">
<DataItems>${item('estop', 'EVENT', 'EMERGENCY_STOP')}</DataItems>
<Components><Path id="${name}-path" name="path"><DataItems>
${item('execution', 'EVENT', 'EXECUTION')}
${item('wait', 'EVENT', 'WAIT_STATE')}
${item('mode', 'EVENT', 'CONTROLLER_MODE')}
${item('program', 'EVENT', 'PROGRAM')}
${item('part_count', 'EVENT', 'PART_COUNT', ' subType="ALL"')}
</DataItems></Path></Components>
</Controller>
<Systems id="${name}-systems" name="systems"><Components>
<Electric id="${name}-electric" name="electric"><DataItems>
${item('watts', 'SAMPLE', 'WATTAGE', units('WATT'))}
${item('energy', 'SAMPLE', 'ELECTRICAL_ENERGY', units('WATT_SECOND'))}
</DataItems></Electric>
</Components></Systems>
</Components>
</Device>
</Devices></MTConnectDevices>`;
}

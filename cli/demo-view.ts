import type { MachineHour } from '../collector/energy/machine-hour.ts';
import type { AgentView } from '../collector/http/http-parts.ts';
import type { MachineEntry } from '../collector/http/machine-list.ts';
import type { Clock } from '../protocols/clock.ts';
import { formatEnergy, formatPower, formatShare } from './format.ts';
import { style } from './screen.ts';
import { renderTable } from './text-table.ts';

const HOUR_MS = 3_600_000;

/** What the live table shows, read from the same HTTP API that everyone has. */
export interface DemoView {
  page: string;
  nowMs: number;
  /** Simulated ms per real ms. */
  speed: number;
  machines: {
    id: string;
    name: string;
    state: string;
    powerW: number | null;
    hours: number;
    finalHours: number;
    energyMwh: number;
    measuredShare: number | null;
  }[];
  agents: {
    id: string;
    online: boolean;
    records: number;
    samples: number;
    pending: number;
    down: string[];
  }[];
}

/** Reads the state of the demo over HTTP. */
export async function readDemo(page: string, clock: Clock): Promise<DemoView> {
  const nowMs = clock.wallMs();
  const { machines } = await getJson<{ machines: MachineEntry[] }>(`${page}/api/v1/machines`);
  const { agents } = await getJson<{ agents: AgentView[] }>(`${page}/api/v1/agents`);
  const range = `from=${nowMs - 24 * HOUR_MS}&to=${nowMs}`;
  return {
    page,
    nowMs,
    speed: clock.speed(),
    machines: await Promise.all(
      machines.map(async ({ id, name, state, powerW }) => {
        const { hours } = await getJson<{ hours: MachineHour[] }>(
          `${page}/api/v1/machines/${id}/hours?${range}`,
        );
        const spanMs = sum(hours.map((hour) => hour.spanMs));
        return {
          id,
          name,
          state,
          powerW,
          hours: hours.length,
          finalHours: hours.filter((hour) => hour.status === 'final').length,
          energyMwh: sum(hours.map((hour) => hour.energy.supplyMwh ?? 0)),
          measuredShare: spanMs === 0 ? null : sum(hours.map((hour) => hour.measuredMs)) / spanMs,
        };
      }),
    ),
    agents: agents.map(({ id, online, chain, health }) => ({
      id,
      online,
      records: chain?.records ?? 0,
      samples: chain?.samples ?? 0,
      pending: health?.spool.records.pending ?? 0,
      down:
        health?.sources.filter((source) => !source.up).map((source) => `${source.id} (${source.reason})`) ??
        [],
    })),
  };
}

/** The live table. */
export function drawDemo(view: DemoView): string[] {
  const speed =
    view.speed > 1 ? style(`catching up at ${Math.round(view.speed)}x`, 'yellow') : style('live', 'green');
  return [
    `Simulated time ${new Date(view.nowMs).toLocaleString()}  ${speed}`,
    '',
    ...renderTable(
      [
        { title: 'machine' },
        { title: 'power', align: 'right' },
        { title: 'state' },
        { title: 'last 24 h', align: 'right' },
        { title: 'measured', align: 'right' },
        { title: 'machine-hours', align: 'right' },
      ],
      view.machines.map((machine) => [
        machine.name,
        formatPower(machine.powerW),
        machine.state,
        formatEnergy(machine.energyMwh),
        formatShare(machine.measuredShare),
        `${machine.hours}, ${machine.finalHours} final`,
      ]),
    ),
    '',
    ...view.agents.map(
      (agent) =>
        `agent ${agent.id}: ${agent.online ? style('online', 'green') : style('offline', 'red')}, ${agent.samples} readings in ${agent.records} records in the ledger, ${agent.pending} pending` +
        (agent.down.length === 0 ? '' : `, down: ${agent.down.join(', ')}`),
    ),
  ];
}

async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as T;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

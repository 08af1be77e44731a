import type { MachineHour } from '../../collector/energy/machine-hour.ts';
import type { AgentView } from '../../collector/http/http-parts.ts';
import type { MachineEntry } from '../../collector/http/machine-list.ts';
import type { Clock } from '../../protocols/clock.ts';
import { formatEnergy, formatPower, formatShare, formatTime } from '../format.ts';
import { style } from '../screen.ts';
import { renderTable } from '../text-table.ts';

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
  // Whole hours: the first of them must not be cut off.
  const range = `from=${Math.floor(nowMs / HOUR_MS - 24) * HOUR_MS}&to=${nowMs}`;
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

/** The live table. @param width columns that a line may have */
export function drawDemo(view: DemoView, width: number): string[] {
  const speed =
    view.speed > 1 ? style(`catching up at ${Math.round(view.speed)}x`, 'yellow') : style('live', 'green');
  return [
    `Simulated time ${formatTime(view.nowMs)}  ${speed}`,
    '',
    ...renderTable(
      [
        { title: 'machine' },
        { title: 'power', align: 'right' },
        { title: 'state' },
        { title: 'last 24 h', align: 'right' },
        { title: 'measured', align: 'right', spare: 1 },
        { title: 'hours', align: 'right', spare: 2 },
      ],
      view.machines.map((machine) => [
        machine.name,
        formatPower(machine.powerW),
        machine.state,
        formatEnergy(machine.energyMwh),
        formatShare(machine.measuredShare),
        `${machine.hours}, ${machine.finalHours} final`,
      ]),
      width,
    ),
    '',
    ...view.agents.flatMap((agent) => [
      `Agent ${agent.id} is ${agent.online ? style('online', 'green') : style('offline', 'red')}.`,
      `In the ledger: ${agent.samples} readings in ${agent.records} signed records; ${agent.pending} on their way.`,
      ...agent.down.map((source) => style(`Does not answer: ${source}`, 'yellow')),
    ]),
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

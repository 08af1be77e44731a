import { startHttp, type HttpAddress, type HttpServer } from '../../../collector/http/server.ts';
import { createLiveBoard, type LiveBoard } from '../../../collector/http/live-board.ts';
import type { AgentView, HttpParts } from '../../../collector/http/http-parts.ts';
import type { HourBase } from '../../../collector/energy/hour-base.ts';
import type { StateSpan } from '../../../collector/energy/state-span.ts';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { MinuteRollup } from '../../../collector/ledger/views.ts';
import { openJournal } from '../../../collector/journal/sqlite-journal.ts';
import { plainCalendar } from '../../../collector/energy/calendar/calendar-model.ts';
import { openJobs } from '../../../collector/reports/job-part.ts';
import { generateSigningKey } from '../../../protocols/evidence/keys.ts';
import type { SitePlan } from '../../../collector/reports/site-plan.ts';
import { assessHour } from '../../../collector/reports/uncertain-hour.ts';
import { openViews } from '../../../collector/ledger/sqlite-views.ts';
import type { ConfigSnapshot } from '../../../protocols/telemetry/snapshot.ts';
import type { LiveMessage } from '../../../protocols/telemetry/live.ts';
import { silentLog, type Log } from '../../../protocols/log.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A collector's HTTP server over real views in a temporary folder, with the data a test gives it. */
export interface PlantServer extends HttpServer {
  board: LiveBoard;
  agents: AgentView[];
  stop(): Promise<void>;
}

export async function startPlantServer(options: {
  nowMs: () => number;
  minutes?: Iterable<MinuteRollup>;
  hours?: Iterable<MachineHour>;
  agents?: AgentView[];
  spans?: { machine: string; spans: readonly StateSpan[] }[];
  bases?: Iterable<HourBase>;
  snapshots?: Iterable<{ hash: string; snapshot: ConfigSnapshot }>;
  plan?: SitePlan;
  journal?: HttpParts['journal'];
  exports?: HttpParts['exports'];
  machines?: HttpParts['machines'];
  simulated?: boolean;
  address?: Partial<HttpAddress>;
  log?: Log;
  failingViews?: boolean;
}): Promise<PlantServer> {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-http-'));
  const views = openViews({ folder });
  views.commit({
    reader: 'derive',
    ordinal: 1,
    minutes: options.minutes ?? [],
    hours: options.hours ?? [],
    spans: options.spans ?? [],
    bases: options.bases ?? [],
    snapshots: options.snapshots ?? [],
  });
  const journal = openJournal({ folder, key: generateSigningKey(), log: silentLog });
  const plan: SitePlan = options.plan ?? {
    site: 'plant',
    calendar: plainCalendar('UTC'),
    machines: [],
    mainMeters: [{ id: 'mill', covers: ['lathe'], unmetered: [] }],
    sharedLoads: [],
    hash: 'plan',
  };
  const agents = options.agents ?? [];
  const board = createLiveBoard({
    nowMs: () => performance.now(),
    stateOf: (_machine, { fresh, supplyPowerW }) =>
      !fresh || supplyPowerW === null
        ? { state: 'unknown', decider: 'none', basis: '' }
        : supplyPowerW > 2000
          ? { state: 'processing', decider: 'bands', basis: 'from 2000 W, calibration 1' }
          : supplyPowerW > 50
            ? { state: 'standby', decider: 'bands', basis: '50 W to 2000 W, calibration 1' }
            : { state: 'off', decider: 'power', basis: 'below 50 W' },
  });
  const server = await startHttp(
    { host: '127.0.0.1', port: 0, ...options.address },
    {
      site: 'plant',
      version: '1.2.3',
      publicKey: 'k'.repeat(43),
      simulated: options.simulated ?? false,
      views:
        options.failingViews === true
          ? {
              hour: fail,
              hours: fail,
              bases: fail,
              minutes: fail,
              snapshot: fail,
              states: fail,
              watched: fail,
              series: fail,
              machines: () => ['mill'],
              channels: () => [],
            }
          : views,
      ...(options.journal === undefined ? {} : { journal: options.journal }),
      ...(options.exports === undefined ? {} : { exports: options.exports }),
      jobs: openJobs({ views, plan, journal }, { wallMs: options.nowMs }),
      plan,
      assessHour: (hour) => assessHour({ views, plan, journal }, hour) ?? 'no energy is known',
      machines: options.machines ?? [{ id: 'mill', name: 'Mill <3>', ratedPowerW: 15_000 }],
      live: board,
      agents: () => agents,
      ledger: () => ({ records: 12, samples: 12_000, sizeBytes: 65_536, lastOrdinal: 12 }),
      metrics: () => [
        { name: 'millwatt_influx_lag_records', help: 'Behind.', type: 'gauge', values: [{ value: 3 }] },
      ],
      clock: { wallMs: options.nowMs, speed: () => 1 },
      log: options.log ?? silentLog,
    },
  );
  return {
    ...server,
    board,
    agents,
    stop: async () => {
      await server.close();
      views.close();
      journal.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function fail(): never {
  throw new Error('SQLITE_CORRUPT: /var/lib/secret/views.db');
}

/** The latest values of a machine with a supply power. */
export function liveMessage(
  machine: string,
  atMs: number,
  powerW: number | null,
  change: Partial<LiveMessage> = {},
): LiveMessage {
  return {
    v: 1,
    machine,
    at: atMs,
    values: {
      [`${machine}.supply.activePower`]: { value: powerW, unit: 'W', ageMs: 100, quality: 'good' },
      [`${machine}.control.execution`]: { value: 'ACTIVE', unit: '', ageMs: 100, quality: 'good' },
    },
    down: [],
    ...change,
  };
}

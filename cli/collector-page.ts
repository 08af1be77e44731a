import type { HttpSurroundings } from '../collector/collector.ts';
import { unconfiguredMachine, type MachineModel } from '../collector/energy/machine-model.ts';
import { classifyState } from '../collector/energy/operating-state.ts';
import type { ExportsPart } from '../collector/exports/exports-part.ts';
import { createLiveBoard } from '../collector/http/live-board.ts';
import type { Journal } from '../collector/journal/journal.ts';
import { openJobs } from '../collector/reports/job-part.ts';
import type { SitePlan } from '../collector/reports/site-plan.ts';
import { assessHour } from '../collector/reports/uncertain-hour.ts';
import { startHttp, type HttpAddress, type HttpServer } from '../collector/http/server.ts';

/** Serves the page, the API and the metrics of a collector; states are told from live values as the derivation tells them. */
export async function serveCollector(
  from: HttpSurroundings,
  around: {
    address: HttpAddress;
    models: readonly MachineModel[];
    simulated: boolean;
    journal: Journal | undefined;
    plan: SitePlan;
    exports?: ExportsPart | undefined;
  },
): Promise<HttpServer> {
  const models = new Map(around.models.map((model) => [model.machine, model]));
  const board = createLiveBoard({
    nowMs: () => performance.now(),
    stateOf: (machine, now) =>
      classifyState(models.get(machine) ?? unconfiguredMachine(machine), {
        ...now,
        atMs: from.clock.wallMs(),
      }),
  });
  for (const { agent, message } of from.live.machines()) board.put(agent, message);
  const unfollow = from.live.onLive((event) => {
    if (event.kind === 'live') board.put(event.agent, event.live.message);
  });
  const { address, simulated, journal, plan, exports } = around;
  const server = await startHttp(address, {
    ...from,
    live: board,
    simulated,
    plan,
    ...(exports === undefined ? {} : { exports }),
    assessHour: (hour) =>
      assessHour({ views: from.views, plan, journal: journal ?? null }, hour) ??
      'no energy of the supply is known',
    ...(journal === undefined
      ? {}
      : { journal, jobs: openJobs({ views: from.views, plan, journal }, from.clock) }),
  });
  return {
    ...server,
    close: async () => {
      unfollow();
      await server.close();
    },
  };
}

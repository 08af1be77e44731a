import { resolve } from 'node:path';
import { parseDay } from '../collector/energy/calendar/civil-date.ts';
import { readLocal } from '../collector/energy/calendar/local-time.ts';
import { openCalendar } from '../collector/energy/calendar/site-calendar.ts';
import type { ExportsPart } from '../collector/exports/exports-part.ts';
import type { MetricFamily } from '../collector/http/metric-families.ts';
import { startPactServer } from '../collector/http/pact/pact-server.ts';
import { openPactHost } from '../collector/pact/pact-host.ts';
import type { PactPartner, PactPlan } from '../collector/pact/pact-plan.ts';
import { pactMetrics } from '../collector/pact/pact-metrics.ts';
import { subjectAsked } from '../collector/reports/footprint/record-subject.ts';
import type { SitePlan } from '../collector/reports/site-plan.ts';
import type { PactConfig } from '../config/pact-config.ts';
import type { Clock } from '../protocols/clock.ts';
import { MillwattError } from '../protocols/errors.ts';
import type { Log } from '../protocols/log.ts';
import { readPem } from './broker-link.ts';
import { resolveSecret } from './secrets.ts';
import { VERSION } from './version.ts';

const SECRET_LENGTH_MIN = 22;

/** A PACT host with its server. */
export interface RunningPact {
  url: string;
  port: number;
  metrics: () => MetricFamily[];
  stop(): Promise<void>;
}

/**
 * Opens the PACT host that a collector's configuration asks for, and serves it. Throws errors of class `refuse`: where a secret or
 * PEM file is not there, a secret is weak (`weak-secret`), nothing is declared of footprints, and as `openPactHost` and
 * `startPactServer` do.
 *
 * @param folder of the configuration
 */
export async function startPactOf(
  config: PactConfig,
  folder: string,
  around: { exports: ExportsPart; sitePlan: SitePlan; dataFolder: string; clock: Clock; log: Log },
): Promise<RunningPact> {
  const { exports, sitePlan, dataFolder, clock, log } = around;
  // What was not declared is told now, not to the first partner.
  exports.from();
  const host = openPactHost({
    plan: pactPlanOf(config, folder, sitePlan),
    dataFolder,
    from: exports.from,
    version: VERSION,
    wallMs: () => clock.wallMs(),
    random: Math.random,
    log,
  });
  try {
    const tls = { cert: readPem(resolve(folder, config.cert)), key: readPem(resolve(folder, config.key)) };
    const server = await startPactServer({ host: config.host, port: config.port, tls }, host, log);
    log.info({ url: config.url, port: server.port }, `The PACT API is served: ${config.url}`);
    return {
      url: config.url,
      port: server.port,
      metrics: () => pactMetrics(host.stats()),
      stop: async () => {
        await server.close();
        await host.stop();
      },
    };
  } catch (error) {
    await host.stop();
    throw error;
  }
}

/** What the configuration says, with the secrets that it refers to. */
function pactPlanOf(config: PactConfig, folder: string, sitePlan: SitePlan): PactPlan {
  const { zone } = openCalendar(sitePlan.calendar);
  const dayMs = (day: string): number | null => {
    const number = parseDay(day);
    return number === null ? null : readLocal(zone, number, 0).atMs;
  };
  return {
    url: config.url.replace(/\/$/, ''),
    servesSchema: config.schema,
    publish: config.publish.map(({ machine, line, model, part, period, since, provisional }) => ({
      subject: subjectAsked({ machine, line, model, part }),
      period,
      sinceMs: since === undefined ? null : dayMs(since),
      evenProvisional: provisional,
    })),
    partners: config.partners.map((partner) => partnerOf(partner, folder)),
  };
}

function partnerOf(
  { id, secret, sees, may, events }: PactConfig['partners'][number],
  folder: string,
): PactPartner {
  const own = resolveSecret(secret, folder) ?? '';
  if (own.length < SECRET_LENGTH_MIN)
    throw new MillwattError('refuse', 'weak-secret', `The secret of partner ${id} is too short to be safe.`, {
      cure: `Take at least ${SECRET_LENGTH_MIN} random characters, such as from "openssl rand -hex 24".`,
    });
  return {
    id,
    secret: own,
    sees,
    scopes: may,
    events:
      events === undefined
        ? null
        : {
            url: events.url,
            tokenUrl: events.tokenUrl ?? new URL('/auth/token', events.url).href,
            clientId: events.clientId,
            clientSecret: resolveSecret(events.secret, folder) ?? '',
            ca: events.ca === undefined ? undefined : readPem(resolve(folder, events.ca)),
          },
  };
}

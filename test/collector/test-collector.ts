import { startCollector, type CollectorOptions, type RunningCollector } from '../../collector/collector.ts';
import { collectorConfig } from '../../config/collector-config.ts';
import { systemClock } from '../../protocols/clock.ts';
import { silentLog } from '../../protocols/log.ts';
import { connectLink } from '../../protocols/mqtt/mqtt-link.ts';

/** A collector of the site `plant` on a broker, without parts unless they are given. */
export function startTestCollector(
  options: { brokerUrl: string; dataFolder: string } & Partial<CollectorOptions>,
): Promise<RunningCollector> {
  const { brokerUrl, ...rest } = options;
  return startCollector({
    config: collectorConfig.parse({
      site: 'plant',
      broker: {},
      machines: [{ id: 'mill', ratedPower: '15kW' }],
    }),
    connect: (link) =>
      connectLink(
        { ...link, url: brokerUrl, username: 'collector' },
        { backOffBaseMs: 20, backOffCapMs: 100 },
      ),
    clock: systemClock,
    log: silentLog,
    version: '0.1.0',
    parts: {},
    ...rest,
  });
}

import { collectorConfig, type CollectorConfig } from './collector-config.ts';
import { checkCalendar } from './calendar-checks.ts';
import { checkCalibrations } from './calibration-checks.ts';
import { hostOfUrl, isLoopback } from './address-checks.ts';
import { checkSecret, checkTlsFiles, measureSecret } from './file-checks.ts';
import { checkEvidence } from './evidence-checks.ts';
import type { Remark } from './finding.ts';
import { checkFootprint } from './footprint-checks.ts';
import { checkInflux } from './influx-checks.ts';
import { checkLedger } from './ledger-checks.ts';
import { checkMachines } from './machine-checks.ts';
import type { PlanJudge } from './plan-judge.ts';
import { checkSitePlan } from './site-checks.ts';
import { checkPactHost } from './pact-checks.ts';
import { ownList, ownValue, salvage } from './salvage.ts';
import type { Surroundings } from './surroundings.ts';

const shape = collectorConfig.shape;
/** The collector serves no page behind a token that could be guessed. */
const TOKEN_LENGTH_MIN = 22;

/** What a collector's file has against itself and the world, beyond what each value says alone. `raw` is the file as plain data. */
export function checkCollector(raw: unknown, folder: string, world: Surroundings): Remark[] {
  const broker = salvage(shape.broker, ownValue(raw, 'broker'))?.value;
  const http = salvage(shape.http, ownValue(raw, 'http'))?.value;
  const influx = salvage(shape.influx, ownValue(raw, 'influx'))?.value;
  return [
    ...(broker === undefined ? [] : checkBroker(broker, folder, world)),
    ...(http === undefined ? [] : checkHttp(http, folder, world)),
    ...(influx === undefined ? [] : checkInflux(influx, folder, world)),
    ...checkLedger(ownValue(raw, 'ledger')),
    ...checkMachines(ownList(raw, 'machines'), world.judge),
    ...checkSitePlan(raw),
    ...checkFootprint(raw, folder, world),
    ...checkEvidence(raw, folder, world),
    ...checkPactHost(raw, folder, world),
    ...checkSiteCalendar(ownValue(raw, 'calendar'), world.judge),
    ...checkCalibrations(ownList(raw, 'machines'), folder, world),
  ];
}

/** A calendar is looked at as a whole: where a value of it is wrong, that is told first. */
function checkSiteCalendar(raw: unknown, judge: PlanJudge | undefined): Remark[] {
  const calendar = raw === undefined ? undefined : salvage(shape.calendar.unwrap(), raw);
  if (calendar?.whole !== true) return [];
  return checkCalendar(calendar.value, ['calendar'], (settings) => judge?.findCalendarFaults(settings) ?? []);
}

type Broker = CollectorConfig['broker'];

function checkBroker(broker: Broker, folder: string, world: Surroundings): Remark[] {
  const remarks = checkTlsFiles(['broker'], broker, folder, world);
  const add = (severity: Remark['severity'], path: string[], message: string, cure: string) =>
    remarks.push({ severity, path: ['broker', ...path], message, cure });
  if (broker.password !== undefined)
    remarks.push(...checkSecret(['broker', 'password'], broker.password, folder, world));
  if (broker.embedded !== undefined) {
    if (broker.mqtt === 5)
      add(
        'error',
        ['mqtt'],
        'the broker inside the collector speaks MQTT 3.1.1 only.',
        'Remove mqtt here and in the agents, or use mosquitto.',
      );
    if (broker.url !== undefined)
      add(
        'error',
        ['url'],
        'a broker is given by url, and one is to run inside the collector: which of them?',
        'Remove url or embedded.',
      );
    if (Object.keys(broker.embedded.agents).length > 0 && broker.password === undefined)
      add(
        'error',
        [],
        'with passwords for the agents, the collector needs one at its own broker too.',
        'Add password (`${file:PATH}` or `${env:NAME}`) under broker; any long random text will do.',
      );
    if (broker.embedded.cert !== undefined && broker.ca === undefined)
      add(
        'error',
        [],
        'the collector cannot check the certificate of its own broker.',
        'Add ca under broker: the PEM file of the authority that signed embedded.cert, which must name 127.0.0.1 too.',
      );
    if (broker.embedded.ca !== undefined && (broker.cert === undefined || broker.key === undefined))
      add(
        'error',
        [],
        'the collector has no certificate to show at its own broker, which asks everyone for one.',
        `Add cert and key under broker, issued by embedded.ca for the name ${broker.username}.`,
      );
    return [...remarks, ...checkEmbedded(broker.embedded, folder, world)];
  }
  if (broker.url === undefined) {
    add(
      'error',
      [],
      'no broker is given.',
      'Add url: mqtt://127.0.0.1:1883, or embedded: {} for a small plant.',
    );
    return remarks;
  }
  const plain = broker.url.startsWith('mqtt://');
  const local = isLoopback(hostOfUrl(broker.url));
  if (plain && [broker.ca, broker.cert, broker.key].some((file) => file !== undefined))
    add(
      'error',
      ['url'],
      'is an address without TLS, but certificates are given.',
      'Write mqtts:// (usually port 8883), or remove ca, cert and key.',
    );
  else if (plain && !local)
    add(
      'warning',
      ['url'],
      'readings and the password travel in the clear; whoever is on the network can read them.',
      'Write mqtts:// and give the ca that signed the broker.',
    );
  if (!local && broker.password === undefined && broker.cert === undefined)
    add(
      'warning',
      ['url'],
      'the collector does not prove to the broker who it is.',
      'Give broker.password (`${file:PATH}` or `${env:NAME}`), or cert and key.',
    );
  return remarks;
}

function checkEmbedded(
  embedded: NonNullable<Broker['embedded']>,
  folder: string,
  world: Surroundings,
): Remark[] {
  const at = ['broker', 'embedded'];
  const remarks = checkTlsFiles(at, embedded, folder, world);
  for (const [agent, reference] of Object.entries(embedded.agents))
    remarks.push(...checkSecret([...at, 'agents', agent], reference, folder, world));
  if (embedded.ca !== undefined && (embedded.cert === undefined || embedded.key === undefined))
    remarks.push({
      severity: 'error',
      path: [...at, 'ca'],
      message: 'certificates of agents are asked for, but the broker has none of its own.',
      cure: 'Give cert and key (PEM files) as well, or remove ca.',
    });
  if (isLoopback(embedded.host)) return remarks;
  if (Object.keys(embedded.agents).length === 0 && embedded.ca === undefined)
    remarks.push({
      severity: 'error',
      path: [...at, 'host'],
      message: `would let anyone who reaches ${embedded.host} write readings.`,
      cure: 'List the agents with their passwords under agents, give ca for their certificates, or listen on 127.0.0.1.',
    });
  if (embedded.cert === undefined || embedded.key === undefined)
    remarks.push({
      severity: 'error',
      path: [...at, 'host'],
      message: `would take passwords in the clear on ${embedded.host}.`,
      cure: 'Give cert and key (PEM files), or listen on 127.0.0.1.',
    });
  return remarks;
}

function checkHttp(http: CollectorConfig['http'], folder: string, world: Surroundings): Remark[] {
  const remarks = checkTlsFiles(['http'], http, folder, world);
  for (const name of ['token', 'marksToken'] as const) {
    const reference = http[name];
    if (reference === undefined) continue;
    remarks.push(...checkSecret(['http', name], reference, folder, world));
    const length = measureSecret(reference, folder, world);
    if (length !== undefined && length > 0 && length < TOKEN_LENGTH_MIN)
      remarks.push({
        severity: 'error',
        path: ['http', name],
        message: `the token has ${length} characters; the collector asks for at least ${TOKEN_LENGTH_MIN}.`,
        cure: 'Make a new one: openssl rand -base64 24',
      });
  }
  if (http.marksToken !== undefined && http.marksToken === http.token)
    remarks.push({
      severity: 'error',
      path: ['http', 'marksToken'],
      message: 'is the token of the page: whoever looks could enter marks, which stay for good.',
      cure: 'Make another one: openssl rand -base64 24',
    });
  if (isLoopback(http.host)) return remarks;
  const error = (message: string, cure: string) =>
    remarks.push({ severity: 'error', path: ['http', 'host'], message, cure });
  if (http.token === undefined)
    error(
      `would show the plant to anyone who reaches ${http.host}.`,
      'Give token (`${file:PATH}` or `${env:NAME}`), or listen on 127.0.0.1.',
    );
  if (http.cert === undefined || http.key === undefined)
    error(
      `would send the token in the clear on ${http.host}.`,
      'Give cert and key (PEM files), or listen on 127.0.0.1 behind a proxy that has them.',
    );
  return remarks;
}

import { REFERENCE_POINTS, REGISTERS } from './reference-points.ts';

/** What Node-RED publishes: one JSON object a poll with all twelve values, or one a reading. */
export type Publishing = 'poll' | 'reading';

/** Cadence of every meter, ms. */
export const EVERY_MS = 100;

/** Its MQTT user; the broker lets it write topics of that name only. */
const USER = 'nodered';
/** Topic filter of what the flow publishes. */
export const PUBLISHED = `millwatt/1/bench/${USER}/live/+`;

/**
 * The files of Node-RED's user folder, by name. The flow is what a user draws: a client and a read node a meter with the
 * editor's defaults, one function node that takes the floats out of the reply, one mqtt out node at QoS 0.
 */
export function createUserFolder(options: {
  meterPorts: readonly number[];
  brokerPort: number;
  uiPort: number;
  publishing: Publishing;
}): Record<'flows.json' | 'flows_cred.json' | 'settings.js', string> {
  const { meterPorts, brokerPort, uiPort, publishing } = options;
  const nodes = [
    { id: 'tab', type: 'tab', label: 'meters' },
    {
      id: 'broker',
      type: 'mqtt-broker',
      broker: '127.0.0.1',
      port: brokerPort,
      clientid: USER,
      autoConnect: true,
      usetls: false,
      protocolVersion: 4,
      keepalive: 60,
      cleansession: true,
    },
    {
      id: 'out',
      type: 'mqtt out',
      z: 'tab',
      topic: '',
      qos: '0',
      retain: 'false',
      broker: 'broker',
      wires: [],
    },
    {
      id: 'floats',
      type: 'function',
      z: 'tab',
      func: publishing === 'poll' ? functionAPoll() : functionAReading(),
      outputs: 1,
      wires: [['out']],
    },
    ...meterPorts.flatMap((port, meter) => [clientNode(port, meter), readNode(meter)]),
  ];
  return {
    'flows.json': JSON.stringify(nodes),
    'flows_cred.json': JSON.stringify({ broker: { user: USER, password: '' } }),
    'settings.js': `module.exports = ${JSON.stringify({
      flowFile: 'flows.json',
      credentialSecret: false,
      uiHost: '127.0.0.1',
      uiPort,
      disableEditor: true,
      telemetry: { enabled: false, updateNotification: false },
      editorTheme: { projects: { enabled: false } },
      externalModules: { autoInstall: false, palette: { allowInstall: false } },
      logging: { console: { level: 'warn', metrics: false, audit: false } },
    })};`,
  };
}

function clientNode(port: number, meter: number): object {
  return {
    id: `client${meter}`,
    type: 'modbus-client',
    name: `meter${meter}`,
    clienttype: 'tcp',
    bufferCommands: true,
    stateLogEnabled: false,
    queueLogEnabled: false,
    failureLogEnabled: true,
    tcpHost: '127.0.0.1',
    tcpPort: port,
    tcpType: 'DEFAULT',
    unit_id: 1,
    commandDelay: 1,
    clientTimeout: 1000,
    reconnectOnTimeout: true,
    reconnectTimeout: 2000,
    parallelUnitIdsAllowed: true,
    showErrors: true,
    showWarnings: true,
    showLogs: true,
  };
}

function readNode(meter: number): object {
  return {
    id: `read${meter}`,
    type: 'modbus-read',
    z: 'tab',
    name: `meter${meter}`,
    topic: PUBLISHED.replace('+', `machine${meter}`),
    showStatusActivities: false,
    logIOActivities: false,
    showErrors: true,
    showWarnings: true,
    unitid: '1',
    dataType: 'InputRegister',
    adr: '0',
    quantity: String(REGISTERS),
    rate: String(EVERY_MS),
    rateUnit: 'ms',
    delayOnStart: false,
    server: `client${meter}`,
    useIOFile: false,
    useIOForPayload: false,
    emptyMsgOnFail: false,
    wires: [['floats'], []],
  };
}

const POINTS = JSON.stringify(REFERENCE_POINTS);

function functionAPoll(): string {
  return `const { buffer } = msg.responseBuffer;
const values = {};
for (const { point, address } of ${POINTS}) values[point] = buffer.readFloatBE(address * 2);
return { topic: msg.topic, payload: { ts: Date.now(), values } };`;
}

function functionAReading(): string {
  return `const { buffer } = msg.responseBuffer;
const ts = Date.now();
return [${POINTS}.map(({ point, address }) => ({
  topic: msg.topic,
  payload: { channel: point, value: buffer.readFloatBE(address * 2), ts },
}))];`;
}

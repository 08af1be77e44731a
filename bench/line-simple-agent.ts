import modbusSerial from 'modbus-serial';
import { connectAsync } from 'mqtt';
import { REFERENCE_POINTS, REGISTERS } from './reference-points.ts';
import { answerQuestions, waitUntil } from './line-process.ts';

/**
 * The reference's first half for bench/line.ts: a modbus-serial client and a timer a meter, one JSON object a reading
 * over MQTT at QoS 1. Broker's port, ports of the meters as JSON, ms.
 */
const [brokerPort = '', meters = '[]', everyMs = '100'] = process.argv.slice(2);
const mqtt = await connectAsync(`mqtt://127.0.0.1:${brokerPort}`, { clientId: 'simple-agent' });
let sent = 0;
let acknowledged = 0;
let skipped = 0;
const timers: NodeJS.Timeout[] = [];
let polling = 0;
const ports = JSON.parse(meters) as number[];
for (const [meter, port] of ports.entries()) {
  const client = new modbusSerial.default();
  await client.connectTCP('127.0.0.1', { port });
  client.setID(1);
  client.setTimeout(1000);
  let busy = false;
  const poll = async () => {
    if (busy) {
      skipped += 1;
      return;
    }
    busy = true;
    polling += 1;
    const { buffer } = await client.readInputRegisters(0, REGISTERS);
    const ts = Date.now();
    for (const { point, address } of REFERENCE_POINTS) {
      const reading = { machine: `machine${meter}`, point, value: buffer.readFloatBE(address * 2), ts };
      sent += 1;
      mqtt.publish(`simple/machine${meter}/${point}`, JSON.stringify(reading), { qos: 1 }, (error) => {
        if (!(error instanceof Error)) acknowledged += 1;
      });
    }
    polling -= 1;
    busy = false;
  };
  // As the agent does: the meters' turns are spread over the interval, not all at once.
  const delayMs = (meter * Number(everyMs)) / ports.length;
  setTimeout(() => timers.push(setInterval(() => void poll(), Number(everyMs))), delayMs);
}

answerQuestions({
  sent: () => sent,
  stop: async () => {
    for (const timer of timers) clearInterval(timer);
    await waitUntil(() => polling === 0 && acknowledged === sent, 30_000);
    return { sent, acknowledged, skipped };
  },
});

import modbusSerial from 'modbus-serial';
import { connectAsync } from 'mqtt';
import { REFERENCE_POINTS, REGISTERS } from './reference-points.ts';

/**
 * The reference, in a process of its own: what one writes in an afternoon. A modbus-serial client and a timer a meter, a
 * JSON object a reading published over MQTT at QoS 0; nothing is kept, signed or acknowledged. Ports of the meters as
 * JSON, broker's port, ms between two polls.
 */
const [portsText = '[]', broker = '', everyMs = '1000'] = process.argv.slice(2);
const ports = JSON.parse(portsText) as number[];
const mqtt = await connectAsync(`mqtt://127.0.0.1:${broker}`, { username: 'gw2', clientId: 'gw2' });
for (const [meter, port] of ports.entries()) {
  const client = new modbusSerial.default();
  await client.connectTCP('127.0.0.1', { port });
  client.setID(1);
  client.setTimeout(1000);
  let busy = false;
  const poll = async () => {
    if (busy) return;
    busy = true;
    const { buffer } = await client.readInputRegisters(0, REGISTERS);
    const ts = Date.now();
    for (const { point, address } of REFERENCE_POINTS) {
      mqtt.publish(
        `millwatt/1/bench/gw2/live/machine${meter}`,
        JSON.stringify({
          channel: `machine${meter}.supply.${point}`,
          value: buffer.readFloatBE(address * 2),
          ts,
        }),
      );
    }
    busy = false;
  };
  setInterval(() => void poll(), Number(everyMs));
}

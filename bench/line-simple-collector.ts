import { InfluxDB, Point } from '@influxdata/influxdb-client';
import { connectAsync } from 'mqtt';
import { answerQuestions, waitUntil } from './line-process.ts';

/**
 * The reference's second half for bench/line.ts: subscribes, and hands a point a reading to the batching writer of
 * @influxdata/influxdb-client. Broker's port, InfluxDB's address.
 */
const [brokerPort = '', influxUrl = ''] = process.argv.slice(2);
const FIELDS: Record<string, string> = {
  voltage: 'u_v',
  current: 'i_a',
  activePower: 'p_w',
  frequency: 'f_hz',
  activeEnergyImport: 'import_wh',
};
let received = 0;
let delivered = 0;
const writer = new InfluxDB({ url: influxUrl }).getWriteApi('', 'millwatt', 'ms', {
  writeSuccess: (lines) => {
    delivered += lines.length;
  },
});
// 1.x has no /api/v2/write.
writer.path = '/write?db=millwatt&precision=ms';
const created = await fetch(`${influxUrl}/query`, {
  method: 'POST',
  body: new URLSearchParams({ q: 'CREATE DATABASE millwatt' }),
});
if (!created.ok) throw new Error(`InfluxDB does not create a database: ${created.status}`);
const mqtt = await connectAsync(`mqtt://127.0.0.1:${brokerPort}`, { clientId: 'simple-collector' });
mqtt.on('message', (_topic, payload) => {
  const { machine, point, value, ts } = JSON.parse(payload.toString()) as {
    machine: string;
    point: string;
    value: number;
    ts: number;
  };
  const [quantity = '', phase = 'total'] = point.split('.');
  received += 1;
  writer.writePoint(
    new Point(quantity === 'activeEnergyImport' ? 'energy' : 'power')
      .tag('site', 'bench')
      .tag('machine', machine)
      .tag('component', 'supply')
      .tag('phase', phase)
      .floatField(FIELDS[quantity] ?? quantity, value)
      .timestamp(ts),
  );
});
await mqtt.subscribeAsync('simple/#', { qos: 1 });

answerQuestions({
  stats: () => ({ received, delivered }),
  // Its flush resolves while requests are under way; without this wait they would not be counted.
  flush: async () => {
    await writer.flush();
    await waitUntil(() => delivered === received, 20_000);
    return { received, delivered };
  },
});

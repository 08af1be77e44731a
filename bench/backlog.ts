/**
 * A backlog: an outage of 50 meters with 12 quantities, read once a second, is drained through mosquitto while polling goes on.
 * The reference, in the same run, carries the very same bytes with two bare clients of mqtt.js, of which one syncs a file.
 * Goals: at least 20 times real time, the agent grows by at most 50 MB, the newest live message is never older than 3 s.
 *
 *   node bench/backlog.ts [--seconds 3600] [--meters 50] [--quantities 12] [--profile FOLDER]
 */
import { parseArgs } from 'node:util';
import { carryBarely } from './backlog-reference.ts';
import { drainBacklog } from './backlog-run.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3600' },
    meters: { type: 'string', default: '50' },
    quantities: { type: 'string', default: '12' },
    profile: { type: 'string' },
  },
});
let payloads: readonly Uint8Array[] = [];
const figures = await drainBacklog({
  meters: Number(options.meters),
  quantities: Number(options.quantities),
  seconds: Number(options.seconds),
  profile: options.profile,
  onPayloads: (all) => {
    payloads = all;
  },
});
const bareSeconds = await carryBarely(payloads);
console.log(
  JSON.stringify({ ...figures, bareSeconds, timesBare: figures.drainSeconds / bareSeconds }, null, 2),
);

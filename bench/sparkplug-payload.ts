/** One metric of a Sparkplug B data message, by alias, as a compact publisher writes it. */
export interface SparkplugMetric {
  alias: number;
  /** ms since the Unix epoch. */
  timestampMs: number;
  value: { float: number } | { double: number } | { int: number };
}

/** Field numbers and data types of the Sparkplug B payload definition (protobuf 2). */
const PAYLOAD = { timestamp: 1, metrics: 2, seq: 3 };
const METRIC = { alias: 2, timestamp: 3, datatype: 4, long: 11, float: 12, double: 13 };
const DATATYPE = { int64: 4, float: 9, double: 10 };

/** The protobuf bytes of one data message. */
export function encodeSparkplugPayload(timestampMs: number, seq: number, metrics: SparkplugMetric[]): Buffer {
  return Buffer.concat([
    varintField(PAYLOAD.timestamp, timestampMs),
    ...metrics.map((metric) => bytesField(PAYLOAD.metrics, encodeMetric(metric))),
    varintField(PAYLOAD.seq, seq),
  ]);
}

function encodeMetric({ alias, timestampMs, value }: SparkplugMetric): Buffer {
  const head = [varintField(METRIC.alias, alias), varintField(METRIC.timestamp, timestampMs)];
  if ('float' in value) {
    const bytes = Buffer.alloc(4);
    bytes.writeFloatLE(value.float);
    head.push(varintField(METRIC.datatype, DATATYPE.float), key(METRIC.float, 5), bytes);
  } else if ('double' in value) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value.double);
    head.push(varintField(METRIC.datatype, DATATYPE.double), key(METRIC.double, 1), bytes);
  } else {
    head.push(varintField(METRIC.datatype, DATATYPE.int64), varintField(METRIC.long, value.int));
  }
  return Buffer.concat(head);
}

function key(field: number, wireType: number): Buffer {
  return varint(field * 8 + wireType);
}

function varintField(field: number, value: number): Buffer {
  return Buffer.concat([key(field, 0), varint(value)]);
}

function bytesField(field: number, bytes: Buffer): Buffer {
  return Buffer.concat([key(field, 2), varint(bytes.length), bytes]);
}

/** Base-128, least significant group first. Numbers up to 2^53. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** A TCP segment with data, as it was recorded. */
export interface Segment {
  /** Since the first packet of the file. */
  timeMs: number;
  /** `address:port` */
  from: string;
  to: string;
  fromPort: number;
  sequence: number;
  bytes: Buffer;
}

/** Bytes of one direction of a connection in the order the reader got them, without repetitions. */
export interface Piece {
  timeMs: number;
  isFromServer: boolean;
  bytes: Buffer;
}

/**
 * The TCP segments that carry data in a classic pcap file of Ethernet and IPv4. Anything else in it is passed over; a file
 * of another kind throws a RangeError.
 */
export function readSegments(file: Buffer): Segment[] {
  const magic = file.readUInt32BE(0);
  const isLittle = magic === 0xd4c3b2a1 || magic === 0x4d3cb2a1;
  const isNano = magic === 0x4d3cb2a1 || magic === 0xa1b23c4d;
  if (!isLittle && magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d)
    throw new RangeError('not a classic pcap file');
  const word = (at: number) => (isLittle ? file.readUInt32LE(at) : file.readUInt32BE(at));
  if (word(20) !== 1) throw new RangeError('not a recording of Ethernet');
  const segments: Segment[] = [];
  let firstMs: number | undefined;
  for (let at = 24; at + 16 <= file.length;) {
    const timeMs = word(at) * 1000 + word(at + 4) / (isNano ? 1e6 : 1000);
    const end = at + 16 + word(at + 8);
    firstMs ??= timeMs;
    const segment = readPacket(file.subarray(at + 16, end), timeMs - firstMs);
    if (segment !== undefined && segment.bytes.length > 0) segments.push(segment);
    at = end;
  }
  return segments;
}

function readPacket(packet: Buffer, timeMs: number): Segment | undefined {
  if (packet.length < 34 || packet.readUInt16BE(12) !== 0x0800) return undefined;
  const ip = packet.subarray(14);
  const headBytes = ((ip[0] ?? 0) & 15) * 4;
  if ((ip[0] ?? 0) >> 4 !== 4 || ip[9] !== 6) return undefined;
  // Short packets are filled up on Ethernet; only the length of IP tells where the data ends.
  const tcp = ip.subarray(headBytes, ip.readUInt16BE(2));
  if (tcp.length < 20) return undefined;
  const [fromPort, toPort] = [tcp.readUInt16BE(0), tcp.readUInt16BE(2)];
  return {
    timeMs,
    from: `${ip.subarray(12, 16).join('.')}:${fromPort}`,
    to: `${ip.subarray(16, 20).join('.')}:${toPort}`,
    fromPort,
    sequence: tcp.readUInt32BE(4),
    bytes: tcp.subarray(((tcp[12] ?? 0) >> 4) * 4),
  };
}

/** The connections of a recording with a server's port, each as the bytes its two ends read, by the time they came. */
export function readFlows(file: Buffer, serverPort: number): Piece[][] {
  const flows = new Map<string, Segment[]>();
  for (const segment of readSegments(file)) {
    const key = [segment.from, segment.to].sort((a, b) => (a < b ? -1 : 1)).join(' ');
    const flow = flows.get(key) ?? [];
    flows.set(key, flow);
    flow.push(segment);
  }
  return [...flows.values()].map((segments) =>
    [true, false]
      .flatMap((isFromServer) =>
        reassemble(segments.filter(({ fromPort }) => (fromPort === serverPort) === isFromServer)).map(
          ({ timeMs, bytes }): Piece => ({ timeMs, isFromServer, bytes }),
        ),
      )
      .sort((a, b) => a.timeMs - b.timeMs),
  );
}

/** Puts one direction in order: what was sent again is left out, what overtook waits, what was never recorded is jumped. */
function reassemble(segments: readonly Segment[]): { timeMs: number; bytes: Buffer }[] {
  const pieces: { timeMs: number; bytes: Buffer }[] = [];
  const waiting = [...segments];
  let next = waiting[0]?.sequence ?? 0;
  let timeMs = 0;
  while (waiting.length > 0) {
    // Numbers wrap at 2^32, so only differences mean anything.
    const aheadOf = ({ sequence }: Segment) => (sequence - next) | 0;
    const fits = waiting.findIndex((one) => aheadOf(one) <= 0 && aheadOf(one) + one.bytes.length > 0);
    const [segment] = waiting.splice(Math.max(0, fits), 1);
    if (segment === undefined) break;
    const known = -aheadOf(segment);
    if (known >= segment.bytes.length) continue;
    timeMs = Math.max(timeMs, segment.timeMs);
    pieces.push({ timeMs, bytes: segment.bytes.subarray(Math.max(0, known)) });
    next = (segment.sequence + segment.bytes.length) >>> 0;
  }
  return pieces;
}

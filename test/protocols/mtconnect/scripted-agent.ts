import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** A data item of the scripted device; `at` is where in the tree it stands. */
export interface ScriptedItem {
  id: string;
  category: 'SAMPLE' | 'EVENT' | 'CONDITION';
  type: string;
  at: 'device' | 'axis' | 'spindle' | 'controller' | 'path' | 'electric' | 'loader';
  /** More attributes, as XML. */
  more?: string;
}

interface Told {
  sequence: number;
  item: string;
  value: string;
  timestamp: string;
}

const PLACES: Record<ScriptedItem['at'], [before: string, after: string]> = {
  device: ['', ''],
  axis: ['<Components><Axes id="axes"><Components><Linear id="x" name="X">', '</Linear>'],
  spindle: ['<Rotary id="c" name="C">', '</Rotary></Components></Axes>'],
  controller: ['<Controller id="ctl">', ''],
  path: ['<Components><Path id="p" name="path">', '</Path></Components></Controller>'],
  electric: ['<Systems id="sys"><Components><Electric id="el">', '</Electric></Components></Systems>'],
  loader: [
    '<Auxiliaries id="aux"><Components><Loader id="ld">',
    '</Loader></Components></Auxiliaries></Components>',
  ],
};

/** An agent whose every answer the test decides: a buffer of a given size, restarts, silence, odd answers. */
export class ScriptedAgent {
  instanceId = 1;
  /** Sequence of the next observation. */
  next = 1;
  buffer: Told[] = [];
  readonly bufferSize: number;
  /** The agent's clock against that of the test, ms. */
  clockOffsetMs = 0;
  /** With false, header times are told in whole seconds. */
  fineTime = true;
  multipart: 'with-length' | 'without-length' | 'never' = 'with-length';
  /** Set before `start`. */
  tls: { cert: string; key: string } | undefined;
  /** Answers nothing at all, streams included. */
  silent = false;
  /** Streams begin with the first thing that they say. */
  beginsLate = false;
  /** Requests for streams: some agents answer them with a page, or not at all. */
  refusesStreams: 'page' | 'hang' | undefined;
  /** More than this at once is refused, with this code. */
  refusesCount: { max: number; code: string } | undefined;
  /** Answers with more than this never arrive. */
  loses: number | undefined;
  /** An item that its values of now do not have. */
  currentLeavesOut: string | undefined;
  /** Streams send one part that never ends, a byte now and then. */
  drips = false;
  /** Some agents refuse to be asked for what they do not have yet. */
  refusesAhead = false;
  /** Answers the next request with this instead. */
  instead: { status: number; body: string; type?: string; location?: string } | undefined;
  nowMs: () => number = Date.now;
  readonly requests: string[] = [];
  readonly #items: readonly ScriptedItem[];
  readonly #latest = new Map<string, Told>();
  readonly #streams = new Set<{
    from: number;
    response: ServerResponse;
    heartbeatMs: number;
    lastMs: number;
  }>();
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #timer: NodeJS.Timeout | undefined;
  devices: string | undefined;

  constructor(items: readonly ScriptedItem[], bufferSize = 1000) {
    this.#items = items;
    this.bufferSize = bufferSize;
    this.#reset();
  }

  get url(): string {
    return `${this.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Connections that are open. */
  get sockets(): number {
    return this.#sockets.size;
  }

  async start(): Promise<void> {
    const answer = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    const server = this.tls === undefined ? createServer(answer) : createTlsServer(this.tls, answer);
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    this.#timer = setInterval(() => this.#beat(), 20);
  }

  /** Ends every connection and hears no more; its buffer stays. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    const server = this.#server;
    this.#server = undefined;
    this.cut();
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  /** Cuts all connections and stays there. */
  cut(): void {
    this.#streams.clear();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Begins a new run: another instance id, sequences from 1, nothing known. */
  restart(instanceId = this.instanceId + 1): void {
    this.instanceId = instanceId;
    this.#reset();
    this.cut();
  }

  /** The machine tells something; `condition` as LEVEL|code|text. */
  tell(item: string, value: string, timestamp = new Date(this.#now()).toISOString()): number {
    const told = { sequence: this.next++, item, value, timestamp };
    this.buffer.push(told);
    if (this.buffer.length > this.bufferSize) this.buffer.shift();
    this.#latest.set(item, told);
    return told.sequence;
  }

  get firstSequence(): number {
    return this.buffer[0]?.sequence ?? this.next;
  }

  #now(): number {
    return this.nowMs() + this.clockOffsetMs;
  }

  #reset(): void {
    this.next = 1;
    this.buffer = [];
    this.#latest.clear();
    for (const { id, category } of this.#items)
      this.tell(id, category === 'CONDITION' ? 'Unavailable||' : 'UNAVAILABLE');
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://agent');
    this.requests.push(request.url ?? '');
    if (this.silent) return;
    const { instead } = this;
    if (instead !== undefined) {
      this.instead = undefined;
      response.writeHead(instead.status, {
        'content-type': instead.type ?? 'text/xml',
        ...(instead.location === undefined ? {} : { location: instead.location }),
      });
      response.end(instead.body);
      return;
    }
    const send = (body: string, status = 200) => {
      response.writeHead(status, { 'content-type': 'text/xml' });
      response.end(body);
    };
    const name = url.pathname.split('/').at(-1);
    if (name === 'probe') send(this.devices ?? this.probe());
    else if (name === 'current')
      send(this.streams([...this.#latest.values()].filter(({ item }) => item !== this.currentLeavesOut)));
    else if (name === 'sample') {
      const from = Number(url.searchParams.get('from'));
      const count = Number(url.searchParams.get('count'));
      const { refusesCount } = this;
      if (this.loses !== undefined && count > this.loses) return;
      if (refusesCount !== undefined && count > refusesCount.max)
        send(this.error(refusesCount.code, `'count' must be ${refusesCount.max} or less`), 404);
      else if (from < this.firstSequence || from > this.next || (this.refusesAhead && from === this.next))
        send(this.error('OUT_OF_RANGE', `'from' must be ${this.firstSequence} or more`), 404);
      else if (url.searchParams.has('interval') && this.refusesStreams !== undefined) {
        if (this.refusesStreams === 'page') send('<html><body>Not implemented<br></body></html>', 501);
      } else if (url.searchParams.has('interval') && this.multipart !== 'never') {
        response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace;boundary=b0undary' });
        if (!this.beginsLate) response.flushHeaders();
        const stream = {
          from,
          response,
          heartbeatMs: Number(url.searchParams.get('heartbeat')),
          lastMs: Date.now(),
        };
        this.#streams.add(stream);
        response.on('close', () => this.#streams.delete(stream));
      } else send(this.streams(this.buffer.filter(({ sequence }) => sequence >= from).slice(0, count)));
    } else send(this.error('UNSUPPORTED', 'no such request'), 404);
  }

  #beat(): void {
    if (this.silent) return;
    for (const stream of this.#streams) {
      if (this.drips) {
        stream.response.write(stream.lastMs === 0 ? ' ' : '--b0undary\r\nContent-length: 100000\r\n\r\n');
        stream.lastMs = 0;
        continue;
      }
      const news = this.buffer.filter(({ sequence }) => sequence >= stream.from);
      if (news.length === 0 && Date.now() - stream.lastMs < stream.heartbeatMs) continue;
      stream.lastMs = Date.now();
      stream.from = this.next;
      const body = this.streams(news);
      const length = this.multipart === 'with-length' ? `Content-length: ${Buffer.byteLength(body)}\r\n` : '';
      stream.response.write(`--b0undary\r\nContent-type: text/xml\r\n${length}\r\n${body}\r\n`);
    }
  }

  header(more = ''): string {
    const time = new Date(this.#now()).toISOString();
    const creation = this.fineTime ? time : time.replace(/\.\d+/, '');
    return `<Header creationTime="${creation}" sender="test" instanceId="${this.instanceId}" version="1.3" bufferSize="${this.bufferSize}" ${more}/>`;
  }

  probe(): string {
    const tree = Object.entries(PLACES)
      .map(([place, [before, after]]) => {
        const own = this.#items
          .filter(({ at }) => at === place)
          .map(
            ({ id, category, type, more = '' }) =>
              `<DataItem id="${id}" name="${id}_n" category="${category}" type="${type}" ${more}/>`,
          )
          .join('');
        return `${before}<DataItems>${own}</DataItems>${after}`;
      })
      .join('');
    return `<?xml version="1.0" encoding="UTF-8"?>
<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:1.3">${this.header()}<Devices>
<Device id="d" name="Mill" uuid="mill-uuid"><Description manufacturer="Acme" model="M1" serialNumber="42">A mill</Description>${tree}</Device>
</Devices></MTConnectDevices>`;
  }

  streams(told: readonly Told[]): string {
    const rows = told.map(({ item, sequence, timestamp, value }) => {
      const known = this.#items.find(({ id }) => id === item);
      const attributes = `dataItemId="${item}" sequence="${sequence}" timestamp="${timestamp}"`;
      if (known?.category === 'CONDITION') {
        const [level = 'Normal', code = '', text = ''] = value.split('|');
        return `<Condition><${level} ${attributes} nativeCode="${code}" type="SYSTEM">${text}</${level}></Condition>`;
      }
      const list = known?.category === 'SAMPLE' ? 'Samples' : 'Events';
      return `<${list}><Anything ${attributes}>${value}</Anything></${list}>`;
    });
    const header = this.header(
      `firstSequence="${this.firstSequence}" lastSequence="${this.next - 1}" nextSequence="${(told.at(-1)?.sequence ?? this.next - 1) + 1}"`,
    );
    const isCurrent = told.length === this.#latest.size;
    const whole = isCurrent ? header.replace(/nextSequence="\d+"/, `nextSequence="${this.next}"`) : header;
    return `<?xml version="1.0" encoding="UTF-8"?>
<m:MTConnectStreams xmlns:m="urn:mtconnect.org:MTConnectStreams:1.3" xmlns="urn:mtconnect.org:MTConnectStreams:1.3">${whole}<Streams><DeviceStream name="Mill" uuid="mill-uuid"><ComponentStream component="Path" name="path" componentId="p">${rows.join('')}</ComponentStream></DeviceStream></Streams></m:MTConnectStreams>`;
  }

  error(code: string, text: string): string {
    return `<?xml version="1.0"?><MTConnectError xmlns="urn:mtconnect.org:MTConnectError:1.3">${this.header()}<Errors><Error errorCode="${code}">${text}</Error></Errors></MTConnectError>`;
  }
}

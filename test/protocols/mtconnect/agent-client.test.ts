import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../protocols/clock.ts';
import { AgentClient } from '../../../protocols/mtconnect/agent-client.ts';

const REFUSAL = '<MTConnectError><Errors><Error errorCode="X">y</Error></Errors></MTConnectError>';

const servers: Server[] = [];
const clients: AgentClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function serve(answer: RequestListener, host = '127.0.0.1'): Promise<{ server: Server; port: number }> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

function clientOf(url: string): AgentClient {
  const client = new AgentClient({ url }, systemClock);
  clients.push(client);
  return client;
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}

describe('a client of an agent', () => {
  it('finds agents below a path and at IPv6 addresses', async () => {
    const asked: string[] = [];
    const { port } = await serve((request, response) => {
      asked.push(`${request.headers.host} ${request.url}`);
      response.end(REFUSAL);
    }, '::1');
    await clientOf(`http://[::1]:${port}/shop/agent/`).ask('/probe', 2000);
    expect(asked).toEqual([`[::1]:${port} /shop/agent/probe`]);
  });

  it.each(['http://a:b:c', 'http://[::1', 'http://127.0.0.1:99999'])(
    'says that %s is no address',
    async (url) => {
      await expect(clientOf(url).ask('/probe', 2000)).rejects.toMatchObject({
        name: 'MillwattError',
        code: 'bad-url',
      });
    },
  );

  it('keeps nothing of redirections whose text never ends', async () => {
    const { server, port } = await serve((request, response) => {
      if (request.url === '/moved') {
        response.end(REFUSAL);
        return;
      }
      response.writeHead(302, { location: '/moved' });
      const timer = setInterval(() => response.write('x'.repeat(1000)), 5);
      response.on('close', () => clearInterval(timer));
    });
    const client = clientOf(`http://127.0.0.1:${port}`);
    for (let n = 0; n < 8; n++)
      expect((await client.ask('/probe', 2000)).document.kind, `request ${n}`).toBe('error');
    await expect.poll(() => connectionsOf(server)).toBe(1);
  });

  it('asks again where the agent had closed the connection that was kept', async () => {
    let served = 0;
    const { server, port } = await serve((request, response) => {
      served += 1;
      // Closed without a word once it is used a second time, as agents do with idle connections.
      if (served === 2) request.socket.destroy();
      else response.end(REFUSAL);
    });
    const client = clientOf(`http://127.0.0.1:${port}`);
    await client.ask('/probe', 2000);
    await client.ask('/probe', 2000);
    expect(served).toBe(3);
    server.closeAllConnections();
    await client.ask('/probe', 2000);
    // One that closes a fresh connection is in trouble.
    served = 1;
    server.closeAllConnections();
    await expect(clientOf(`http://127.0.0.1:${port}`).ask('/probe', 2000)).rejects.toMatchObject({
      code: 'closed',
    });
  });

  it('ends a request that nobody waits for any more', async () => {
    const { server, port } = await serve(() => {});
    const client = clientOf(`http://127.0.0.1:${port}`);
    const abort = new AbortController();
    const opened = client.open('/sample', 60_000, abort.signal);
    await expect.poll(() => connectionsOf(server)).toBe(1);
    abort.abort();
    await expect(opened).rejects.toMatchObject({ code: 'closed' });
    await expect.poll(() => connectionsOf(server)).toBe(0);
  });

  it('holds the same sockets and timers after a thousand failures as after ten', async () => {
    let turn = 0;
    const { port } = await serve((request, response) => {
      turn += 1;
      if (turn % 4 === 0) request.socket.destroy();
      else if (turn % 4 === 1) response.writeHead(503).end('busy');
      else if (turn % 4 === 2) {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('<MTConnectStreams>');
        setImmediate(() => response.destroy());
      } else response.end('<html><br></html>');
    });
    const client = clientOf(`http://127.0.0.1:${port}`);
    const held = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|TLS/.test(name)).length;
    };
    const failTimes = async (count: number) => {
      for (let n = 0; n < count; n++)
        await expect(client.ask('/current', 2000)).rejects.toMatchObject({ remedy: 'retry' });
    };
    await failTimes(10);
    const before = await held();
    await failTimes(1000);
    expect(await held()).toBeLessThanOrEqual(before + 4);
  });
});

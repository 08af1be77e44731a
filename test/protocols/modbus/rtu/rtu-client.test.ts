import modbusSerial from 'modbus-serial';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DISTRUST_TIMES, ModbusRtuClient } from '../../../../protocols/modbus/rtu/rtu-client.ts';
import { RtuSocketLink } from '../../../../protocols/modbus/rtu/rtu-socket-link.ts';
import {
  behaveWell,
  exceptionAt,
  HOLE_ADDRESS,
  registerAt,
  startHostileGateway,
  type BusBehaviour,
} from './rtu-hostile-bus.ts';

let gateway: Awaited<ReturnType<typeof startHostileGateway>>;
let client: ModbusRtuClient;
beforeEach(async () => {
  gateway = await startHostileGateway();
  client = new ModbusRtuClient(new RtuSocketLink('127.0.0.1', gateway.port), {
    ...DISTRUST_TIMES,
    listenMs: 60,
  });
});
afterEach(async () => {
  client.close();
  await gateway.close();
});

const at = (unit: number, functionCode: number, address: number, count: number) =>
  Array.from({ length: count }, (_, i) => registerAt(unit, functionCode, address + i));
const read = async (unit: number, functionCode: 3 | 4, address: number, count: number, timeoutMs = 5000) => [
  ...(await client.readRegisters(unit, functionCode, address, count, timeoutMs)),
];
/** Does one thing with the first request, and behaves well with all others. */
const once = (first: BusBehaviour): BusBehaviour => {
  let isFirst = true;
  return (talk) => {
    if (!isFirst) return behaveWell(talk);
    isFirst = false;
    return first(talk);
  };
};
const asked = () =>
  gateway.requests.map(({ functionCode, address, count }) => [functionCode, address, count]);

describe('a reply that comes after its timeout', () => {
  /** Keeps the first reply and puts it in front of the next one. */
  const answerLate = (): BusBehaviour => {
    let kept: Buffer | undefined;
    return (talk) => {
      if (kept === undefined) kept = talk.answer;
      else {
        if (kept.length > 0) talk.send(kept);
        kept = Buffer.alloc(0);
        talk.later(() => talk.send(talk.answer), 5);
      }
    };
  };

  it('is taken for the next one by bare modbus-serial', async () => {
    gateway.behaviour = answerLate();
    const control = new modbusSerial.default();
    control.on('error', () => {});
    await control.connectTelnet('127.0.0.1', { port: gateway.port });
    control.setTimeout(40);
    control.setID(1);
    await expect(control.readHoldingRegisters(100, 2)).rejects.toThrow('Timed out');
    expect((await control.readHoldingRegisters(200, 2)).data).toEqual(at(1, 3, 100, 2));
    control.close(() => {});
  });

  it('is not by ours, although the connection is a new one', async () => {
    gateway.behaviour = answerLate();
    await expect(read(1, 3, 100, 2, 40)).rejects.toMatchObject({ remedy: 'retry', code: 'timeout' });
    expect(await read(1, 3, 200, 2)).toEqual(at(1, 3, 200, 2));
    expect(gateway.connections()).toBe(2);
    // In between were synchronising reads, which cannot be mistaken for the first.
    expect(asked().at(-1)).toEqual([3, 200, 2]);
    const between = asked().slice(1, -1);
    expect(between.length).toBeGreaterThan(0);
    expect(between.some(([functionCode, , count]) => functionCode === 3 && count === 2)).toBe(false);
  });

  it('is not taken when it is an exception', async () => {
    gateway.behaviour = answerLate();
    await expect(read(1, 3, HOLE_ADDRESS, 2, 40)).rejects.toMatchObject({ code: 'timeout' });
    expect(await read(1, 3, 200, 5)).toEqual(at(1, 3, 200, 5));
    await expect(read(1, 3, HOLE_ADDRESS + 9, 2)).rejects.toMatchObject({
      code: 'exception',
      exceptionCode: exceptionAt(1, 3, HOLE_ADDRESS + 9),
    });
  });

  it('does not disturb the other units', async () => {
    gateway.behaviour = answerLate();
    await expect(read(2, 3, 100, 2, 40)).rejects.toMatchObject({ code: 'timeout' });
    expect(await read(1, 3, 200, 2)).toEqual(at(1, 3, 200, 2));
    expect(asked()).toHaveLength(2);
  });

  it('is never one of a dead unit: it is asked for little, and comes back at once', async () => {
    gateway.behaviour = () => {};
    await expect(read(1, 3, 100, 60, 150)).rejects.toMatchObject({ code: 'timeout' });
    for (let i = 0; i < 5; i++)
      await expect(read(1, 3, 100, 60, 150)).rejects.toMatchObject({ code: 'timeout' });
    expect(gateway.requests.filter(({ count }) => count === 60)).toHaveLength(1);
    gateway.behaviour = behaveWell;
    expect(await read(1, 3, 100, 60)).toEqual(at(1, 3, 100, 60));
  });
});

describe('making sure', () => {
  it('finds a read that a device answers which is silent to other functions', async () => {
    const onlyHolding: BusBehaviour = (talk) => {
      if (talk.request.functionCode === 3) behaveWell(talk);
    };
    gateway.behaviour = once(() => {});
    await expect(read(1, 3, 100, 10, 30)).rejects.toMatchObject({ code: 'timeout' });
    gateway.behaviour = onlyHolding;
    await expect.poll(() => read(1, 3, 100, 10, 400), { timeout: 10_000 }).toEqual(at(1, 3, 100, 10));
    // From now on it knows, and asks once.
    gateway.behaviour = once(() => {});
    await expect(read(1, 3, 100, 10, 30)).rejects.toMatchObject({ code: 'timeout' });
    gateway.behaviour = onlyHolding;
    gateway.requests.length = 0;
    expect(await read(1, 3, 100, 10, 4000)).toEqual(at(1, 3, 100, 10));
    expect(gateway.requests).toHaveLength(2);
  });

  it('finds the time for a device that needs most of its timeout', async () => {
    gateway.behaviour = once(() => {});
    await expect(read(1, 3, 100, 10, 30)).rejects.toMatchObject({ code: 'timeout' });
    gateway.behaviour = ({ answer, send, inOrder }) => inOrder(() => send(answer), 260);
    await expect
      .poll(() => read(1, 3, 100, 10, 400).catch(() => []), { timeout: 15_000 })
      .toEqual(at(1, 3, 100, 10));
  });

  it('does not take its listening from a timeout that is shorter', async () => {
    client = new ModbusRtuClient(new RtuSocketLink('127.0.0.1', gateway.port), {
      ...DISTRUST_TIMES,
      listenMs: 700,
    });
    gateway.behaviour = once(({ answer, send, later }) => {
      send(answer);
      later(() => send(answer), 12);
    });
    await read(1, 3, 100, 4, 600).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'bad-frame' });
    });
    // A unit that sends copies: each answer may come once more, and is like the next.
    for (const address of [200, 300, 400]) {
      const startedMs = performance.now();
      expect(await read(1, 3, address, 4, 600)).toEqual(at(1, 3, address, 4));
      expect(performance.now() - startedMs).toBeGreaterThan(600);
    }
  });

  it('ends after long listening for a device that answers nothing but one request', async () => {
    client = new ModbusRtuClient(new RtuSocketLink('127.0.0.1', gateway.port), {
      ...DISTRUST_TIMES,
      listenMs: 20,
      ageMs: 400,
    });
    const onlyOne: BusBehaviour = (talk) => {
      if (talk.request.count === 10) behaveWell(talk);
    };
    gateway.behaviour = once(() => {});
    await expect(read(1, 3, 100, 10, 30)).rejects.toMatchObject({ code: 'timeout' });
    gateway.behaviour = onlyOne;
    await expect(read(1, 3, 100, 10, 60)).rejects.toMatchObject({ code: 'timeout' });
    await expect.poll(() => read(1, 3, 100, 10, 200), { timeout: 10_000 }).toEqual(at(1, 3, 100, 10));
  });

  it('costs nothing on a line where all is well', async () => {
    for (let i = 0; i < 4; i++)
      for (const count of [2, 10, 60]) expect(await read(1, 3, 100, count)).toEqual(at(1, 3, 100, count));
    expect(gateway.requests).toHaveLength(12);
    expect(gateway.connections()).toBe(1);
  });
});

describe('a copy of a reply', () => {
  it('that comes with the next request is not its answer', async () => {
    let last: Buffer | undefined;
    gateway.behaviour = ({ answer, send }) => {
      if (last !== undefined) send(last);
      last = answer;
      setImmediate(() => send(answer));
    };
    for (let i = 0; i < 6; i++)
      await read(1, 3, 100 + i * 10, 4, 300).then(
        (values) => expect(values).toEqual(at(1, 3, 100 + i * 10, 4)),
        (error: unknown) => expect(error).toMatchObject({ remedy: 'retry' }),
      );
  });

  it('that comes at once is seen, and the unit is watched from then on', async () => {
    gateway.behaviour = once(({ answer, send, later }) => {
      send(answer);
      later(() => send(answer), 12);
    });
    // Where the process is held up, both come together, which is refused.
    await read(1, 3, 100, 4).then(
      (values) => expect(values).toEqual(at(1, 3, 100, 4)),
      (error: unknown) => expect(error).toMatchObject({ code: 'bad-frame' }),
    );
    expect(await read(1, 3, 200, 4)).toEqual(at(1, 3, 200, 4));
    expect(asked().map(([, address]) => address)).toContain(200);
    expect(gateway.requests.length).toBeGreaterThan(2);
  });
});

describe('what comes in pieces or with noise', () => {
  it('is put together, and a little noise is left away', async () => {
    gateway.behaviour = ({ answer, send, later }) => {
      for (const [i, byte] of answer.entries()) later(() => send(Buffer.of(byte)), i / 4);
    };
    expect(await read(1, 3, 100, 10)).toEqual(at(1, 3, 100, 10));
    gateway.behaviour = ({ answer, send }) => send(Buffer.concat([Buffer.of(0, 0xff), answer, Buffer.of(0)]));
    expect(await read(1, 4, 100, 10)).toEqual(at(1, 4, 100, 10));
  });

  it.each<[string, BusBehaviour]>([
    ['garbage', ({ send }) => send(Buffer.from('HTTP/1.1 400 Bad Request\r\n'))],
    ['a flipped bit', ({ answer, send }) => send(Buffer.from(answer.map((b, i) => (i === 5 ? b ^ 4 : b))))],
    ['two answers at once', ({ answer, send }) => send(Buffer.concat([answer, answer]))],
    ['more than a frame may have', ({ send }) => send(Buffer.alloc(3000, 1))],
  ])('is refused: %s', async (_, behaviour) => {
    gateway.behaviour = once(behaviour);
    await expect(read(1, 3, 100, 10)).rejects.toMatchObject({ remedy: 'retry', code: 'bad-frame' });
    expect(await read(1, 3, 200, 10)).toEqual(at(1, 3, 200, 10));
  });
});

describe('the client', () => {
  it('takes an answer that a gateway ends its connection with', async () => {
    gateway.behaviour = ({ answer, send, later }) => {
      send(answer);
      later(() => gateway.cut(), 0);
    };
    for (let i = 0; i < 5; i++) expect(await read(1, 3, i, 1 + i)).toEqual(at(1, 3, i, 1 + i));
  });

  it('reads bits and identifications', async () => {
    expect(await client.readBits(1, 2, 0, 10, 5000)).toEqual(
      [0, 1, 0, 1, 0, 1, 0, 1, 0, 1].map((b) => b === 0),
    );
    expect([...(await client.readIdentification(1, 5000))]).toEqual([[0, 'MW']]);
  });

  it('takes one request at a time, reads only, and asks nobody when it must not', async () => {
    const first = read(1, 3, 0, 1);
    await expect(read(1, 3, 0, 1)).rejects.toMatchObject({ remedy: 'crash', code: 'busy' });
    await first;
    await expect(read(0, 3, 0, 1)).rejects.toMatchObject({ remedy: 'refuse', code: 'broadcast' });
    await expect(read(1, 3, 0, 126)).rejects.toThrow(RangeError);
    await expect(read(1, 16 as 3, 0, 1)).rejects.toThrow(RangeError);
    expect(gateway.requests).toHaveLength(1);
    expect(await read(1, 3, 0, 1)).toEqual(at(1, 3, 0, 1));
  });

  it('says closed when it is closed, and may be used again', async () => {
    gateway.behaviour = () => {};
    const waiting = read(1, 3, 0, 1);
    await expect.poll(() => gateway.requests.length).toBe(1);
    client.close();
    await expect(waiting).rejects.toMatchObject({ remedy: 'retry', code: 'closed' });
    gateway.behaviour = behaveWell;
    expect(await read(1, 3, 7, 1)).toEqual(at(1, 3, 7, 1));
  });

  it('says refused when nobody listens', async () => {
    await gateway.close();
    await expect(read(1, 3, 0, 1)).rejects.toMatchObject({
      remedy: 'retry',
      code: 'refused',
      cure: expect.stringContaining('raw TCP') as string,
    });
  });
});

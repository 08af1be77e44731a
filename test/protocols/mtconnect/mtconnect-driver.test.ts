import { afterEach, describe, expect, it } from 'vitest';
import { SteppedClock, systemClock } from '../../../protocols/clock.ts';
import type { Driver, Poll, StatusReport } from '../../../protocols/driver.ts';
import type { MillwattError } from '../../../protocols/errors.ts';
import { createMtconnectDriver } from '../../../protocols/mtconnect/mtconnect-driver.ts';
import type { MtconnectSourceOptions } from '../../../protocols/mtconnect/mtconnect-options.ts';
import { ScriptedAgent, type ScriptedItem } from './scripted-agent.ts';

const ITEMS: readonly ScriptedItem[] = [
  { id: 'av', category: 'EVENT', type: 'AVAILABILITY', at: 'device' },
  { id: 'w', category: 'SAMPLE', type: 'WATTAGE', at: 'device', more: 'units="WATT"' },
  { id: 'xl', category: 'SAMPLE', type: 'LOAD', at: 'axis', more: 'units="PERCENT"' },
  {
    id: 'rpm',
    category: 'SAMPLE',
    type: 'ROTARY_VELOCITY',
    at: 'spindle',
    more: 'units="REVOLUTION/MINUTE"',
  },
  { id: 'es', category: 'EVENT', type: 'EMERGENCY_STOP', at: 'controller' },
  { id: 'cond', category: 'CONDITION', type: 'SYSTEM', at: 'controller' },
  { id: 'ex', category: 'EVENT', type: 'EXECUTION', at: 'path' },
  { id: 'at', category: 'SAMPLE', type: 'ACCUMULATED_TIME', at: 'path', more: 'subType="x:AUTO"' },
];

const agents: ScriptedAgent[] = [];
const drivers: Driver[] = [];

afterEach(async () => {
  await Promise.all(drivers.splice(0).map((driver) => driver.close()));
  await Promise.all(agents.splice(0).map((agent) => agent.stop()));
});

async function startAgent(items = ITEMS, bufferSize = 1000): Promise<ScriptedAgent> {
  const agent = new ScriptedAgent(items, bufferSize);
  agents.push(agent);
  await agent.start();
  return agent;
}

function follow(
  agent: ScriptedAgent,
  options: Partial<MtconnectSourceOptions> = {},
  clock = systemClock,
  real = systemClock,
) {
  const driver = createMtconnectDriver(
    {
      id: 'mill-control',
      machine: 'mill',
      component: 'control',
      every: 100,
      url: agent.url,
      mode: 'poll',
      heartbeat: 1000,
      items: [],
      timeout: 3000,
      ...options,
    },
    { clock, real },
  );
  drivers.push(driver);
  const words: StatusReport[] = [];
  const wirings: string[][] = [];
  driver.onStatus((word) => words.push(word));
  driver.onWiring?.(() => wirings.push(driver.channels.map(({ id }) => id)));
  return {
    driver,
    words,
    wirings,
    of: (channel: string) =>
      words.filter((word) => word.channel === `mill.${channel}`).map(({ value }) => value),
  };
}

async function codeOf(poll: Promise<Poll>): Promise<string> {
  return poll.then(
    () => 'none',
    (error: MillwattError) => error.code,
  );
}

function valueOf(poll: Poll, channel: string) {
  return poll.readings.find((reading) => reading.channel === `mill.${channel}`)?.value;
}

/** Polls until the condition holds. */
async function pollUntil(driver: Driver, holds: (poll: Poll) => boolean): Promise<Poll> {
  for (const endMs = Date.now() + 10_000; ;) {
    const poll = await driver.poll().catch((error: MillwattError) => error);
    if (!(poll instanceof Error) && holds(poll)) return poll;
    if (Date.now() > endMs) throw new Error(`not in time: ${JSON.stringify(poll)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.each(['poll', 'stream'] as const)('an MTConnect source that is read by %s', (mode) => {
  it('learns its channels at the first poll, before the first word', async () => {
    const agent = await startAgent();
    const { driver, wirings, words } = follow(agent, { mode });
    let wordsAtWiring = -1;
    driver.onWiring?.(() => {
      wordsAtWiring = words.length;
      wirings.push(driver.channels.map(({ id }) => id));
    });
    expect(driver.channels).toEqual([]);
    expect(driver.machines).toEqual(['mill']);
    const poll = await driver.poll();
    expect(wordsAtWiring).toBe(0);
    expect(wirings).toEqual([
      [
        'mill.supply.activePower',
        'mill.axis-x.load',
        'mill.spindle.rotationalSpeed',
        'mill.control.availability',
        'mill.control.emergencyStop',
        'mill.control.condition.cond_n',
        'mill.control.execution',
        'mill.control.timer.at_n',
      ],
    ]);
    expect(driver.description.device).toEqual({
      manufacturer: 'Acme',
      model: 'M1',
      serial: '42',
      uri: 'mill-uuid',
    });
    // Nothing is known yet: missing, and never zero.
    expect(poll.readings.map(({ value, quality }) => [value, quality])).toEqual([
      [null, 'bad'],
      [null, 'bad'],
      [null, 'bad'],
    ]);
    expect(words.map(({ value }) => value)).toEqual(['UNAVAILABLE', null, null, null, null]);
  });

  it('follows values and words', async () => {
    const agent = await startAgent();
    const { driver, of } = follow(agent, { mode });
    await driver.poll();
    agent.tell('w', '1234.5');
    agent.tell('ex', 'ACTIVE');
    agent.tell('at', '17');
    agent.tell('ex', 'IN_PROGRESS');
    agent.tell('cond', 'Fault|404|No oil');
    agent.tell('cond', 'Warning|7|Warm');
    agent.tell('cond', 'Normal|404|');
    agent.tell('cond', 'Normal||');
    agent.tell('rpm', '-800');
    const poll = await pollUntil(driver, (one) => valueOf(one, 'spindle.rotationalSpeed') === -800);
    expect(valueOf(poll, 'supply.activePower')).toBe(1234.5);
    expect(of('control.execution')).toEqual([null, 'ACTIVE', 'IN_PROGRESS']);
    expect(of('control.timer.at_n')).toEqual([null, 17]);
    expect(of('control.condition.cond_n')).toEqual([
      null,
      'Fault 404: No oil',
      'Fault 404: No oil (+1)',
      'Warning 7: Warm',
      'Normal',
    ]);
    agent.tell('w', 'UNAVAILABLE');
    agent.tell('ex', 'UNAVAILABLE');
    await pollUntil(driver, (one) => valueOf(one, 'supply.activePower') === null);
    expect(of('control.execution').at(-1)).toBeNull();
  });

  it('heals an outage that the buffer outlasts: every word with its own time', async () => {
    const agent = await startAgent();
    const { driver, words, of } = follow(agent, { mode });
    agent.tell('ex', 'READY');
    await driver.poll();
    await agent.stop();
    await pollUntilFailing(driver);
    const fromMs = driver.tellsFromMs?.();
    expect(fromMs).toBeTypeOf('number');
    for (const word of ['ACTIVE', 'FEED_HOLD', 'ACTIVE']) {
      agent.tell('ex', word);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    await agent.start();
    const poll = await pollUntil(driver, () => true);
    expect(poll.healed).toBe(true);
    expect(of('control.execution')).toEqual(['READY', 'ACTIVE', 'FEED_HOLD', 'ACTIVE']);
    const times = words
      .filter(({ channel }) => channel === 'mill.control.execution')
      .map(({ atMs }) => atMs)
      .slice(1);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(50);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(50);
    expect(times[0]).toBeGreaterThanOrEqual(fromMs ?? 0);
    expect((await driver.poll()).healed).toBeUndefined();
  });

  it('records what the buffer did not outlast as a gap', async () => {
    const agent = await startAgent(ITEMS, 20);
    const { driver, of } = follow(agent, { mode });
    agent.tell('ex', 'ACTIVE');
    await driver.poll();
    await agent.stop();
    await pollUntilFailing(driver);
    for (let n = 0; n < 50; n++) agent.tell('ex', `W${n}`);
    await agent.start();
    expect(await untilCode(driver)).toBe('overrun');
    expect(of('control.execution')).toEqual(['ACTIVE', null]);
    const poll = await pollUntil(driver, () => true);
    expect(poll.healed).toBeUndefined();
    expect(of('control.execution')).toEqual(['ACTIVE', null, 'W49']);
  });

  it.each([
    ['another instance id', 2],
    ['the same instance id', 1],
  ])('records a restart of the agent with %s', async (_, instanceId) => {
    const agent = await startAgent();
    const { driver, of, wirings } = follow(agent, { mode });
    for (let n = 0; n < 30; n++) agent.tell('ex', `W${n}`);
    await driver.poll();
    agent.restart(instanceId);
    agent.tell('ex', 'READY');
    expect(await untilCode(driver)).toBe('restarted');
    await pollUntil(driver, () => true);
    expect(of('control.execution')).toEqual(['W29', null, 'READY']);
    // It offers what it offered before.
    expect(wirings).toHaveLength(1);
    expect(agent.requests.filter((path) => path === '/probe')).toHaveLength(2);
  });

  it('finds the same wiring where the agent tells its items in another order', async () => {
    const spindles = ITEMS.concat([
      { id: 'l2', category: 'SAMPLE', type: 'LOAD', at: 'axis', more: 'units="PERCENT"' },
      { id: 'ex2', category: 'EVENT', type: 'EXECUTION', at: 'path' },
    ]);
    const agent = await startAgent(spindles);
    const { driver, wirings } = follow(agent, { mode });
    await driver.poll();
    agent.restart();
    agent.devices = agent.probe().replaceAll(/<DataItems>(.*?)<\/DataItems>/g, (_, all: string) => {
      const items = all.match(/<DataItem [^>]*>/g) ?? [];
      return `<DataItems>${items.toReversed().join('')}</DataItems>`;
    });
    expect(await untilCode(driver)).toBe('restarted');
    await pollUntil(driver, () => true);
    expect(wirings).toHaveLength(1);
    agent.tell('ex', 'ACTIVE');
    agent.tell('xl', '12');
    const poll = await pollUntil(driver, (one) => valueOf(one, 'axis-x-xl_n.load') === 12);
    expect(valueOf(poll, 'axis-x-l2_n.load')).toBeNull();
  });

  it('wires anew when the agent offers something else after a restart', async () => {
    const agent = await startAgent();
    const { driver, wirings } = follow(agent, { mode });
    await driver.poll();
    agent.devices = agent
      .probe()
      .replace('type="LOAD"', 'type="TEMPERATURE"')
      .replace('"PERCENT"', '"CELSIUS"');
    agent.restart();
    agent.devices = agent.devices.replace('instanceId="1"', 'instanceId="2"');
    expect(await untilCode(driver)).toBe('restarted');
    await pollUntil(driver, () => true);
    expect(wirings).toHaveLength(2);
    expect(wirings[1]).toContain('mill.axis-x.temperature');
  });
});

async function pollUntilFailing(driver: Driver): Promise<void> {
  expect(await untilCode(driver)).toMatch(/^(refused|closed)$/);
}

/** The code of the first poll that fails. */
async function untilCode(driver: Driver): Promise<string> {
  for (const endMs = Date.now() + 10_000; Date.now() < endMs;) {
    const code = await codeOf(driver.poll());
    if (code !== 'none') return code;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return 'never';
}

describe('a stream', () => {
  it('is one long answer, with or without lengths', async () => {
    for (const multipart of ['with-length', 'without-length'] as const) {
      const agent = await startAgent();
      agent.multipart = multipart;
      const { driver, of } = follow(agent, { mode: 'stream' });
      await driver.poll();
      const asked = agent.requests.length;
      agent.tell('ex', 'ACTIVE');
      await expect.poll(() => of('control.execution'), { timeout: 5000 }).toEqual([null, 'ACTIVE']);
      await driver.poll();
      expect(agent.requests).toHaveLength(asked);
      expect(agent.requests.at(-1)).toMatch(/^\/sample\?from=\d+&interval=100&heartbeat=1000&count=\d+$/);
    }
  });

  it('that a network held up tells when things happened, not when they came', async () => {
    const agent = await startAgent();
    let heldMs = 0;
    const clock = {
      ...systemClock,
      wallMs: () => systemClock.wallMs() + heldMs,
      monotonicMs: () => systemClock.monotonicMs() + heldMs,
    };
    agent.nowMs = () => clock.wallMs();
    const { driver, words } = follow(agent, { mode: 'stream', heartbeat: 60_000 }, clock);
    await driver.poll();
    await expect.poll(() => agent.openStreams).toBe(1);
    const saidMs = clock.monotonicMs();
    agent.tell('ex', 'ACTIVE');
    // Written now, and on the way for twenty seconds; what follows it had been written meanwhile.
    const writtenMs = agent.nowMs();
    agent.nowMs = () => writtenMs;
    heldMs = 20_000;
    await expect.poll(() => words.at(-1)?.value).toBe('ACTIVE');
    expect(driver.tellsFromMs?.()).toBeLessThan(saidMs + 1000);
    agent.tell('ex', 'READY', new Date(writtenMs + 5000).toISOString());
    await expect.poll(() => words.at(-1)?.value).toBe('READY');
    // Some ms early it would be -0.
    expect(words.slice(-2).map(({ atMs }) => Math.round((atMs - saidMs) / 1000) + 0)).toEqual([0, 5]);
  });

  it('that falls silent for three heartbeats is opened anew, and nothing is lost', async () => {
    const agent = await startAgent();
    const { driver, of } = follow(agent, { mode: 'stream', heartbeat: 100, timeout: 300 });
    await driver.poll();
    await expect.poll(() => agent.openStreams).toBe(1);
    agent.silent = true;
    agent.tell('ex', 'ACTIVE');
    expect(await untilCode(driver)).toBe('timeout');
    agent.silent = false;
    const poll = await pollUntil(driver, () => true);
    expect(poll.healed).toBe(true);
    expect(of('control.execution')).toEqual([null, 'ACTIVE']);
  });

  it('that sends bytes which never become a document is as good as silent', async () => {
    const agent = await startAgent();
    const { driver, of } = follow(agent, { mode: 'stream', heartbeat: 100, timeout: 300 });
    await driver.poll();
    await expect.poll(() => agent.openStreams).toBe(1);
    agent.tell('w', '500');
    await expect.poll(async () => valueOf(await driver.poll(), 'supply.activePower')).toBe(500);
    agent.drips = true;
    agent.tell('ex', 'ACTIVE');
    agent.tell('w', '0');
    await pollUntil(driver, (poll) => valueOf(poll, 'supply.activePower') === 0);
    expect(of('control.execution')).toEqual([null, 'ACTIVE']);
  });

  it('that is cut and can be opened at once costs nothing', async () => {
    const agent = await startAgent();
    const { driver, of } = follow(agent, { mode: 'stream' });
    await driver.poll();
    agent.tell('ex', 'ACTIVE');
    agent.cut();
    agent.tell('ex', 'READY');
    const poll = await pollUntil(driver, () => of('control.execution').length === 3);
    expect(poll.healed).toBeUndefined();
    expect(of('control.execution')).toEqual([null, 'ACTIVE', 'READY']);
  });

  it('that begins only with the first thing to say is waited for beside the polls', async () => {
    const agent = await startAgent();
    agent.beginsLate = true;
    const { driver, of } = follow(agent, { mode: 'stream', heartbeat: 60_000, timeout: 300 });
    await driver.poll();
    await driver.poll();
    const asked = agent.requests.length;
    agent.tell('ex', 'ACTIVE');
    await expect.poll(() => of('control.execution')).toEqual([null, 'ACTIVE']);
    expect((await driver.poll()).healed).toBeUndefined();
    expect(agent.requests).toHaveLength(asked);
  });

  it('that never begins is asked for again', async () => {
    const agent = await startAgent();
    agent.beginsLate = true;
    const { driver, of } = follow(agent, { mode: 'stream', heartbeat: 100, timeout: 300 });
    await driver.poll();
    agent.silent = true;
    agent.tell('ex', 'ACTIVE');
    expect(await untilCode(driver)).toBe('timeout');
    agent.silent = false;
    await pollUntil(driver, () => of('control.execution').length === 2);
  });

  it('falls back to polling where the agent has none, with a remark', async () => {
    const agent = await startAgent();
    agent.multipart = 'never';
    const { driver, of } = follow(agent, { mode: 'stream' });
    await driver.poll();
    agent.tell('ex', 'ACTIVE');
    await driver.poll();
    expect(of('control.execution')).toEqual([null, 'ACTIVE']);
    expect(driver.remarks?.().join('\n')).toContain('is polled, because');
  });
});

describe('an agent whose streams do not begin', () => {
  it.each(['page', 'hang'] as const)(
    'is polled after three tries, and tried again in an hour: %s',
    async (how) => {
      const agent = await startAgent();
      agent.refusesStreams = how;
      let laterMs = 0;
      const real = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs };
      const { driver, of } = follow(
        agent,
        { mode: 'stream', heartbeat: 100, timeout: 100 },
        systemClock,
        real,
      );
      const tries = () => agent.requests.filter((path) => path.includes('interval')).length;
      await expect
        .poll(async () => (await driver.poll(), driver.remarks?.().join('\n')), { timeout: 5000 })
        .toContain('is polled, because its streams do not begin');
      expect(tries()).toBe(3);
      agent.tell('w', '7');
      agent.tell('ex', 'ACTIVE');
      expect(valueOf(await driver.poll(), 'supply.activePower')).toBe(7);
      expect(of('control.execution')).toEqual([null, 'ACTIVE']);
      expect(tries()).toBe(3);
      agent.refusesStreams = undefined;
      laterMs = 3_700_000;
      await driver.poll();
      await expect.poll(() => agent.openStreams).toBe(1);
      expect(driver.remarks?.()).toEqual([]);
    },
  );

  it('says of no gap that it was healed', async () => {
    const agent = await startAgent();
    const { driver, of } = follow(agent, { mode: 'stream' });
    agent.tell('ex', 'ACTIVE');
    await driver.poll();
    agent.restart();
    agent.refusesStreams = 'page';
    expect(await untilCode(driver)).toBe('restarted');
    for (let n = 0; n < 4; n++) {
      const poll = await driver.poll().catch((error: MillwattError) => error);
      expect(poll).not.toHaveProperty('healed');
    }
    expect(of('control.execution')).toEqual(['ACTIVE', null]);
  });

  it('holds no request that it does not wait for', async () => {
    const agent = await startAgent();
    agent.refusesStreams = 'hang';
    const { driver } = follow(agent, { mode: 'stream', heartbeat: 50, timeout: 60_000 });
    for (let n = 0; n < 10; n++) {
      // Three heartbeats of silence are the end of each.
      await driver.poll();
      await new Promise((resolve) => setTimeout(resolve, 170));
    }
    expect(await codeOf(driver.poll())).toBe('none');
    expect(agent.sockets).toBeLessThanOrEqual(2);
  });
});

describe('an agent that refuses to be asked for what it does not have yet', () => {
  it('is read without gaps', async () => {
    const agent = await startAgent();
    agent.refusesAhead = true;
    const { driver, of } = follow(agent);
    await driver.poll();
    await driver.poll();
    agent.tell('ex', 'ACTIVE');
    await driver.poll();
    await driver.poll();
    expect(of('control.execution')).toEqual([null, 'ACTIVE']);
  });
});

describe('an agent that refuses to tell so much at once', () => {
  it.each(['OUT_OF_RANGE', 'INVALID_REQUEST', 'QUERY_ERROR'])('is asked for less: %s', async (code) => {
    const agent = await startAgent(ITEMS, 5000);
    agent.refusesCount = { max: 500, code };
    const { driver, of } = follow(agent);
    await driver.poll();
    for (let n = 0; n < 1200; n++) agent.tell('ex', `W${n}`);
    await driver.poll();
    expect(of('control.execution')).toHaveLength(1201);
  });

  it('is asked for less where long answers do not come in time', async () => {
    const agent = await startAgent(ITEMS, 5000);
    agent.loses = 500;
    const { driver, of } = follow(agent, { timeout: 300 });
    await driver.poll();
    for (let n = 0; n < 1200; n++) agent.tell('ex', `W${n}`);
    expect(await codeOf(driver.poll())).toBe('timeout');
    expect((await driver.poll()).healed).toBe(true);
    expect(of('control.execution')).toHaveLength(1201);
  });

  it('whatever it is asked for is read as values of now, with a gap each time', async () => {
    const agent = await startAgent();
    agent.refusesCount = { max: 0, code: 'OUT_OF_RANGE' };
    const { driver, of } = follow(agent);
    agent.tell('ex', 'A');
    await driver.poll();
    agent.tell('ex', 'B');
    expect(await codeOf(driver.poll())).toBe('exception');
    const poll = await driver.poll();
    expect(poll.healed).toBeUndefined();
    expect(of('control.execution')).toEqual(['A', null, 'B']);
  });
});

describe('times', () => {
  const startMs = Date.parse('2026-01-05T08:00:00Z');

  async function steppedPair(prepare: (agent: ScriptedAgent) => void) {
    const clock = new SteppedClock(startMs);
    clock.stepTo(startMs + 3_600_000);
    const agent = await startAgent();
    agent.nowMs = () => clock.wallMs();
    prepare(agent);
    const followed = follow(agent, {}, clock);
    await followed.driver.poll();
    return { clock, agent, ...followed };
  }

  const execution = (words: StatusReport[]) =>
    words
      .filter(({ channel }) => channel === 'mill.control.execution')
      .map(({ atMs, value }) => [value, atMs / 1000]);

  it('tells what is old at the time of connecting', async () => {
    const { words } = await steppedPair((agent) =>
      agent.tell('ex', 'READY', new Date(startMs - 3 * 86_400_000).toISOString()),
    );
    expect(execution(words)).toEqual([['READY', 3600]]);
  });

  it('takes times as they are where the clocks agree', async () => {
    const { words, driver, clock, agent } = await steppedPair((one) => {
      one.clockOffsetMs = -1500;
    });
    clock.stepTo(startMs + 3_620_000);
    agent.tell('ex', 'ACTIVE', new Date(startMs + 3_610_000).toISOString());
    await driver.poll();
    expect(execution(words)).toEqual([
      [null, 3600],
      ['ACTIVE', 3610],
    ]);
    expect(driver.remarks?.()).toEqual([]);
  });

  it.each([
    ['ahead', 7_200_000, true],
    ['behind', -7_200_000, true],
    ['behind, and told in whole seconds', -7_200_000, false],
  ])('shifts the times of a clock that is two hours %s', async (_, offsetMs, fine) => {
    const { words, driver, clock, agent } = await steppedPair((one) => {
      one.clockOffsetMs = offsetMs;
      one.fineTime = fine;
    });
    clock.stepTo(startMs + 3_620_000);
    agent.tell('ex', 'ACTIVE', new Date(startMs + 3_610_000 + offsetMs).toISOString());
    await driver.poll();
    const at = Number(execution(words)[1]?.[1]);
    expect(Math.abs(at - 3610)).toBeLessThanOrEqual(fine ? 0.001 : 1);
    expect(driver.remarks?.()[0]).toMatch(/^The clock of the agent is 2 hours (behind|ahead of) ours/);
  });

  it.each([
    ['five hours behind', -18_000_000, true],
    ['two hours ahead', 7_200_000, true],
    ['right', 0, false],
    ['a minute late', -60_000, false],
  ])('of an adapter whose clock is %s heal no outage where they are wrong', async (_, skewMs, isWrong) => {
    const { driver, clock, agent, of } = await steppedPair(() => {});
    const tellAt = (second: number, word: string) => {
      clock.stepTo(startMs + second * 1000);
      agent.tell('ex', word, new Date(clock.wallMs() + skewMs).toISOString());
    };
    for (let n = 0; n < 10; n++) {
      tellAt(3610 + n * 10, `W${n}`);
      await driver.poll();
    }
    expect(driver.remarks?.().length).toBe(isWrong ? 1 : 0);
    await agent.stop();
    clock.stepTo(startMs + 3_720_000);
    expect(await codeOf(driver.poll())).toMatch(/^(refused|closed)$/);
    tellAt(3750, 'ACTIVE');
    tellAt(3800, 'READY');
    await agent.start();
    const poll = await pollUntil(driver, () => true);
    expect(poll.healed).toBe(isWrong ? undefined : true);
    expect(of('control.execution').slice(-2)).toEqual(['ACTIVE', 'READY']);
    // Set right, it is trusted again.
    for (let n = 0; n < 10; n++) {
      clock.stepTo(startMs + 3_810_000 + n * 10_000);
      agent.tell('ex', `V${n}`);
      await driver.poll();
    }
    expect(driver.remarks?.()).toEqual([]);
  });

  it('never run backwards, and the sequence is the truth', async () => {
    const { words, driver, clock, agent } = await steppedPair(() => {});
    const at = (second: number) => new Date(startMs + second * 1000).toISOString();
    clock.stepTo(startMs + 3_660_000);
    agent.tell('ex', 'ACTIVE', at(3630));
    agent.tell('ex', 'FEED_HOLD', at(3620));
    agent.tell('ex', 'ACTIVE', at(3640));
    agent.tell('ex', 'STOPPED', at(9999));
    agent.tell('ex', 'READY', 'not a time');
    await driver.poll();
    clock.stepTo(startMs + 3_720_000);
    agent.tell('ex', 'ACTIVE', at(10));
    await driver.poll();
    expect(execution(words)).toEqual([
      [null, 3600],
      ['ACTIVE', 3630],
      ['FEED_HOLD', 3630],
      ['ACTIVE', 3640],
      ['STOPPED', 3660],
      ['READY', 3660],
      // Older than what was told already: it happened after that all the same.
      ['ACTIVE', 3660],
    ]);
  });

  it('tells every word again after an outage that is too long to be told', async () => {
    const { words, driver, clock, agent } = await steppedPair((one) => one.tell('ex', 'READY'));
    await agent.stop();
    clock.stepTo(startMs + 3_605_000);
    expect(await codeOf(driver.poll())).toMatch(/^(refused|closed)$/);
    clock.stepTo(startMs + 7_200_000);
    await agent.start();
    await pollUntil(driver, () => true);
    // Whoever forgot it while nobody knew would never hear of it otherwise.
    expect(execution(words)).toEqual([
      ['READY', 3600],
      ['READY', 7200],
    ]);
  });

  it('of an outage that is too long to be told are not: only its end is', async () => {
    const { words, driver, clock, agent } = await steppedPair(() => {});
    await agent.stop();
    clock.stepTo(startMs + 3_605_000);
    expect(await codeOf(driver.poll())).toMatch(/^(refused|closed)$/);
    expect(driver.tellsFromMs?.()).toBe(3_599_000);
    clock.stepTo(startMs + 3_700_000);
    agent.tell('ex', 'ACTIVE');
    clock.stepTo(startMs + 7_200_000);
    agent.tell('ex', 'READY');
    expect(driver.tellsFromMs?.()).toBeUndefined();
    await agent.start();
    const asked = agent.requests.length;
    const poll = await pollUntil(driver, () => true);
    expect(poll.healed).toBeUndefined();
    expect(execution(words)).toEqual([
      [null, 3600],
      ['READY', 7200],
    ]);
    // Hours of observations are not fetched for one word each.
    expect(agent.requests.slice(asked)).toEqual(['/probe', '/current']);
  });
});

describe('what an agent may answer', () => {
  it.each([
    ['a page', { status: 200, body: '<html><body><br></body></html>', type: 'text/html' }, 'bad-frame'],
    ['half a document', { status: 200, body: '<MTConnectDevices><Header/>' }, 'bad-frame'],
    ['nothing', { status: 200, body: '' }, 'bad-frame'],
    ['an entity bomb', { status: 200, body: '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' }, 'bad-frame'],
    ['an HTTP error', { status: 503, body: 'busy' }, 'exception'],
    ['another host', { status: 302, body: '', location: 'http://192.0.2.1/probe' }, 'bad-frame'],
    [
      'an error of its own',
      {
        status: 404,
        body: '<MTConnectError><Errors><Error errorCode="NO_DEVICE">x</Error></Errors></MTConnectError>',
      },
      'no-device',
    ],
  ])('%s is an error of its own kind, and the next poll works', async (_, instead, code) => {
    const agent = await startAgent();
    const { driver } = follow(agent);
    agent.instead = instead;
    expect(await codeOf(driver.poll())).toBe(code);
    expect((await driver.poll()).readings).toHaveLength(3);
  });

  it('values of now that leave an item out: it has no word, not even UNAVAILABLE', async () => {
    const agent = await startAgent();
    const { driver, of } = follow(agent);
    agent.currentLeavesOut = 'av';
    agent.tell('ex', 'READY');
    await driver.poll();
    expect(of('control.availability')).toEqual([null]);
    expect(of('control.execution')).toEqual(['READY']);
  });

  it('a redirection within the same host is followed', async () => {
    const agent = await startAgent();
    const { driver } = follow(agent);
    agent.instead = { status: 302, body: '', location: '/probe' };
    expect((await driver.poll()).readings).toHaveLength(3);
  });

  it('several devices are listed, and one is chosen by name or uuid', async () => {
    const agent = await startAgent();
    agent.devices = agent
      .probe()
      .replace(
        '</Devices>',
        '<Device id="d2" name="Other" uuid="u2"/><Agent id="a" name="Agent" uuid="ag"/></Devices>',
      );
    const { driver } = follow(agent);
    await expect(driver.poll()).rejects.toThrow(/several devices: Mill, Other\./);
    const chosen = follow(agent, { device: 'mill-uuid' });
    await chosen.driver.poll();
    expect(agent.requests.at(-1)).toBe('/Mill/current');
    await expect(follow(agent, { device: 'Third' }).driver.poll()).rejects.toThrow(
      /no device Third, but Mill, Other/,
    );
  });

  it('two devices of one name are asked for by uuid', async () => {
    const agent = await startAgent();
    agent.devices = agent.probe().replace('</Devices>', '<Device id="d2" name="Mill" uuid="u2"/></Devices>');
    const { driver } = follow(agent, { device: 'mill-uuid' });
    await driver.poll();
    expect(agent.requests.at(-1)).toBe('/mill-uuid/current');
  });

  it('nothing within the deadline', async () => {
    const agent = await startAgent();
    agent.silent = true;
    expect(await codeOf(follow(agent, { timeout: 100 }).driver.poll())).toBe('timeout');
  });

  it('after it was closed: no more', async () => {
    const agent = await startAgent();
    const { driver } = follow(agent, { mode: 'stream' });
    await driver.poll();
    await driver.close();
    expect(await codeOf(driver.poll())).toBe('closed');
    await expect.poll(() => agent.openStreams).toBe(0);
  });
});

import { afterEach, describe, expect, test } from 'vitest';
import { SteppedClock } from '../../../protocols/clock.ts';
import {
  startMtconnectAgent,
  type MtconnectAgent,
  type MtconnectAgentOptions,
} from '../../../protocols/simulator/mtconnect-agent.ts';
import { replayLog } from '../../../protocols/simulator/mtconnect-content.ts';
import { readDevices } from '../../../protocols/simulator/mtconnect-devices.ts';
import { readRecordedLog } from '../../../protocols/simulator/mtconnect-log.ts';

const DEVICES = `<?xml version="1.0"?>
<MTConnectDevices xmlns="urn:mtconnect.org:MTConnectDevices:1.3">
 <Header creationTime="2015-08-28T10:56:27Z" sender="x" instanceId="1" version="1.3" bufferSize="8"/>
 <Devices>
  <!-- <Device name="gone" uuid="gone" id="gone"/> -->
  <Device id="m" name="Mill" uuid="u-1"><DataItems><DataItem category="EVENT" id="m1" name="avail" type="AVAILABILITY"/></DataItems>
   <Components><Controller id="c" name="ctrl"><DataItems>
    <DataItem category="EVENT" id="m2" name="execution" type="EXECUTION"/>
    <DataItem category="EVENT" id="m3" name="block" type="x:BLOCK"><Source>blk</Source></DataItem>
    <DataItem category="SAMPLE" id="m4" name="auto_time" subType="x:AUTO" type="ACCUMULATED_TIME" units="SECOND"/>
    <DataItem category="CONDITION" id="m5" name="servo" type="ACTUATOR"/>
    <DataItem category="EVENT" id="m6" name="vars" type="VARIABLE" representation="DATA_SET"/>
    <DataItem category="EVENT" id="m7" name="msg" type="MESSAGE"/>
   </DataItems></Controller></Components></Device>
  <Device id="o" name="Other" uuid="u-2"><DataItems><DataItem category="EVENT" id="o1" name="avail" type="AVAILABILITY"/></DataItems></Device>
 </Devices>
</MTConnectDevices>`;
const LOG = `2026-01-01T00:00:00.000000Z|avail|AVAILABLE
2026-03-02T06:00:00.100Z|execution|READY|auto_time|100
2026-03-02T06:00:10.500000Z|execution|ACTIVE
2026-03-02T06:00:10.200Z|auto_time|101
2026-03-02T06:00:11Z|servo|FAULT|12|high|LOW|<hot> & "loud"
2026-03-02T06:00:11Z|@ASSET@|1|CuttingTool|--multiline--X
<CuttingTool/>|execution|STOPPED
--multiline--X
2026-03-02T06:00:12Z|servo|WARNING|13|||
2026-03-02T06:00:13Z|servo|NORMAL|12|||
2026-03-02T06:00:14Z|blk|N10 <a>&'b'\u0001
2026-03-02T06:00:14Z|vars|a=1 b=x
2026-03-02T06:00:14Z|unknown|1
2026-03-02T06:00:15Z|auto_time|UNAVAILABLE
2026-03-02T06:00:16Z|msg|E7|low oil
2026-03-02T06:00:20Z|Mill:execution|READY
`;
const START_MS = Date.parse('2026-03-02T06:00:05Z');

const open: MtconnectAgent[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(options: Partial<MtconnectAgentOptions> = {}) {
  const clock = new SteppedClock(START_MS);
  const model = readDevices(DEVICES);
  const content = replayLog(model, readRecordedLog(LOG, model, 'Mill'));
  const agent = await startMtconnectAgent({ content, clock, port: 0, ...options });
  open.push(agent);
  const get = async (path: string) => {
    const response = await fetch(`${agent.url}${path}`);
    return { status: response.status, text: await response.text() };
  };
  return { agent, clock, get };
}

const sequencesOf = (text: string) => [...text.matchAll(/ sequence="(\d+)"/gu)].map(([, n]) => Number(n));
const numberOf = (text: string, name: string) => Number(new RegExp(` ${name}="(\\d+)"`, 'u').exec(text)?.[1]);
const bodiesOf = (text: string) =>
  [...text.matchAll(/<(?:\w+:)?(\w+) dataItemId="(\w+)"[^>]*?(?:\/>|>(.*?)<\/(?:\w+:)?\1>)/gu)].map(
    ([, element, id, body = '']) => `${id} ${element} ${body}`,
  );

describe('a simulated MTConnect agent', () => {
  test('shows the devices it was given, all or one', async () => {
    const { get } = await start();
    const all = await get('/probe');
    expect(all.text).toContain('name="Mill"');
    expect(all.text).toContain('name="Other"');
    expect(all.text).not.toContain('name="gone"');
    expect(all.text).toContain('bufferSize="131072"');
    expect(all.text).toContain('xmlns="urn:mtconnect.org:MTConnectDevices:1.3" xmlns:x=');
    const one = await get('/u-2/probe');
    expect(one.text).not.toContain('name="Mill"');
    expect((await get('/')).text.match(/<Device /gu)).toHaveLength(2);
    expect((await get('/Mill')).text.match(/<Device /gu)).toHaveLength(1);
  });

  test('begins with what the log told before, and UNAVAILABLE for the rest', async () => {
    const { get } = await start();
    const { text } = await get('/current');
    expect(bodiesOf(text)).toEqual(
      [
        'm1 Availability AVAILABLE',
        'm4 AccumulatedTime 100',
        'm2 Execution READY',
        'm3 Block UNAVAILABLE',
        'm6 Variable UNAVAILABLE',
        'm7 Message UNAVAILABLE',
        'm5 Unavailable ',
        'o1 Availability UNAVAILABLE',
      ].map((line) => line.replace('m6 Variable ', 'm6 VariableDataSet ')),
    );
    expect(text).toContain('timestamp="2026-01-01T00:00:00.000000Z"');
    expect(text).toContain('<DeviceStream name="Mill" uuid="u-1">');
    expect(text).toContain('<ComponentStream component="Controller" name="ctrl" componentId="c">');
    expect(numberOf(text, 'nextSequence')).toBe(9);
    expect(bodiesOf((await get('/Other/current')).text)).toEqual(['o1 Availability UNAVAILABLE']);
  });

  test('tells lines when the clock reaches them, older ones behind the line above them', async () => {
    const { get, clock } = await start();
    const next = numberOf((await get('/current')).text, 'nextSequence');
    clock.stepTo(Date.parse('2026-03-02T06:00:10.400Z'));
    expect(sequencesOf((await get(`/sample?from=${next}`)).text)).toEqual([]);
    clock.stepTo(Date.parse('2026-03-02T06:00:10.500Z'));
    const { text } = await get(`/sample?from=${next}`);
    expect(text).toMatch(/timestamp="2026-03-02T06:00:10\.500000Z" name="execution" sequence="9"/u);
    expect(text).toMatch(/timestamp="2026-03-02T06:00:10\.200Z" name="auto_time" sequence="10"/u);
    expect(numberOf(text, 'nextSequence')).toBe(11);
    clock.stepTo(Date.parse('2026-03-02T06:00:30Z'));
    const rest = await get(`/Mill/sample?from=${next}&count=100`);
    expect(sequencesOf(rest.text).sort((a, b) => a - b)).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
    expect(rest.text).toContain('>N10 &lt;a&gt;&amp;&apos;b&apos;?</x:Block>');
    expect(rest.text).toContain(
      'count="2"><Entry key="a">1</Entry><Entry key="b">x</Entry></VariableDataSet>',
    );
    expect(rest.text).toContain(
      'nativeCode="12" nativeSeverity="high" qualifier="LOW">&lt;hot&gt; &amp; &quot;loud&quot;</Fault>',
    );
    expect(rest.text).toContain('nativeCode="E7">low oil</Message>');
    const two = await get(`/sample?from=${next}&count=2`);
    expect(numberOf(two.text, 'nextSequence')).toBe(11);
    const { text: now } = await get('/current');
    // The fault 12 has ended, the warning 13 has not.
    expect(bodiesOf(now).filter((line) => line.startsWith('m5'))).toEqual(['m5 Warning ']);
    expect(bodiesOf(now)).toContain('m4 AccumulatedTime UNAVAILABLE');
  });

  test('answers what it cannot answer with an error document', async () => {
    const { get, clock } = await start({ bufferSize: 4 });
    clock.stepTo(Date.parse('2026-03-02T06:00:30Z'));
    const { text } = await get('/current');
    expect(numberOf(text, 'lastSequence') - numberOf(text, 'firstSequence')).toBe(3);
    const cases = [
      ['/sample?from=1', 404, 'OUT_OF_RANGE'],
      ['/sample?from=1000', 404, 'OUT_OF_RANGE'],
      ['/sample?count=5', 404, 'OUT_OF_RANGE'],
      ['/sample?count=0', 404, 'OUT_OF_RANGE'],
      ['/sample?from=x', 400, 'INVALID_REQUEST'],
      ['/a/b/c', 400, 'INVALID_REQUEST'],
      ['/%E0%A4%A/current', 400, 'INVALID_REQUEST'],
      ['/Lathe/current', 404, 'NO_DEVICE'],
      ['/current?path=//Axes', 400, 'UNSUPPORTED'],
    ] as const;
    for (const [path, status, code] of cases) {
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.text).toContain(`errorCode="${code}"`);
      expect(answer.text).toContain('<MTConnectError ');
    }
    const older = await start({ errors: 'older' });
    expect((await older.get('/Lathe/current')).status).toBe(200);
  });

  test('streams parts as observations come, and heartbeats when none do', async () => {
    const { agent, clock, get } = await start();
    const next = numberOf((await get('/current')).text, 'nextSequence');
    const stream = await readStream(`${agent.url}/Mill/sample?from=${next}&interval=0&heartbeat=40`);
    await stream.until((parts) => parts.length >= 2);
    expect(stream.parts.flatMap(sequencesOf)).toEqual([]);
    expect(numberOf(stream.parts[0]!, 'nextSequence')).toBe(next);
    clock.stepTo(Date.parse('2026-03-02T06:00:30Z'));
    await stream.until((parts) => parts.flatMap(sequencesOf).length >= 10);
    expect(stream.parts.flatMap(sequencesOf).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 10 }, (_, index) => 9 + index),
    );
    expect(agent.streamCount()).toBe(1);
    agent.dropConnections();
    await stream.ended;
    await expect.poll(() => agent.streamCount()).toBe(0);
  });

  test('cuts a stream whose reader needs what the buffer forgot', async () => {
    const { agent, clock, get } = await start({ bufferSize: 4 });
    const next = numberOf((await get('/current')).text, 'nextSequence');
    const stream = await readStream(`${agent.url}/sample?from=${next}&interval=0&count=2`);
    await stream.until((parts) => parts.length >= 1);
    clock.stepTo(Date.parse('2026-03-02T06:00:30Z'));
    await stream.ended;
    expect(stream.parts.flatMap(sequencesOf)).toEqual([]);
  });

  test('starts again under another instance id with what is in force', async () => {
    const { agent, clock, get } = await start();
    const before = (await get('/current')).text;
    clock.stepTo(Date.parse('2026-03-02T06:00:12.500Z'));
    agent.restart();
    const after = (await get('/current')).text;
    expect(numberOf(after, 'instanceId')).toBeGreaterThan(numberOf(before, 'instanceId'));
    expect(numberOf(after, 'firstSequence')).toBe(1);
    expect(bodiesOf(after)).toContain('m2 Execution ACTIVE');
    expect(bodiesOf(after).filter((line) => line.startsWith('m5'))).toHaveLength(2);
    expect((await get('/sample')).text).not.toContain('READY');
  });

  test('says nothing while it is silent', async () => {
    const { agent, get } = await start();
    const stream = await readStream(`${agent.url}/sample?interval=0&heartbeat=20`);
    await stream.until((parts) => parts.length >= 1);
    agent.silence(true);
    const asked = fetch(`${agent.url}/current`, { signal: AbortSignal.timeout(150) });
    await expect(asked).rejects.toThrow(/timeout/u);
    const heard = stream.parts.length;
    agent.silence(false);
    expect((await get('/current')).status).toBe(200);
    await stream.until((parts) => parts.length > heard);
  });
});

/** Reads the parts of a stream by their lengths. */
async function readStream(url: string) {
  const response = await fetch(url);
  expect(response.headers.get('content-type')).toMatch(/^multipart\/x-mixed-replace;boundary=/u);
  const parts: string[] = [];
  let rest = Buffer.alloc(0);
  const ended = (async () => {
    try {
      for await (const chunk of response.body!) {
        rest = Buffer.concat([rest, chunk]);
        for (;;) {
          const head = rest.indexOf('\r\n\r\n');
          const length = Number(/Content-length: (\d+)/u.exec(rest.subarray(0, head).toString())?.[1]);
          if (head < 0 || rest.length < head + 6 + length) break;
          parts.push(rest.subarray(head + 4, head + 4 + length).toString());
          rest = rest.subarray(head + 6 + length);
        }
      }
    } catch {
      // Cut by the agent.
    }
  })();
  return {
    parts,
    ended,
    until: (done: (parts: readonly string[]) => boolean) =>
      expect.poll(() => done(parts), { timeout: 5000 }).toBe(true),
  };
}

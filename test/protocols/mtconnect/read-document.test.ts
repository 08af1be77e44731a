import { describe, expect, it } from 'vitest';
import { createDocumentReader } from '../../../protocols/mtconnect/read-document.ts';

function read(text: string, cut = text.length) {
  const reader = createDocumentReader('agent');
  for (let at = 0; at < text.length; at += cut) reader.write(text.slice(at, at + cut));
  return reader.end();
}

const streams = (root: string, body: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><?xml-stylesheet type="text/xsl" href="/styles/Streams.xsl"?>
${root}<Header creationTime="2026-01-05T08:00:00Z" sender="a" instanceId="1767600000" version="2.3.0.10"
 bufferSize="131072" firstSequence="1" lastSequence="42" nextSequence="43" deviceModelChangeTime="2026-01-05T07:59:58.123456Z"/>
<Streams><DeviceStream name="M" uuid="u"><ComponentStream component="Path" componentId="p">${body}</ComponentStream></DeviceStream></Streams>`;

describe('a document of an agent', () => {
  it.each([
    [
      '1.1, with a prefix',
      '<m:MTConnectStreams xmlns:m="urn:mtconnect.org:MTConnectStreams:1.1">',
      '</m:MTConnectStreams>',
    ],
    ['1.3', '<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:1.3">', '</MTConnectStreams>'],
    ['2.7', '<MTConnectStreams xmlns="urn:mtconnect.org:MTConnectStreams:2.7">', '</MTConnectStreams>'],
    ['no version, with a prefix of nobody', '<q:MTConnectStreams>', '</q:MTConnectStreams>'],
  ])('of version %s is read by local names, wherever it is cut', (_, root, end) => {
    const text =
      streams(
        root,
        `<Samples><Wattage dataItemId="w" sequence="40" timestamp="2026-01-05T07:59:59.123456Z"> 12.5 </Wattage>
         <x:Custom dataItemId="c" sequence="41" timestamp="2026-01-05T07:59:59">UNAVAILABLE</x:Custom></Samples>
         <Events><Program dataItemId="p" sequence="42" timestamp="2026-01-05T09:00:00+01:00">A &amp; B &#228;<![CDATA[<c>]]></Program>
         <VariableDataSet dataItemId="v" sequence="43" timestamp="x" count="1"><Entry key="a">1</Entry></VariableDataSet>
         <NoId sequence="44"/><NoSequence dataItemId="n"/></Events>
         <Condition><Fault dataItemId="f" sequence="45" timestamp="2026-01-05T08:00:00Z" nativeCode="404" nativeSeverity="9" qualifier="HIGH" type="SYSTEM">No oil</Fault>
         <Unavailable dataItemId="g" sequence="46" timestamp="2026-01-05T08:00:00Z" type="SYSTEM"/></Condition>`,
      ) + end;
    for (const cut of [text.length, 1, 7]) {
      const document = read(text, cut);
      expect(document).toMatchObject({
        kind: 'streams',
        header: {
          instanceId: '1767600000',
          creationMs: Date.parse('2026-01-05T08:00:00Z'),
          creationResolutionMs: 1000,
          firstSequence: 1,
          lastSequence: 42,
          nextSequence: 43,
          bufferSize: 131_072,
          modelChange: '2026-01-05T07:59:58.123456Z',
        },
      });
      expect(document.kind === 'streams' && document.observations).toEqual([
        { item: 'w', sequence: 40, timestampMs: Date.parse('2026-01-05T07:59:59.123Z'), value: '12.5' },
        { item: 'c', sequence: 41, timestampMs: Date.parse('2026-01-05T07:59:59Z'), value: null },
        {
          item: 'p',
          sequence: 42,
          timestampMs: Date.parse('2026-01-05T08:00:00Z'),
          value: 'A & B \u00e4<c>',
        },
        { item: 'v', sequence: 43, timestampMs: undefined, value: '' },
        {
          item: 'f',
          sequence: 45,
          timestampMs: Date.parse('2026-01-05T08:00:00Z'),
          value: 'No oil',
          condition: { level: 'Fault', code: '404', severity: '9', qualifier: 'HIGH' },
        },
        {
          item: 'g',
          sequence: 46,
          timestampMs: Date.parse('2026-01-05T08:00:00Z'),
          value: null,
          condition: { level: 'Unavailable', code: '', severity: undefined, qualifier: undefined },
        },
      ]);
    }
  });

  it('of devices tells components and items, and passes over geometry', () => {
    const document =
      read(`<MTConnectDevices><Header instanceId="1" version="2.0" creationTime="2026-01-05T08:00:00.5Z"/><Devices>
      <Agent id="a" name="Agent" uuid="agent"><DataItems><DataItem id="aa" category="EVENT" type="AVAILABILITY"/></DataItems></Agent>
      <Device id="d" name="M" uuid="u"><Description manufacturer="Acme" serialNumber="7">text</Description>
      <Configuration><Specifications><Specification id="s" type="LOAD" units="PERCENT"/></Specifications></Configuration>
      <DataItems><DataItem id="e" category="SAMPLE" type="ELECTRICAL_ENERGY" units="WATT_SECOND" nativeUnits="KILOWATT_HOUR"><ResetTrigger>DAY</ResetTrigger></DataItem>
      <DataItem category="EVENT" type="NO_ID"/></DataItems>
      <Components><Axes id="ax"><Description manufacturer="Other"/><Components><Rotary id="c" name="S1" nativeName="S">
      <Compositions><Composition id="m1" type="MOTOR"/></Compositions>
      <DataItems><DataItem id="t" name="temp" category="SAMPLE" type="TEMPERATURE" units="CELSIUS" compositionId="m1"><Source>S:t</Source></DataItem></DataItems>
      </Rotary></Components></Axes></Components></Device></Devices></MTConnectDevices>`);
    if (document.kind !== 'devices') throw new Error(document.kind);
    expect(document.header.creationResolutionMs).toBe(1);
    expect(document.devices.map(({ name, isAgent }) => [name, isAgent])).toEqual([
      ['Agent', true],
      ['M', false],
    ]);
    const [, device] = document.devices;
    expect(device).toMatchObject({ manufacturer: 'Acme', serial: '7', uuid: 'u' });
    expect(device?.items).toMatchObject([
      {
        id: 'e',
        isReset: true,
        units: 'WATT_SECOND',
        nativeUnits: 'KILOWATT_HOUR',
        path: [{ kind: 'Device' }],
      },
      {
        id: 't',
        composition: 'MOTOR',
        isReset: false,
        path: [{ kind: 'Device' }, { kind: 'Axes' }, { kind: 'Rotary', name: 'S1' }],
      },
    ]);
  });

  it.each([
    ['1.1', '<MTConnectError><Header/><Error errorCode="OUT_OF_RANGE">late</Error></MTConnectError>'],
    [
      '1.3',
      '<MTConnectError><Header/><Errors><Error errorCode="OUT_OF_RANGE">late</Error></Errors></MTConnectError>',
    ],
    [
      '2.6',
      '<MTConnectError><Header/><Errors><OutOfRange errorCode="OUT_OF_RANGE"><URI>/x</URI><ErrorMessage>late</ErrorMessage></OutOfRange></Errors></MTConnectError>',
    ],
  ])('of an error of version %s tells its code and words', (_, text) => {
    expect(read(text)).toMatchObject({ kind: 'error', errors: [{ code: 'OUT_OF_RANGE', text: 'late' }] });
  });

  it('tells errors and names without what a terminal would obey, and no half characters', () => {
    expect(
      read(
        '<MTConnectError><Errors><Error errorCode="X\u009b2J">a\u001b[2J\u009b31mb\u2028c</Error></Errors></MTConnectError>',
      ),
    ).toMatchObject({ errors: [{ code: 'X 2J', text: 'a [2J 31mb c' }] });
    const long = `${'x'.repeat(65_535)}\u{1f680}`;
    const document = read(
      `<MTConnectStreams><Streams><Events><Program dataItemId="p" sequence="1">${long}</Program></Events></Streams></MTConnectStreams>`,
    );
    expect(document).toMatchObject({ observations: [{ value: `${'x'.repeat(65_535)}\ufffd` }] });
  });

  const deep = `<MTConnectStreams>${'<a>'.repeat(100)}`;
  it.each([
    ['a document type', '<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd"><MTConnectStreams/>'],
    ['entities of its own', '<!DOCTYPE x [<!ENTITY lol "lol">]><MTConnectStreams>&lol;</MTConnectStreams>'],
    ['entities of HTML', '<MTConnectStreams>&nbsp;</MTConnectStreams>'],
    ['endless nesting', deep],
    [
      'far too many attributes',
      `<MTConnectStreams ${Array.from({ length: 100 }, (_, n) => `a${n}="x"`).join(' ')}/>`,
    ],
    ['an attribute without end', `<MTConnectStreams a="${'x'.repeat(200_000)}`],
    ['a document that is cut', '<MTConnectStreams><Header/>'],
    ['two roots', '<MTConnectStreams/><MTConnectStreams/>'],
    ['a page', '<html><head><meta></head></html>'],
    ['text', 'Service Unavailable'],
    ['JSON', '{"MTConnectStreams":{}}'],
    ['nothing', ''],
    ['blank space', '  \n '],
  ])('is refused where it is %s', (_, text) => {
    expect(() => read(text, 4096)).toThrow(expect.objectContaining({ remedy: 'retry', code: 'bad-frame' }));
  });

  it.each([
    [
      'items',
      'MTConnectDevices',
      '<Devices><Device id="d"><DataItems>',
      '<DataItem id="a" category="EVENT"/>',
    ],
    ['observations', 'MTConnectStreams', '<Streams><Events>', '<E dataItemId="a" sequence="1"/>'],
    ['errors', 'MTConnectError', '<Errors>', '<Error errorCode="X"/>'],
  ])('of a million %s is refused', (_, root, before, entry) => {
    const reader = createDocumentReader('agent');
    reader.write(`<${root}>${before}`);
    const piece = entry.repeat(10_000);
    expect(() => {
      for (let n = 0; n < 100; n++) reader.write(piece);
    }).toThrow(/far more than any machine has/);
  });

  it('without end is refused after 64 Mi characters', () => {
    const reader = createDocumentReader('agent');
    reader.write('<MTConnectStreams>');
    const piece = `<!--${' '.repeat(2 ** 20)}-->`;
    expect(() => {
      for (let n = 0; n < 65; n++) reader.write(piece);
    }).toThrow(/without end/);
  });
});

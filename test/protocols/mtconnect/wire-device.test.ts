import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Device } from '../../../protocols/mtconnect/mtconnect-document.ts';
import type { MtconnectItemOptions } from '../../../protocols/mtconnect/mtconnect-options.ts';
import { createDocumentReader } from '../../../protocols/mtconnect/read-document.ts';
import { wireDevice } from '../../../protocols/mtconnect/wire-device.ts';
import { encodeSnapshot, decodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import { QUANTITIES, type Quantity } from '../../../protocols/telemetry/quantity.ts';
import { sharedFile } from '../../support/shared-files.ts';

function readDevices(text: string): Device[] {
  const reader = createDocumentReader('agent');
  reader.write(text);
  const document = reader.end();
  if (document.kind !== 'devices') throw new Error(document.kind);
  return document.devices;
}

function deviceOf(body: string): Device {
  const [device] = readDevices(
    `<MTConnectDevices><Header/><Devices><Device id="d" name="M" uuid="u">${body}</Device></Devices></MTConnectDevices>`,
  );
  if (device === undefined) throw new Error('no device');
  return device;
}

const SAMPLE = (id: string, type: string, more = '') =>
  `<DataItem id="${id}" category="SAMPLE" type="${type}" ${more}/>`;
const EVENT = (id: string, type: string, more = '') =>
  `<DataItem id="${id}" category="EVENT" type="${type}" ${more}/>`;
const items = (...all: string[]) => `<DataItems>${all.join('')}</DataItems>`;
const components = (...all: string[]) => `<Components>${all.join('')}</Components>`;
const axes = (...all: string[]) => components(`<Axes id="axes">${components(...all)}</Axes>`);

function wire(body: string, told: (Partial<MtconnectItemOptions> & { item: string })[] = []) {
  const wiring = wireDevice(deviceOf(body), {
    id: 's',
    machine: 'm',
    component: 'control',
    items: told.map((one) => ({ skip: false, phase: 'total', ...one })),
  });
  return { ...wiring, ids: wiring.wired.map(({ channel }) => channel.id) };
}

function scaleOf(type: string, units: string): string | undefined {
  const [first] = wire(items(SAMPLE('x', type, `units="${units}"`))).wired;
  return first?.channel.kind === 'measured' ? first.channel.scale.join('/') : undefined;
}

describe('units', () => {
  it.each([
    ['WATTAGE', 'WATT', '1/1'],
    ['WATTAGE', 'KILOWATT', '1000/1'],
    ['ELECTRICAL_ENERGY', 'WATT_SECOND', '1/3600'],
    ['ELECTRICAL_ENERGY', 'KILOWATT_HOUR', '1000/1'],
    ['ELECTRICAL_ENERGY', 'JOULE', '1/3600'],
    ['POWER_FACTOR', 'PERCENT', '1/100'],
    ['LOAD', 'PERCENT', '1/1'],
    ['LOAD', 'NEWTON', undefined],
    ['TEMPERATURE', 'CELSIUS', '1/1'],
    ['TEMPERATURE', 'FAHRENHEIT', undefined],
    ['ROTARY_VELOCITY', 'REVOLUTION/MINUTE', '1/1'],
    ['ROTARY_VELOCITY', 'PERCENT', undefined],
    ['VOLTAGE_AC', 'VOLT', '1/1'],
    ['AMPERAGE_DC', 'AMPERE', '1/1'],
    ['FREQUENCY', 'HERTZ', '1/1'],
    ['TORQUE', 'NEWTON_METER', '1/1'],
    ['VOLT_AMPERE_REACTIVE', 'VOLT_AMPERE_REACTIVE', '1/1'],
    ['WATTAGE', 'constructor', undefined],
  ])('%s in %s', (type, units, scale) => {
    expect(scaleOf(type, units)).toBe(scale);
  });

  it('are never taken from the type, nor from what the control has inside', () => {
    const { ids, remarks, unitless } = wire(
      items(SAMPLE('w', 'WATTAGE', 'name="pwr" nativeUnits="KILOWATT"')),
    );
    expect(ids).toEqual([]);
    expect(unitless).toMatchObject([{ item: { id: 'w' }, quantity: 'activePower', component: 'supply' }]);
    expect(remarks[0]).toBe(
      'pwr (WATTAGE of Device M) has no unit: write {item: pwr, unit: ...} under items, with W or kW or MW, once you know it.',
    );
    expect(wire(items(SAMPLE('w', 'WATTAGE')), [{ item: 'w', unit: 'kW' }]).wired).toMatchObject([
      { channel: { id: 'm.supply.activePower', scale: ['1000', '1'] } },
    ]);
  });
});

describe('components', () => {
  it('are named after the tree', () => {
    const load = (id: string) => items(SAMPLE(id, 'LOAD', 'units="PERCENT"'));
    const { ids } = wire(
      items(SAMPLE('w', 'WATTAGE', 'units="WATT"'), SAMPLE('t', 'TEMPERATURE', 'units="CELSIUS"')) +
        components(
          `<Axes id="axes">${components(
            `<Linear id="x" name="X">${load('xl')}${components(`<Motor id="xm">${load('xml')}</Motor>`)}</Linear>`,
            `<Rotary id="b" name="B">${load('bl')}</Rotary>`,
            `<Rotary id="c" name="C">${items(SAMPLE('cl', 'LOAD', 'units="PERCENT"'), SAMPLE('cr', 'SPINDLE_SPEED', 'units="REVOLUTION/MINUTE"'))}</Rotary>`,
            `<Rotary id="s2" name="S2">${load('s2l')}</Rotary>`,
          )}</Axes>`,
          `<Systems id="sys">${components(
            `<Electric id="e">${items(SAMPLE('ew', 'WATTAGE', 'units="WATT"'))}</Electric>`,
            `<Hydraulic id="h">${load('hl')}</Hydraulic>`,
            `<Pneumatic id="p1">${load('pl')}</Pneumatic><Pneumatic id="p2">${load('pl2')}</Pneumatic>`,
          )}</Systems>`,
        ),
    );
    expect(ids).toEqual([
      'm.supply.activePower',
      'm.control.temperature',
      'm.axis-x.load',
      'm.axis-x-motor.load',
      'm.axis-b.load',
      'm.spindle.load',
      'm.spindle.rotationalSpeed',
      'm.spindle-2.load',
      'm.electric.activePower',
      'm.hydraulics.load',
      'm.compressedAir.load',
      'm.compressedAir-2.load',
    ]);
  });

  it('asks whether the electric system is the whole machine, and never says so by itself', () => {
    const body = components(
      `<Systems id="s">${components(`<Electric id="e">${items(SAMPLE('w', 'WATTAGE', 'units="WATT"'))}</Electric>`)}</Systems>`,
    );
    expect(wire(body).remarks[0]).toContain('component: supply');
    const { ids, remarks } = wire(body, [{ item: 'w', component: 'supply' }]);
    expect(ids).toEqual(['m.supply.activePower']);
    expect(remarks).toEqual([]);
  });

  it('that have several items of a quantity give each a name of its own', () => {
    const body = axes(
      `<Rotary id="c" name="C">${items(
        SAMPLE('l1', 'LOAD', 'name="Cload" units="PERCENT"'),
        SAMPLE('l2', 'LOAD', 'name="Sload" units="PERCENT"'),
        SAMPLE('r', 'ROTARY_VELOCITY', 'units="REVOLUTION/MINUTE"'),
        SAMPLE('r2', 'ROTARY_VELOCITY', 'subType="PROGRAMMED" units="REVOLUTION/MINUTE"'),
        SAMPLE('r3', 'ROTARY_VELOCITY', 'statistic="MAXIMUM" units="REVOLUTION/MINUTE"'),
      )}</Rotary>`,
    );
    const { ids, remarks } = wire(body);
    expect(ids).toEqual(['m.spindle-Cload.load', 'm.spindle-Sload.load', 'm.spindle.rotationalSpeed']);
    expect(remarks[0]).toContain('(Cload, Sload)');
    expect(
      wire(body, [
        { item: 'Sload', component: 'spindle' },
        { item: 'l1', skip: true },
      ]),
    ).toMatchObject({
      ids: ['m.spindle.load', 'm.spindle.rotationalSpeed'],
      remarks: [],
    });
  });

  it('and phases are what the operator says', () => {
    const body = items(
      SAMPLE('v1', 'VOLTAGE_AC', 'units="VOLT"'),
      SAMPLE('v2', 'VOLTAGE_AC', 'units="VOLT"'),
    );
    expect(
      wire(body, [
        { item: 'v1', component: 'supply', phase: 'l1' },
        { item: 'v2', component: 'supply', phase: 'l2' },
      ]).ids,
    ).toEqual(['m.supply.voltage.l1', 'm.supply.voltage.l2']);
  });
});

describe('words', () => {
  const control = (...all: string[]) => components(`<Controller id="ctl">${components(...all)}</Controller>`);
  const path = (id: string, ...all: string[]) => `<Path id="${id}" name="${id}">${items(...all)}</Path>`;

  it('are those of the machine, with the vocabulary of their type', () => {
    const { wired } = wire(
      items(EVENT('av', 'AVAILABILITY'), EVENT('fm', 'FUNCTIONAL_MODE')) +
        control(
          path(
            'p1',
            EVENT('sub', 'PROGRAM', 'name="subprogram" subType="x:SUB"'),
            EVENT('prg', 'PROGRAM'),
            EVENT('ex', 'EXECUTION'),
            EVENT('mo', 'CONTROLLER_MODE'),
            EVENT('ws', 'WAIT_STATE'),
            EVENT('emo', 'EQUIPMENT_MODE', 'subType="OPERATING"'),
            EVENT('pcg', 'PART_COUNT', 'name="good" subType="GOOD"'),
            EVENT('pc', 'PART_COUNT', 'subType="ALL"'),
            SAMPLE('at', 'ACCUMULATED_TIME', 'name="auto_time" subType="x:AUTO"'),
            EVENT('pt', 'x:AUTO_TIME', 'name="vendor time"'),
            EVENT('ps', 'POWER_STATE', 'subType="CONTROL"'),
            EVENT('line', 'LINE'),
            EVENT('ds', 'EXECUTION', 'representation="DATA_SET"'),
          ),
          path('p2', EVENT('ex2', 'EXECUTION', 'name="exec2"')),
        ),
    );
    expect(
      wired.map(
        ({ channel }) => `${channel.id.slice(2)} ${channel.kind === 'status' ? channel.vocabulary : ''}`,
      ),
    ).toEqual([
      'control.availability mtconnect/Availability',
      'control.functionalMode mtconnect/FunctionalMode',
      'control.program raw',
      'control.execution mtconnect/Execution',
      'control.mode mtconnect/ControllerMode',
      'control.waitState mtconnect/WaitState',
      'control.partCount raw',
      'control.timer.vendor_time raw',
      'control.execution.exec2 mtconnect/Execution',
      'control.program.subprogram raw',
      'control.equipmentMode.operating mtconnect/EquipmentMode',
      'control.partCount.good raw',
      'control.timer.auto_time raw',
      'control.controlPower mtconnect/PowerState',
    ]);
  });

  it('of a loader decide nothing, unless the operator wants them', () => {
    const body = components(
      `<Auxiliaries id="a">${components(`<Loader id="l">${items(EVENT('lex', 'EXECUTION'), '<DataItem id="lc" name="lc" category="CONDITION" type="SYSTEM"/>')}</Loader>`)}</Auxiliaries>`,
    );
    expect(wire(body).ids).toEqual(['m.loader.condition.lc']);
    expect(wire(body, [{ item: 'lex', status: 'execution', name: 'own' }]).ids).toContain(
      'm.loader.execution.own',
    );
  });

  it('of vendors are taken as the operator says', () => {
    const body = control(path('p', EVENT('u', 'x:MY_STATE', 'name="state"')));
    expect(wire(body).ids).toEqual([]);
    expect(wire(body, [{ item: 'state', status: 'itemState' }]).wired).toMatchObject([
      { channel: { id: 'm.control.itemState', vocabulary: 'mtconnect/MyState' } },
    ]);
    expect(wire(body, [{ item: 'state', status: 'itemState', vocabulary: 'raw' }]).wired).toMatchObject([
      { channel: { vocabulary: 'raw' } },
    ]);
  });

  it('say what the operator named in vain', () => {
    const { remarks } = wire(control(path('p', EVENT('u', 'LINE'))), [
      { item: 'u' },
      { item: 'nothing', unit: 'W' },
    ]);
    expect(remarks).toEqual([
      'u (LINE of Path p) is not read: write quantity with unit, or status, under items.',
      'items names nothing, which the agent does not have.',
    ]);
  });
});

describe('items that are no timers', () => {
  it('tell a time of day: nothing is counted', () => {
    const ids = ['CLOCK_TIME', 'PROCESS_TIME', 'x:START_TIME'].map((type, n) => EVENT(`t${n}`, type));
    expect(wire(items(...ids, SAMPLE('c', 'CLOCK_TIME'), SAMPLE('a', 'x:AUTO_TIME'))).ids).toEqual([
      'm.control.timer.a',
    ]);
  });
});

describe('a device model that means harm', () => {
  it('has no more channels than a record can describe, and is read in no time', () => {
    const sensors = Array.from(
      { length: 50_000 },
      (_, n) =>
        `<Sensor id="s${n}" name="s">${items(SAMPLE(`t${n}`, 'TEMPERATURE', 'name="t" units="CELSIUS"'))}</Sensor>`,
    );
    const startedMs = performance.now();
    const { wired, remarks } = wire(components(...sensors));
    expect(wired).toHaveLength(2000);
    expect(remarks[0]).toMatch(/^48000 items beyond the first 2000/);
    // Names that are looked for one after the other would take minutes.
    expect(performance.now() - startedMs).toBeLessThan(20_000);
    const snapshot = encodeSnapshot({
      v: 1,
      site: 's',
      agent: 'a',
      software: { name: 'millwatt', version: '0' },
      sources: [{ id: 's', protocol: 'mtconnect', address: 'http://x', everyMs: 1000 }],
      channels: wired.map(({ channel }) => channel),
    });
    expect(snapshot.length).toBeLessThan(1024 * 1024);
  });

  it('with two items of one id has one', () => {
    expect(wire(items(EVENT('e', 'EXECUTION'), EVENT('e', 'CONTROLLER_MODE'))).ids).toEqual([
      'm.control.execution',
    ]);
  });

  it('still gives a snapshot that can be read back', () => {
    const names = [
      '__proto__',
      'constructor',
      '',
      ' ',
      '\u001b[2J',
      'a.b',
      'x'.repeat(5000),
      '-',
      '../..',
      '\ud83d\ude80',
    ];
    const quote = (text: string) => text.replaceAll('"', '&quot;');
    const all = (at: string) =>
      names.flatMap((name, n) => [
        SAMPLE(`${at}l${n}`, 'LOAD', `name="${quote(name)}" units="PERCENT"`),
        EVENT(`${at}e${n}`, 'EXECUTION', `name="${quote(name)}" subType="${quote(name)}"`),
        `<DataItem id="${at}${quote(name)}${n}" name="${quote(name)}" category="CONDITION" type="${quote(name)}"/>`,
      ]);
    const body =
      `<Description manufacturer="${'y'.repeat(9000)}" model="${quote('\u001b[31m')}"/>` +
      items(...all('')) +
      axes(
        ...names.map(
          (name, n) => `<Linear id="x${n}" name="${quote(name)}">${items(...all(`x${n}`))}</Linear>`,
        ),
      );
    const { wired, device, remarks } = wire(body);
    expect(wired.length).toBeGreaterThan(100);
    expect(remarks.length).toBeLessThanOrEqual(6);
    expect(remarks.join('')).not.toMatch(/\p{Cc}/u);
    const snapshot = {
      v: 1 as const,
      site: 'plant',
      agent: 'hall-1',
      software: { name: 'millwatt', version: '0' },
      sources: [{ id: 's', protocol: 'mtconnect' as const, address: 'http://a', everyMs: 1000, device }],
      channels: wired.map(({ channel }) => channel),
    };
    expect(decodeSnapshot(encodeSnapshot(snapshot)).channels).toHaveLength(wired.length);
  });
});

describe('device models of real machines', () => {
  const nist = sharedFile('data/mtconnect-nist-mazak/Devices.xml');
  const okuma = sharedFile('data/mtconnect-okuma/Devices.xml');

  it.runIf(existsSync(nist) && existsSync(okuma))('are wired, and their snapshots can be read back', () => {
    const devices = [nist, okuma].flatMap((file) => readDevices(readFileSync(file, 'utf8')));
    expect(devices.length).toBeGreaterThan(5);
    for (const device of devices) {
      const options = { id: 's', machine: 'm', component: 'control', items: [] };
      const { wired, device: about } = wireDevice(device, options);
      const ids = wired.map(({ channel }) => channel.id);
      expect(ids, device.name).toContain('m.control.execution');
      expect(new Set(ids).size).toBe(ids.length);
      for (const { item, channel } of wired)
        if (channel.kind === 'measured') {
          expect(item.units).toBeDefined();
          expect(Object.keys(QUANTITIES)).toContain(channel.quantity satisfies Quantity);
        }
      const snapshot = {
        v: 1 as const,
        site: 'plant',
        agent: 'hall-1',
        software: { name: 'millwatt', version: '0' },
        sources: [
          { id: 's', protocol: 'mtconnect' as const, address: 'http://a', everyMs: 1000, device: about },
        ],
        channels: wired.map(({ channel }) => channel),
      };
      expect(decodeSnapshot(encodeSnapshot(snapshot)).channels).toHaveLength(ids.length);
    }
    const mazak = devices.find(({ name }) => name === 'Mazak01');
    const { wired } = wireDevice(mazak!, { id: 's', machine: 'm', component: 'control', items: [] });
    expect(wired.map(({ channel }) => channel.id)).toEqual(
      expect.arrayContaining([
        'm.axis-x.load',
        'm.spindle.rotationalSpeed',
        'm.spindle-2.load',
        'm.control.timer.auto_time',
        'm.control.condition.servo_cond',
        'm.electric.linePower',
      ]),
    );
  });
});

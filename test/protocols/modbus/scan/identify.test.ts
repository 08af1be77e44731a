import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { identifyDevice, type Identification } from '../../../../protocols/modbus/scan/identify.ts';
import { listSuspects } from '../../../../protocols/modbus/scan/identify-suspects.ts';
import { IdentifyTalk } from '../../../../protocols/modbus/scan/identify-talk.ts';
import { ModbusTcpClient } from '../../../../protocols/modbus/tcp/tcp-client.ts';
import type { RegisterBank } from '../../../../protocols/simulator/modbus-answer.ts';
import { startModbusServer, type ModbusServer } from '../../../../protocols/simulator/modbus-server.ts';
import { seedRandom } from '../../../../protocols/simulator/seeded-random.ts';
import { libraryProfiles, mainsBank, profileOf } from './identify-devices.ts';

const suspects = listSuspects(libraryProfiles);
const cleanUps: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function identify(client: ModbusTcpClient, unit: number, timeoutMs = 5000): Promise<Identification> {
  const talk = new IdentifyTalk({ client, unit, timeoutMs, turn: () => Promise.resolve() });
  expect(await talk.askPresence()).toBe('present');
  return identifyDevice(talk, suspects);
}

/** What a lone device of this bank is taken for. */
async function identifyBank(bank: RegisterBank, timeoutMs?: number): Promise<Identification> {
  const server = await startModbusServer({ host: '127.0.0.1', port: 0, units: new Map([[1, bank]]) });
  cleanUps.push(() => server.close());
  const client = new ModbusTcpClient('127.0.0.1', server.port);
  cleanUps.push(() => client.close());
  return identify(client, 1, timeoutMs);
}

const nameBest = ({ candidates }: Identification) => {
  const best = candidates.filter(({ rank }) => rank === 1);
  return best.length === 0
    ? 'unknown'
    : `${best[0]?.certainty} ${best.map(({ profile }) => profile.id).join(' = ')}`;
};

const PAC = 'siemens/pac2200 = siemens/pac3200 = siemens/pac4200 = siemens/pac3220 = siemens/pac4220';

/** What each device of the library is taken for. `=`: nothing that can be read tells them apart. */
const TAKEN_FOR: Readonly<Record<string, string>> = {
  'abb/b23-b24': 'certain abb/b23-b24',
  'abb/b23-b24:b21': 'certain abb/b23-b24:b21',
  'abb/b23-b24:a43-a44': 'certain abb/b23-b24:a43-a44',
  'abb/m4m': 'unknown',
  'acrel/adl3000': 'unknown',
  'acrel/adl400': 'likely acrel/adl400',
  'acrel/adw300': 'possible acrel/adw300',
  'carlo-gavazzi/em24-e1': 'certain carlo-gavazzi/em24-e1',
  'carlo-gavazzi/em24-rs485': 'certain carlo-gavazzi/em24-rs485',
  'carlo-gavazzi/em340': 'certain carlo-gavazzi/em340',
  'carlo-gavazzi/em340:msw-first': 'certain carlo-gavazzi/em340:msw-first',
  'carlo-gavazzi/em530-em540': 'certain carlo-gavazzi/em530-em540',
  'chint/dtsu666': 'likely chint/dtsu666',
  'danfoss/vlt-fc': 'unknown',
  'delta/ms300': 'unknown',
  'delta/ms300:vfd-f': 'unknown',
  'eastron/sdm120': 'certain eastron/sdm120',
  'eastron/sdm220': 'possible eastron/sdm220 = eastron/sdm230',
  'eastron/sdm230': 'possible eastron/sdm220 = eastron/sdm230',
  'eastron/sdm230:two-tariff': 'possible eastron/sdm220 = eastron/sdm230',
  'eastron/sdm630': 'likely eastron/sdm630',
  'eastron/sdm630:kilo': 'likely eastron/sdm630',
  'eastron/sdm72-v1': 'unknown',
  'eastron/sdm72-v2': 'certain eastron/sdm72-v2',
  'finder/7m38': 'likely finder/7m38',
  'inepro/pro380': 'possible inepro/pro380 = wago/879-30xx',
  'inepro/pro380:pro2': 'likely inepro/pro380:pro2',
  'janitza/umg-common': 'likely janitza/umg-common',
  'janitza/umg511-umg512': 'likely janitza/umg511-umg512',
  'janitza/umg604-native': 'likely janitza/umg604-native',
  'lovato/dmg': 'likely lovato/dmg',
  'lovato/dmg:instantaneous': 'possible lovato/dmg:instantaneous',
  'mitsubishi/fr-a700': 'unknown',
  'mitsubishi/fr-a700:output-power': 'unknown',
  'orno/or-we-516-517': 'likely orno/or-we-516-517',
  'phoenix/eem-350-d-mcb': 'possible phoenix/eem-350-d-mcb',
  'phoenix/empro-em3xx': 'likely phoenix/empro-em3xx',
  'phoenix/empro-em3xx:low-word-first': 'likely phoenix/empro-em3xx:low-word-first',
  'phoenix/empro-ma370-mb370': 'likely phoenix/empro-ma370-mb370',
  'schneider/altivar-312': 'unknown',
  'schneider/iem3000': 'certain schneider/iem3000',
  'schneider/pm5100-pm5300': 'certain schneider/pm5100-pm5300',
  'schneider/pm5500': 'certain schneider/pm5500',
  'shelly/pro-3em': 'likely shelly/pro-3em',
  'siemens/7kt-pac1600': 'likely siemens/7kt-pac1600',
  'siemens/pac2200': `possible ${PAC}`,
  'siemens/pac3100': 'likely siemens/pac3100',
  'siemens/pac3100:import': 'likely siemens/pac3100',
  'siemens/pac3100:export': 'likely siemens/pac3100',
  'siemens/pac3200': `possible ${PAC}`,
  'siemens/pac3220': `possible ${PAC}`,
  'siemens/pac4200': `possible ${PAC}`,
  'siemens/pac4220': `possible ${PAC}`,
  'siemens/sinamics-g120': 'unknown',
  'socomec/countis-diris': 'certain socomec/countis-diris',
  'socomec/countis-diris:whole-kwh': 'certain socomec/countis-diris',
  'socomec/diris-b30': 'certain socomec/diris-b30',
  'vacon/vacon-10': 'unknown',
  'wago/879-30xx': 'possible inepro/pro380 = wago/879-30xx',
};

describe('every device of the library', () => {
  let server: ModbusServer;
  const taken = new Map<string, Identification>();
  beforeAll(async () => {
    const units = new Map(libraryProfiles.map((profile, i) => [i + 1, mainsBank(profile)]));
    server = await startModbusServer({ host: '127.0.0.1', port: 0, units });
    const client = new ModbusTcpClient('127.0.0.1', server.port);
    for (const [i, { id }] of libraryProfiles.entries()) taken.set(id, await identify(client, i + 1));
    client.close();
  }, 60_000);
  afterAll(() => server.close());

  it('is taken for itself, for its like, or for nothing', () => {
    const names = Object.fromEntries([...taken].map(([id, found]) => [id, nameBest(found)]));
    expect(names).toEqual(TAKEN_FOR);
  });

  it('is never taken for another with certainty, nor likely', () => {
    for (const [id, found] of taken) {
      for (const { profile, alike, certainty } of found.candidates)
        if (certainty !== 'possible') expect([profile.id, ...alike]).toContain(id);
      // Where something is found, the right one is among the best.
      const best = found.candidates.filter(({ rank }) => rank === 1);
      if (best.length > 0) expect(best.flatMap(({ profile, alike }) => [profile.id, ...alike])).toContain(id);
    }
  });

  it('is asked few requests, none twice, and fewer where it identifies itself', () => {
    for (const [id, { requests, candidates }] of taken) {
      expect(requests, id).toBeLessThanOrEqual(suspects.requestsMax);
      if (candidates[0]?.certainty === 'certain' && libraryProfiles.find((one) => one.id === id)?.transports)
        expect(requests, id).toBeLessThanOrEqual(40);
    }
    expect(taken.get('siemens/pac3200')?.requests).toBeLessThanOrEqual(8);
    expect(taken.get('carlo-gavazzi/em340')?.requests).toBeLessThanOrEqual(8);
  });

  it('shows what it measures, as its profile has it', () => {
    const found = taken.get('eastron/sdm630');
    const seen = Object.fromEntries(
      (found?.values ?? []).map(({ point, value }) => [`${point.quantity}.${point.phase}`, value]),
    );
    expect(seen['voltage.l1']).toBeCloseTo(230.4, 3);
    expect(seen['frequency.total']).toBeCloseTo(50.02, 3);
    expect(seen['activePower.total']).toBe(1000);
    expect(found?.details.serial).toBe('1001');
    expect(found?.candidates[0]?.reasons.join()).toMatch(/230\.4 V, 231\.4 V, 232\.4 V, 50\.02 Hz/);
  });

  it('says which profiles cannot be recognised at all', () => {
    const unknown = Object.keys(TAKEN_FOR).filter((id) => TAKEN_FOR[id] === 'unknown');
    expect([...suspects.unrecognisable].sort()).toEqual(unknown.sort());
  });
});

describe('what a device tells of itself', () => {
  it('names one of a family that shares its check: a PAC2200 by its order number', async () => {
    const found = await identifyBank(
      mainsBank(profileOf('siemens/pac2200'), { details: { orderNumber: '7KM2200-2EA30-1DA1' } }),
    );
    expect(nameBest(found)).toBe('certain siemens/pac2200');
    expect(found.candidates[0]?.reasons.join()).toContain('order number');
    expect(found.details.orderNumber).toBe('7KM2200-2EA30-1DA1');
  });

  it('is believed in function 43, where vendor and model are both known', async () => {
    const bank = mainsBank(profileOf('janitza/umg-common'));
    const found = await identifyBank({
      ...bank,
      identification: new Map([
        [0, 'Janitza electronics\u001b[2J'],
        [1, 'UMG 96RM-E'],
      ]),
    });
    expect(nameBest(found)).toBe('certain janitza/umg-common');
    // What a device says goes to a terminal.
    expect(found.identification?.get(0)).toBe('Janitza electronics[2J');
  });

  it('is held against a profile that only shares the name of the maker', async () => {
    const bank = mainsBank(profileOf('schneider/pm5500'), { details: { model: 'PM8240' } });
    const found = await identifyBank(bank);
    expect(nameBest(found)).toBe('possible schneider/pm5500');
    expect(found.candidates[0]?.reasons).toContain('but its model name PM8240 is none of this profile');
    const own = mainsBank(profileOf('schneider/pm5500'), { details: { model: 'PowerLogic PM5563RD' } });
    expect(nameBest(await identifyBank(own))).toBe('certain schneider/pm5500');
  });
});

describe('what is no device of the library', () => {
  it('is of unknown kind where it only refuses', async () => {
    const found = await identifyBank({ read: () => ({ exception: 2 }) });
    expect(found).toMatchObject({ candidates: [], refusesAll: true });
    expect(found.requests).toBeLessThanOrEqual(suspects.requestsMax);
  });

  it('is of unknown kind where every register holds the same, even a voltage', async () => {
    for (const word of [0, 1, 500, 2300, 5000, 0x4366, 0xffff]) {
      const found = await identifyBank({ read: (_, __, count) => new Uint16Array(count).fill(word) });
      expect(nameBest(found), String(word)).toBe('unknown');
      expect(found.refusesAll).toBe(false);
    }
  });

  it('is not taken for a meter by accident: hundreds of devices full of random registers', async () => {
    const random = seedRandom('accident');
    let bank: RegisterBank = { read: () => ({ exception: 2 }) };
    const server = await startModbusServer({
      host: '127.0.0.1',
      port: 0,
      units: new Map([[1, { read: (code, address, count) => bank.read(code, address, count) }]]),
    });
    cleanUps.push(() => server.close());
    const client = new ModbusTcpClient('127.0.0.1', server.port);
    cleanUps.push(() => client.close());
    let sure = 0;
    for (let i = 0; i < 300; i++) {
      // Half of them hold small numbers, as most registers do.
      const most = i % 2 === 0 ? 65_536 : 6000;
      bank = {
        read: (_, __, count) => Uint16Array.from({ length: count }, () => Math.floor(random.next() * most)),
      };
      const found = await identify(client, 1);
      if (found.candidates.some(({ certainty }) => certainty !== 'possible')) sure += 1;
    }
    expect(sure).toBe(0);
  }, 60_000);

  it('is of unknown kind where its mains is off, and nobody can see a voltage', async () => {
    const found = await identifyBank(mainsBank(profileOf('eastron/sdm220'), { isOff: true }));
    expect(nameBest(found)).toBe('unknown');
  });

  it('is left alone when it falls silent meanwhile', async () => {
    let asked = 0;
    const found = await identifyBank({ read: () => (asked++ < 4 ? { exception: 2 } : 'silent') }, 50);
    expect(nameBest(found)).toBe('unknown');
    expect(found.requests).toBeLessThanOrEqual(8);
  });
});

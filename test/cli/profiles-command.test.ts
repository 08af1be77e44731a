import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { explainProfile } from '../../cli/profiles/profile-words.ts';
import { runProfiles, type ProfilesOptions } from '../../cli/profiles/profiles-command.ts';
import { listProfiles, loadProfile, parseProfile } from '../../config/library/profile-library.ts';

afterEach(() => vi.restoreAllMocks());

async function run(word?: string, options: ProfilesOptions = {}): Promise<string> {
  let text = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  try {
    await runProfiles(word, options);
  } finally {
    vi.restoreAllMocks();
  }
  return text;
}

const idsOf = (text: string) => [...text.matchAll(/^([a-z0-9-]+\/[a-z0-9:-]+) /gm)].map((match) => match[1]);

/** A configuration with a profile of the operator's own beside it. */
function makeOwn(yaml: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-profiles-'));
  mkdirSync(join(folder, 'profiles/acme'), { recursive: true });
  writeFileSync(join(folder, 'profiles/acme/m1.yaml'), yaml);
  return join(folder, 'agent.yaml');
}

const OWN = [
  'version: 1.0.0',
  'title: Acme M1',
  'vendor: Acme',
  'models: [M1]',
  'confidence: medium',
  'sources: [Acme manual]',
  'functionCode: 3',
  'points:',
  '  - { quantity: activePower, address: 7, type: i16, unit: W }',
].join('\n');

describe('millwatt profiles', () => {
  it('lists every profile with its variants, kind, transports, class and confidence', async () => {
    const text = await run();
    expect(idsOf(text)).toEqual(
      listProfiles().flatMap(({ id }) => [
        id,
        ...loadProfile(id).profile.variants.map((variant) => `${id}:${variant}`),
      ]),
    );
    expect(text).toMatch(/^eastron\/sdm630 +meter +rtu +43 +1 +high +SDM630-Modbus V1/m);
    expect(text).toMatch(/^siemens\/pac2200 .*on the nameplate/m);
    expect(text).toMatch(/^siemens\/sinamics-g120 +drive/m);
  });

  it.each([
    ['em340', 'carlo-gavazzi/em340'],
    ['PAC 2200', 'siemens/pac2200'],
    ['weidmueller em120', 'eastron/sdm630'],
    ['SDM230-2T', 'eastron/sdm230:two-tariff'],
    ['Siemens PAC3120', 'siemens/pac3220'],
  ])('finds %s, as it may stand on a nameplate', async (word, id) => {
    expect(idsOf(await run(word))).toContain(id);
  });

  it('says what to do where nothing is found', async () => {
    await expect(run('nonesuch')).rejects.toThrow(/No device profile has "nonesuch"/);
    await expect(run('siemens/pac220')).rejects.toThrow(/There is no device profile/);
    await expect(run(undefined, { yaml: true })).rejects.toThrow(/Which profile/);
  });

  it('explains a meter: sums, limits, identity, signs, notes and sources', async () => {
    const text = await run('siemens/pac2200');
    expect(text).toMatch(/^activeEnergyImport +801 \+ 805 +f64 +1 +Wh +added up, resettable/m);
    expect(text).toContain('A request that cuts a value is refused.');
    expect(text).toContain('Read whole and alone: registers 64001 to 64027.');
    expect(text).toMatch(/register 64001 is 42\./);
    expect(text).toContain('The power factor has no sign.');
    expect(text).toMatch(/^class +on the nameplate/m);
    expect(text).toMatch(/^note: /m);
    expect(text).toMatch(/^source: Siemens/m);
  });

  it('says what nobody but the operator knows', async () => {
    expect(await run('danfoss/vlt-fc')).toMatch(/What you must enter\n +scales for activePower: no source/);
    expect(await run('vacon/vacon-10')).toMatch(/ratedPower: activePower is a percentage of it/);
    expect(await run('siemens/pac2200')).not.toContain('What you must enter');
  });

  it('says what is known of transformers, and that nothing is', async () => {
    expect(await run('siemens/pac2200')).toMatch(/Transformers: not stated by any source/);
    expect(await run('acrel/adl400')).not.toContain('not stated by any source');
    expect(await run('danfoss/vlt-fc')).not.toContain('Transformers:');
  });

  it('tells of a variant nothing that only holds for the profile', async () => {
    const text = await run('mitsubishi/fr-a700:output-power');
    expect(text).toContain('Power is read at the motor');
    expect(text).not.toContain('This is the input power');
  });

  it('says how a status word is read', async () => {
    expect(await run('vacon/vacon-10')).toContain('read: [activePower, execution]');
    expect(await run('siemens/pac2200')).not.toContain('status word');
  });

  it('explains factors that the device keeps in registers', async () => {
    const text = await run('chint/dtsu666');
    expect(text).toContain('times register 6, times 0.1 x register 7');
    expect(text).toContain('leave ct and vt out');
    expect(await run('delta/ms300')).toContain('decimals in high byte of register 8479');
    expect(await run('eastron/sdm630')).toContain('times 1000 to the power in function 3 register 30');
  });

  it('loses no remark on a narrow terminal', () => {
    for (const { id } of listProfiles()) {
      const loaded = loadProfile(id);
      const set = (width: number) => explainProfile(loaded, { width, heading: (text) => text });
      const narrow = set(80);
      // Only a word that is longer than a line may stand out.
      for (const line of narrow) expect(line.length > 80 && line.trim().includes(' '), line).toBe(false);
      const words = narrow.join(' ').replaceAll(/\s+/g, ' ');
      for (const { quantity, counter } of loaded.profile.points)
        if (counter?.resolution !== undefined)
          expect(words, `${id} ${quantity}`).toContain(`steps of ${counter.resolution}`);
    }
    const [narrow, wide] = [80, 140].map((width) =>
      explainProfile(loadProfile('eastron/sdm630'), { width, heading: (text) => text }).join('\n'),
    );
    expect(narrow).toMatch(
      /^\* activeEnergyImport, .*\n(.*\n)*.*times 1000 to the power in function 3 register 30/m,
    );
    expect(wide).toMatch(/^activeEnergyImport +72 +f32 +1 +kWh +times 1000 to the power/m);
  });

  it("includes the operator's own, and shows the others though one cannot be used", async () => {
    const config = makeOwn(OWN);
    expect(idsOf(await run('acme', { config }))).toEqual(['acme/m1']);
    expect(await run('acme/m1', { config })).toContain(join('profiles', 'acme', 'm1.yaml'));
    await expect(run('acme')).rejects.toThrow(/No device profile/);
    let text = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    const broken = makeOwn(OWN.replace('unit: W', 'unit: hp'));
    await expect(runProfiles('sdm', { config: broken })).rejects.toThrow(/m1\.yaml:9/);
    expect(text).toContain('eastron/sdm630');
  });

  it('names files that no id finds, and says where they belong', async () => {
    const config = makeOwn(OWN);
    writeFileSync(join(config, '../profiles/acme/M-2.yml'), OWN);
    expect(await run('acme', { config })).toMatch(/acme\/M-2\.yml is passed over/);
    await expect(run('acme/m2', { config })).rejects.toMatchObject({
      code: 'misplaced-profile',
      cure: expect.stringMatching(/Move it to .*profiles\/acme\/m-2\.yaml/),
    });
  });

  it('prints JSON of one and of many', async () => {
    const one = JSON.parse(await run('siemens/pac2200', { json: true })) as { id: string; sha256: string };
    expect(one).toMatchObject({ id: 'siemens/pac2200', sha256: loadProfile('siemens/pac2200').sha256 });
    const many = JSON.parse(await run('sdm230', { json: true })) as { id: string }[];
    expect(many.map(({ id }) => id)).toEqual(['eastron/sdm230', 'eastron/sdm230:two-tariff']);
  });

  it('prints the file that a part of a name means, and asks which where it means several', async () => {
    expect(await run('em340', { yaml: true })).toBe(await run('carlo-gavazzi/em340', { yaml: true }));
    await expect(run('pac', { yaml: true })).rejects.toMatchObject({
      code: 'usage',
      cure: expect.stringMatching(/Name one of: .*siemens\/pac2200, .*siemens\/pac3200/),
    });
    await expect(run('nothing-is-called-so', { yaml: true })).rejects.toMatchObject({
      code: 'unknown-profile',
    });
  });

  it('prints a file to start from, which is a profile and names its schema', async () => {
    const text = await run('siemens/pac2200', { yaml: true });
    const schema = /^# yaml-language-server: \$schema=(.+)$/m.exec(text)?.[1] ?? '';
    expect(JSON.parse(readFileSync(schema, 'utf8'))).toMatchObject({ title: 'millwatt device profile' });
    const { file, profile } = loadProfile('siemens/pac2200');
    expect(text).toContain(readFileSync(file, 'utf8').trimEnd());
    expect(parseProfile('siemens/pac2200', Buffer.from(text), 'own.yaml')).toEqual(profile);
  });
});

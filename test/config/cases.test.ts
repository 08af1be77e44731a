import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgePlan } from '../../cli/judge-plan.ts';
import { checkConfig } from '../../config/check.ts';
import { formatFinding } from '../../config/finding.ts';
import { checkProfile } from '../../config/library/profile-check.ts';
import { readSurroundings, type FileState } from '../../config/surroundings.ts';

const FOLDER = join(import.meta.dirname, '../cases/config');

/** Every case believes that it lives in /etc/millwatt, where these files are. */
const FILES: Readonly<Record<string, FileState>> = {
  '/etc/millwatt/ca.pem': { mode: 0o644 },
  '/etc/millwatt/site.pem': { mode: 0o644 },
  '/etc/millwatt/site.key': { mode: 0o600 },
  '/etc/millwatt/group.key': { mode: 0o640 },
  '/etc/millwatt/open.key': { mode: 0o644 },
  '/etc/millwatt/swapped.pem': { mode: 0o644 },
  '/etc/millwatt/certificate.key': { mode: 0o600 },
  '/etc/millwatt/binary.pem': { mode: 0o644 },
  '/etc/millwatt/good.password': { mode: 0o600 },
  '/etc/millwatt/open.password': { mode: 0o644 },
  '/etc/millwatt/my-contracts.csv': { mode: 0o644 },
  '/etc/millwatt/broken.csv': { mode: 0o644 },
  '/etc/millwatt/ember-2026.csv': { mode: 0o644 },
};

/** What those of them hold that a check may look into. */
const TEXTS: Readonly<Record<string, string>> = {
  '/etc/millwatt/swapped.pem': '-----BEGIN PRIVATE KEY-----\nMC4=\n-----END PRIVATE KEY-----\n',
  '/etc/millwatt/certificate.key': '-----BEGIN CERTIFICATE-----\nMC4=\n-----END CERTIFICATE-----\n',
  '/etc/millwatt/binary.pem': '0\u0082',
  '/etc/millwatt/my-contracts.csv': [
    'id,region,year,gCo2ePerKwh,gases,boundary,basis,losses,source',
    'my-contracts/VN/2026/wind,VN,2026,11,CO2e,life-cycle,contract,excluded,contract 4711',
    'my-contracts/VN/2026/mix,VN,2026,460,CO2e,life-cycle,consumption,included,grid operator',
    '',
  ].join('\n'),
  '/etc/millwatt/broken.csv':
    'id,region,year,gCo2ePerKwh,gases,boundary,basis,losses,source\nbroken/VN/2026,VN,2026,0.46 kg,CO2e,life-cycle,contract,excluded,x\n',
  '/etc/millwatt/ember-2026.csv': '',
};

/** Each case is a folder with the file as an operator wrote it and every line that the check must say, no more. */
describe('configurations that must be refused', () => {
  for (const name of readdirSync(FOLDER).sort()) {
    test(name, () => {
      const text = readFileSync(join(FOLDER, name, 'input.yaml'), 'utf8');
      const expectedFile = join(FOLDER, name, 'expected.txt');
      const world = {
        ...readSurroundings({ judge: judgePlan(Date.UTC(2026, 10, 1)) }),
        stat: (path: string) => FILES[path] ?? 'missing',
        readText: (path: string) => TEXTS[path],
      };
      const { findings, config } = checkConfig(text, '/etc/millwatt/input.yaml', undefined, world);
      const said = findings
        .map((finding) => formatFinding(finding).replaceAll('/etc/millwatt/input.yaml', 'input.yaml'))
        .join('\n');
      // To write the expectation of a new case: MILLWATT_WRITE_CASES=1 npx vitest run test/config/cases.test.ts
      if (process.env['MILLWATT_WRITE_CASES'] === '1') writeFileSync(expectedFile, `${said}\n`);
      expect(`${said}\n`).toBe(readFileSync(expectedFile, 'utf8'));
      expect(config === undefined).toBe(findings.some((finding) => finding.severity === 'error'));
    });
  }
});

const PROFILES = join(import.meta.dirname, '../cases/profiles');

/** The same of device profiles that operators write. */
describe('device profiles', () => {
  for (const name of readdirSync(PROFILES).sort()) {
    test(name, () => {
      const text = readFileSync(join(PROFILES, name, 'input.yaml'), 'utf8');
      const expectedFile = join(PROFILES, name, 'expected.txt');
      const { findings, content } = checkProfile(text, 'input.yaml');
      const said = findings.map((finding) => `${formatFinding(finding)}\n`).join('');
      if (process.env['MILLWATT_WRITE_CASES'] === '1') writeFileSync(expectedFile, said);
      expect(said).toBe(readFileSync(expectedFile, 'utf8'));
      expect(content === undefined).toBe(findings.some((finding) => finding.severity === 'error'));
    });
  }
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkConfig } from '../../config/check.ts';
import { readSurroundings } from '../../config/surroundings.ts';
import { makeTempFolder } from '../collector/ledger/temp-folder.ts';

const HEAD = 'site: plant\nbroker: { url: mqtt://127.0.0.1:1883 }\n';

it.each<[string, RegExp[]]>([
  ['{}', []],
  ['{ timeStamp: { url: "https://tsa.example.com/tsr", ca: ca.pem } }', []],
  [
    '{ timeStamp: { url: "https://tsa.example.com/tsr" } }',
    [/^warning evidence\.timeStamp\.url .*whatever answers there is kept/],
  ],
  [
    '{ timeStamp: { url: "https://tsa.example.com/tsr", certReq: false } }',
    [/^error evidence\.timeStamp\.url a stamp without the certificate/],
  ],
  [
    '{ timeStamp: { url: "http://tsa.example.com", ca: none.pem, serverCa: ca.pem, password: "${file:tsa.password}" } }',
    [
      /^error evidence\.timeStamp\.ca the file none\.pem is not there/,
      /^error evidence\.timeStamp\.password the file tsa\.password is not there/,
      /^error evidence\.timeStamp\.password username and password go together/,
      /^warning evidence\.timeStamp\.url the password travels in the clear/,
      /^error evidence\.timeStamp\.serverCa is for https only/,
    ],
  ],
  ['{ timeStamp: { url: "https://u:p@tsa.example.com" } }', [/^error evidence\.timeStamp\.url/]],
  ['{ timeStamp: { url: "https://tsa.example.com", ca: ca.pem, policy: tsa } }', [/^error .*policy/]],
])('evidence: %s', (evidence, expected) => {
  const folder = makeTempFolder();
  writeFileSync(join(folder, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n');
  const text = `${HEAD}evidence: ${evidence}\n`;
  const { findings } = checkConfig(text, join(folder, 'collector.yaml'), 'collector', readSurroundings({}));
  const told = findings
    .filter(({ path }) => path.startsWith('evidence'))
    .map(({ severity, path, message }) => `${severity} ${path} ${message}`);
  expect(told).toHaveLength(expected.length);
  for (const [index, one] of told.toSorted().entries())
    expect(
      expected.some((says) => says.test(one)),
      `${index}: ${one}`,
    ).toBe(true);
});

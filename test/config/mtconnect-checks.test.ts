import { expect, test } from 'vitest';
import { checkConfig } from '../../config/check.ts';

function messagesOf(source: object): string[] {
  const text = JSON.stringify({
    site: 's',
    agent: 'a',
    broker: { url: 'mqtt://127.0.0.1:1883' },
    sources: [{ id: 'c', machine: 'm', protocol: 'mtconnect', ...source }],
  });
  return checkConfig(text, 'agent.yaml', 'agent').findings.map(({ message }) => message);
}

test.each([
  'http://192.168.1.40:5000',
  'http://[fd00::1]:5000',
  'https://agent.example/shop/mill',
  'http://mill-1:7878/',
])('%s is an address of an agent', (url) => {
  expect(messagesOf({ url })).toEqual([]);
});

test.each(['http://mill:99999', 'http://[fd00::1', 'http://a:b:c', 'http://[mill]:5000'])(
  '%s is found to be none before anything starts',
  (url) => {
    expect(messagesOf({ url })).toEqual([expect.stringContaining('is no address')]);
  },
);

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkConfig } from '../../config/check.ts';

const DEPLOY = join(import.meta.dirname, '../../deploy');

interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  network_mode?: string;
  ports?: string[];
  restart?: string;
  cap_drop?: string[];
  cap_add?: string[];
  security_opt?: string[];
  read_only?: boolean;
  privileged?: boolean;
  environment?: Record<string, string>;
  volumes?: string[];
  mem_limit?: string;
  depends_on?: string[];
}

const compose = parse(readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);

describe.each(services)('the service %s', (_name, service) => {
  test('is reachable from this computer only', () => {
    for (const published of service.ports ?? []) expect(published).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    if (service.network_mode !== undefined) expect(service.network_mode).toBe('host');
  });

  test('has no rights that it does not need, comes back, and has a limit', () => {
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toEqual(['no-new-privileges:true']);
    expect(service.privileged).toBeUndefined();
    expect(service.restart).toBe('unless-stopped');
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    for (const right of service.cap_add ?? [])
      expect(['CHOWN', 'DAC_OVERRIDE', 'SETUID', 'SETGID']).toContain(right);
  });

  test('names an exact generation of its image, and files that are there', () => {
    if (service.build === undefined) expect(service.image).toMatch(/:\d+\.\d+/);
    else expect(existsSync(join(DEPLOY, service.build.context, service.build.dockerfile))).toBe(true);
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect(existsSync(join(DEPLOY, source)), source).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
    for (const other of service.depends_on ?? []) expect(Object.keys(compose.services)).toContain(other);
  });

  test('has no password or token in the file', () => {
    for (const [key, value] of Object.entries(service.environment ?? {}))
      if (/PASSWORD|TOKEN/.test(key)) expect(value).toMatch(/^\$\{[A-Z_]+:\?run \.\/make-env\.sh first\}$/);
  });
});

test('our own containers are read-only, on the host network, and so listen where their configuration says', () => {
  for (const [name, service] of services)
    if (service.build !== undefined)
      expect({ name, ...service }).toMatchObject({ name, read_only: true, network_mode: 'host' });
});

test('every variable that the file asks for is drawn by make-env.sh', () => {
  const text = readFileSync(join(DEPLOY, 'compose.yaml'), 'utf8');
  const script = readFileSync(join(DEPLOY, 'make-env.sh'), 'utf8');
  const wanted = new Set([...text.matchAll(/\$\{([A-Z_]+):\?/g)].map((match) => match[1] ?? ''));
  expect(wanted.size).toBeGreaterThanOrEqual(5);
  for (const name of wanted) expect(script).toContain(name);
  expect(readFileSync(join(DEPLOY, '.gitignore'), 'utf8')).toMatch(/^\.env$/m);
});

describe('the configurations of the containers', () => {
  test.each([
    ['agent', 'agent'],
    ['collector', 'collector'],
    ['plant', 'simulation'],
  ] as const)('%s: passes the check without a remark', (name, kind) => {
    const file = join(DEPLOY, `containers/${name}.yaml`);
    const { config, findings } = checkConfig(readFileSync(file, 'utf8'), file, kind);
    expect(findings).toEqual([]);
    expect(config).toBeDefined();
  });

  test('the folders and variables they name are the ones they are given', () => {
    for (const kind of ['agent', 'collector'] as const) {
      const text = readFileSync(join(DEPLOY, `containers/${kind}.yaml`), 'utf8');
      const service = compose.services[kind];
      const { data } = parse(text) as { data: string };
      expect(service?.volumes).toContain(`${kind}:${data}`);
      for (const [, name = ''] of text.matchAll(/\$\{env:([A-Z_]+)\}/g))
        expect(Object.keys(service?.environment ?? {})).toContain(name);
    }
  });

  test('the simulated agent reads the devices that the simulated plant serves', () => {
    const read = (name: string) =>
      parse(readFileSync(join(DEPLOY, `containers/${name}.yaml`), 'utf8')) as unknown;
    const { sources } = read('agent') as { sources: Device[] };
    const { devices } = read('plant') as { devices: Device[] };
    const wiring = (device: Device) =>
      `${device.id} ${device.port} ${device.profile} ${device.machine} ${device.component ?? 'supply'}`;
    expect(sources.map(wiring)).toEqual(devices.map(wiring));
  });
});

interface Device {
  id: string;
  port: number;
  profile: string;
  machine: string;
  component?: string;
}

describe.each(['agent', 'collector'])('the container file of the %s', (name) => {
  const lines = readFileSync(join(DEPLOY, `containers/${name}.Dockerfile`), 'utf8').split('\n');
  const text = lines.join('\n');

  test('installs from the lockfile, without development packages and install scripts', () => {
    expect(text).toMatch(/^FROM node:24-slim$/m);
    expect(text).toMatch(/npm ci --omit=dev --ignore-scripts/);
    expect(text).not.toMatch(/npm (install|i) /);
  });

  test('does not run as root', () => {
    const user = lines.findLastIndex((line) => line.startsWith('USER '));
    expect(lines[user]).toBe('USER node');
    expect(lines.slice(user).some((line) => line.startsWith('RUN '))).toBe(false);
  });

  test('copies folders that are there, and lets nothing else in', () => {
    const ignore = readFileSync(join(DEPLOY, `containers/${name}.Dockerfile.dockerignore`), 'utf8').split(
      '\n',
    );
    expect(ignore).toContain('*');
    const copied = lines
      .filter((line) => line.startsWith('COPY '))
      .flatMap((line) => line.split(' ').slice(1, -1));
    for (const source of copied) {
      expect(existsSync(join(DEPLOY, '..', source)), source).toBe(true);
      expect(ignore).toContain(`!${source}`);
    }
    // What the command line imports must be in the image.
    for (const room of readdirSync(join(DEPLOY, '..'), { withFileTypes: true }))
      if (['agent', 'cli', 'collector', 'config', 'protocols'].includes(room.name))
        expect(copied).toContain(room.name);
  });

  test('starts its own command by default', () => {
    expect(text).toContain(`CMD ["${name}", "-c", "/etc/millwatt/${name}.yaml"]`);
  });
});

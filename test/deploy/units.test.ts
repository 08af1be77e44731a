import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const SYSTEMD = join(import.meta.dirname, '../../deploy/systemd');

// Part of systemd; where there is none, its rating cannot be asked for.
const RATER = 'systemd-analyze';

/** What every unit must say, to the letter. */
const HARDENING: Readonly<Record<string, string>> = {
  NoNewPrivileges: 'true',
  CapabilityBoundingSet: '',
  AmbientCapabilities: '',
  ProtectSystem: 'strict',
  ProtectHome: 'true',
  PrivateTmp: 'true',
  PrivateDevices: 'true',
  PrivateUsers: 'true',
  PrivateIPC: 'true',
  ProtectProc: 'invisible',
  ProtectHostname: 'true',
  ProtectClock: 'true',
  ProtectKernelTunables: 'true',
  ProtectKernelModules: 'true',
  ProtectKernelLogs: 'true',
  ProtectControlGroups: 'true',
  RestrictAddressFamilies: 'AF_INET AF_INET6 AF_UNIX',
  RestrictNamespaces: 'true',
  RestrictRealtime: 'true',
  RestrictSUIDSGID: 'true',
  LockPersonality: 'true',
  RemoveIPC: 'true',
  SystemCallArchitectures: 'native',
  SystemCallErrorNumber: 'EPERM',
  UMask: '0077',
  StateDirectoryMode: '0700',
  Restart: 'always',
  StartLimitIntervalSec: '0',
};

describe.each(['agent', 'collector'])('the unit of the %s', (name) => {
  const file = join(SYSTEMD, `millwatt-${name}.service`);
  const text = readFileSync(file, 'utf8');
  const settings = parseUnit(text);

  test.each(Object.entries(HARDENING))('says %s=%s', (key, value) => {
    expect(settings.get(key)).toEqual([value]);
  });

  test('runs as a user of its own, in a folder of its own, with limits', () => {
    expect(settings.get('User')).toEqual([`millwatt-${name}`]);
    expect(settings.get('StateDirectory')).toEqual([`millwatt-${name}`]);
    expect(settings.get('MemoryMax')?.[0]).toMatch(/^\d+[MG]$/);
    expect(settings.get('TasksMax')?.[0]).toMatch(/^\d+$/);
    const users = readFileSync(join(SYSTEMD, 'millwatt.sysusers.conf'), 'utf8');
    expect(users).toMatch(new RegExp(`^u millwatt-${name} `, 'm'));
  });

  test('filters system calls, and forbids what Node never needs', () => {
    expect(settings.get('SystemCallFilter')).toEqual(['@system-service', '~@privileged @resources']);
  });

  test('checks its configuration before it starts, and starts the right command', () => {
    expect(settings.get('ExecStartPre')?.[0]).toMatch(new RegExp(` check -c /etc/millwatt/${name}\\.yaml$`));
    expect(settings.get('ExecStart')?.[0]).toMatch(new RegExp(` ${name} -c /etc/millwatt/${name}\\.yaml$`));
  });

  test('does not ask for what would break it, and says why', () => {
    for (const key of ['MemoryDenyWriteExecute', 'WatchdogSec']) {
      expect(settings.has(key)).toBe(false);
      expect(text).toMatch(new RegExp(`^# ${key}= is left out`, 'm'));
    }
  });

  test('shows how secrets are handed in', () => {
    expect(text).toMatch(/^#LoadCredential=broker\.password:/m);
    expect(text).toContain(`\${file:/run/credentials/millwatt-${name}.service/broker.password}`);
  });

  test('is rated at most 2.0 by systemd itself', (context) => {
    const analyze = spawnSync(RATER, ['security', '--offline=true', '--no-pager', file], {
      encoding: 'utf8',
    });
    if (analyze.error !== undefined || analyze.status === null)
      return context.skip(`${RATER} is not installed`);
    const exposure = /Overall exposure level[^:]*: ([\d.]+)/.exec(analyze.stdout)?.[1];
    // Before systemd 250 units could not be rated offline.
    if (exposure === undefined) return context.skip(`${RATER} cannot tell: ${analyze.stderr.trim()}`);
    expect(Number(exposure)).toBeLessThanOrEqual(2);
    return undefined;
  });
});

/** The settings of a unit by name; comments left out, several lines of one name kept in order. */
function parseUnit(text: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) settings.set(key, [...(settings.get(key) ?? []), value]);
  }
  return settings;
}

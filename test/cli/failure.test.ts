import { describe, expect, it } from 'vitest';
import { describeFailure } from '../../cli/failure.ts';
import { MillwattError } from '../../protocols/errors.ts';
import { makeFolder, run } from '../e2e/fault-rig.ts';

describe('a command that fails', () => {
  it('tells a person in lines that fit the terminal', () => {
    const error = new MillwattError(
      'refuse',
      'no-config',
      `The configuration file ${'long '.repeat(20)}is not there.`,
      {
        cure: `Give its path with -c, ${'or another '.repeat(10)}one.`,
      },
    );
    const { text, exitCode } = describeFailure(error, 80);
    const lines = text.trimEnd().split('\n');
    expect(exitCode).toBe(1);
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.every((line) => line.length <= 80)).toBe(true);
    expect(text).toContain('\n  cure: Give its path');
    expect(text.replaceAll(/\s+/g, ' ')).toContain(error.message);
  });

  it('calls what nobody foresaw a defect, with its stack for people', () => {
    const { text, report, exitCode } = describeFailure(new TypeError('no such thing'), 80);
    expect(text).toContain('    at ');
    expect(exitCode).toBe(1);
    expect(report).toEqual({ ok: false, error: 'no such thing', code: 'defect', cure: '' });
  });

  it.each([
    ['check', '-c', 'none.yaml'],
    ['doctor', '-c', 'none.yaml'],
    ['probe', '-c', 'none.yaml', '--once'],
    ['hours', '-c', 'none.yaml'],
    ['profiles', 'nothing-is-called-so'],
    ['demo', '--speed', 'fast'],
    ['scan', 'tcp://127.0.0.1:1'],
    ['scan', '10.0.0.0/8'],
    ['probe', '--colour'],
  ])('gives a script one object of one shape: %s %s', async (...args) => {
    const started = run(makeFolder(), [...args, '--json']);
    const code = await started.exited;
    expect([1, 2]).toContain(code);
    const json = started.output().slice(started.output().indexOf('{'), started.output().lastIndexOf('}') + 1);
    expect(JSON.parse(json)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/\w/),
      code: expect.stringMatching(/^[a-z-]+$/),
      cure: expect.stringMatching(/\w/),
    });
  });
});

describe('a configuration by itself', () => {
  it.each([
    [['check', 'none.yaml'], 1, 'none.yaml is not there'],
    [['doctor', 'none.yaml'], 1, 'none.yaml is not there'],
    [['agent', 'none.yaml'], 1, 'none.yaml is not there'],
    [['probe', 'none.yaml', '--once'], 1, 'none.yaml is not there'],
    [['hours', 'none.yaml', '-c', 'other.yaml'], 2, 'other.yaml and none.yaml are two configurations'],
    [['check'], 2, 'Nothing says which configuration file'],
    [['agent'], 2, 'millwatt agent -c agent.yaml'],
    [['profiles', '--yaml'], 2, 'Which profile is to be printed as YAML'],
  ])('is taken without -c: %j', async (args, code, words) => {
    const started = run(makeFolder(), args);
    expect(await started.exited).toBe(code);
    expect(started.output()).toContain(words);
  });
});

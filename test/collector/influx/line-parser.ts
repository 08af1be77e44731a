import type { Field } from '../../../collector/influx/line-protocol.ts';

export interface ParsedPoint {
  measurement: string;
  tags: Map<string, string>;
  fields: Map<string, Field>;
  timeMs: number;
}

/** A strict reader of line protocol, written from InfluxDB's description of it and not from our encoder. */
export function parseLine(line: string): ParsedPoint {
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`${what} at ${at} of ${JSON.stringify(line)}`);
  };
  const readKey = (stops: string): string => {
    let key = '';
    while (at < line.length && !stops.includes(line[at]!)) {
      if (line[at] === '\n') fail('a line feed in a key');
      if (line[at] === '\\' && ', ='.includes(line[at + 1] ?? '!')) at++;
      key += line[at++];
    }
    return key === '' ? fail('an empty key') : key;
  };
  const measurement = readKey(', ');
  const tags = new Map<string, string>();
  while (line[at] === ',') {
    at++;
    const name = readKey('=');
    at++;
    if (tags.has(name)) fail('a tag twice');
    tags.set(name, readKey(', '));
  }
  if (line[at++] !== ' ') fail('no space before the fields');
  const fields = new Map<string, Field>();
  do {
    const name = readKey('=');
    at++;
    if (fields.has(name)) fail('a field twice');
    fields.set(name, readValue());
  } while (line[at++] === ',');
  if (line[at - 1] !== ' ') fail('no space before the time');
  const time = line.slice(at);
  if (!/^-?\d+$/.test(time)) fail('no time');
  return { measurement, tags, fields, timeMs: Number(time) };

  function readValue(): Field {
    if (line[at] === '"') {
      at++;
      let text = '';
      for (;;) {
        if (at >= line.length) fail('an open string');
        if (line[at] === '"') break;
        if (line[at] === '\\' && (line[at + 1] === '"' || line[at + 1] === '\\')) at++;
        text += line[at++];
      }
      at++;
      return text;
    }
    const token = /^[^, ]+/.exec(line.slice(at))?.[0] ?? fail('no value');
    at += token.length;
    if (token === 'true' || token === 'false') return token === 'true';
    if (/^-?\d+i$/.test(token)) return BigInt(token.slice(0, -1));
    if (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(token)) return Number(token);
    return fail(`the value ${token}`);
  }
}

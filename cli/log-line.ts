import { style } from './screen.ts';

/** Told by the line itself, or of no use to a reader. */
const UNTOLD = new Set(['level', 'time', 'name', 'pid', 'hostname', 'msg', 'cure']);

/** A JSON line of the log for people: `05:18:17 warning  message (field value)  cure: ...`. Gives other lines as they are. */
export function formatLogLine(line: string): string {
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const cure = textOf(entry['cure']);
  const said = textOf(entry['msg']);
  // Some say the cure in the sentence, too.
  const message = cure !== '' && said.endsWith(cure) ? said.slice(0, -cure.length).trimEnd() : said;
  const fields = Object.entries(entry)
    .map(([key, value]) => [key, textOf(value)] as const)
    .filter(([key, text]) => !UNTOLD.has(key) && text !== '' && !message.includes(text))
    .map(([key, text]) => `${key} ${text}`);
  const time = new Date(Number(entry['time'])).toTimeString().slice(0, 8);
  return [
    `${style(time, 'dim')} ${levelOf(Number(entry['level']))}  ${message}`,
    ...(fields.length === 0 ? [] : [` ${style(`(${fields.join(', ')})`, 'dim')}`]),
    ...(cure === '' ? [] : [`  cure: ${cure}`]),
  ].join('');
}

/** What devices and strangers say ends up in logs: nothing of it may steer the terminal. */
function textOf(value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return '';
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  return String(value).replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
}

/** Levels of pino, all as wide as the widest. */
function levelOf(level: number): string {
  if (level >= 50) return style('error  ', 'red');
  if (level >= 40) return style('warning', 'yellow');
  return level >= 30 ? 'info   ' : style('debug  ', 'dim');
}

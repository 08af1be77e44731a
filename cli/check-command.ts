import { checkAcrossFiles } from '../config/across-files.ts';
import { checkConfig } from '../config/check.ts';
import { formatFinding, hasErrors, type Finding } from '../config/finding.ts';
import type { ConfigKind } from '../config/kinds.ts';
import { looksLikeProfile } from '../config/library/profile-check.ts';
import { checkProfileFile, profileIdOf } from '../config/library/profile-place.ts';
import type { LineLoad } from '../config/modbus/line-load.ts';
import { readConfigText } from '../config/load.ts';
import { profileFolderOf, readSurroundings, type Surroundings } from '../config/surroundings.ts';
import { parseYamlText } from '../config/yaml-text.ts';
import { judgePlan } from './judge-plan.ts';
import { style, widthOf } from './screen.ts';
import { wrapLines } from './text-wrap.ts';

/** What a check of one file found, whatever kind of file it is. */
interface Report {
  file: string;
  text: string;
  world?: Surroundings;
  kind: ConfigKind | 'profile' | undefined;
  findings: Finding[];
  lines?: LineLoad[];
}

/** `millwatt check`: every finding of every file, all at once; fails when one of them is an error. */
export async function runCheck(options: { config: string[]; json?: true }): Promise<void> {
  const files = options.config.map((file): Report => {
    const text = readConfigText(file);
    if (looksLikeProfile(parseYamlText(text).value))
      return { file, text, kind: 'profile', findings: checkProfileFile(text, file) };
    const world = readSurroundings({
      profileFolder: profileFolderOf(file),
      env: process.env,
      judge: judgePlan(Date.now()),
    });
    return { file, text, world, ...checkConfig(text, file, undefined, world) };
  });
  const across = checkAcrossFiles(files);
  const reports = files.map(({ file, kind, findings, lines = [] }) => ({
    file,
    kind,
    lines,
    findings: [...findings, ...across.filter((finding) => finding.file === file)],
  }));
  const failed = reports.some(({ findings }) => hasErrors(findings));
  if (options.json) process.stdout.write(`${JSON.stringify({ ok: !failed, reports }, null, 2)}\n`);
  else {
    for (const { file, kind, lines, findings } of reports) {
      for (const finding of findings) print(formatFinding(finding));
      for (const line of lines) print(`${file}: ${describeLoad(line)}`);
      if (!hasErrors(findings))
        process.stdout.write(`${file}: ${style('good', 'green')} (${nameOfKind(kind, file)})\n`);
    }
  }
  if (failed) process.exitCode = 1;
}

/** A terminal would break its lines within words. */
function print(text: string): void {
  process.stdout.write(`${wrapLines(text, widthOf()).join('\n')}\n`);
}

function nameOfKind(kind: Report['kind'], file: string): string {
  if (kind !== 'profile') return `${kind} configuration`;
  const id = profileIdOf(file);
  return id === undefined ? 'device profile' : `device profile ${id}`;
}

/** `/dev/ttyUSB0 9600 8N1 (all as written): 3 sources, 6.0 requests a second, about 24 % busy` */
function describeLoad(load: LineLoad): string {
  const { line, sources, requestsPerSecond, busyShare } = load;
  const count = `${sources.length} ${sources.length === 1 ? 'source' : 'sources'}`;
  const requests = `${requestsPerSecond.toPrecision(2)} requests a second`;
  return `${line} (${describeSettings(load)}): ${count}, ${requests}, about ${Math.round(busyShare * 100)} % busy`;
}

const SETTING_NAMES = { baudRate: 'baud rate', parity: 'parity', stopBits: 'stop bits' } as const;

/** Who says how the line is set, setting by setting where it is not the same of all. */
function describeSettings({ origins, stating, silent }: LineLoad): string {
  if (origins === undefined) return 'taken for 9600 baud';
  const others = silent.length === 0 ? '' : `; nothing is stated of ${silent.join(', ')}`;
  const words = {
    written: 'as written',
    factory: `as ${stating.join(', ')} ${stating.length === 1 ? 'leaves' : 'leave'} the factory${others}`,
    assumed: 'assumed',
  } as const;
  const keys = (['baudRate', 'parity', 'stopBits'] as const).map((key) => [origins[key], key] as const);
  const groups = [...Map.groupBy(keys, ([origin]) => origin)];
  if (groups.length === 1) return `all ${words[origins.baudRate]}`;
  return groups
    .map(([origin, of]) => `${of.map(([, key]) => SETTING_NAMES[key]).join(' and ')} ${words[origin]}`)
    .join(', ');
}

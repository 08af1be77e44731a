import { listProfiles, loadProfile } from '../config/profile-library.ts';
import { style } from './screen.ts';
import { renderTable } from './text-table.ts';

/** `millwatt profiles [ID]`: the device profiles there are, or all that one of them says. */
export async function runProfiles(id: string | undefined, options: { json?: true }): Promise<void> {
  const lines = id === undefined ? listAll(options.json === true) : explain(id, options.json === true);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function listAll(asJson: boolean): string[] {
  const profiles = listProfiles().map(({ id }) => loadProfile(id).profile);
  if (asJson) return [JSON.stringify(profiles, null, 2)];
  return renderTable(
    [{ title: 'profile' }, { title: 'device' }, { title: 'points', align: 'right' }, { title: 'confidence' }],
    profiles.map((profile) => [profile.id, profile.title, String(profile.points.length), profile.confidence]),
  );
}

function explain(id: string, asJson: boolean): string[] {
  const { profile, sha256 } = loadProfile(id);
  if (asJson) return [JSON.stringify({ ...profile, sha256 }, null, 2)];
  return [
    `${style(profile.id, 'bold')}  ${profile.title}  (version ${profile.version}, confidence ${profile.confidence})`,
    '',
    ...renderTable(
      [
        { title: 'read' },
        { title: 'register', align: 'right' },
        { title: 'type' },
        { title: 'scale', align: 'right' },
        { title: 'unit' },
      ],
      profile.points.map((point) => [
        point.phase === 'total' ? point.quantity : `${point.quantity}.${point.phase}`,
        String(point.address),
        point.type,
        point.scale,
        point.unit,
      ]),
    ),
    '',
    ...profile.notes.map((note) => `note: ${note}`),
    ...profile.sources.map((source) => `source: ${source}`),
  ];
}

import type { PackageContents } from '../../collector/evidence/verify-package.ts';
import { entryId } from '../../collector/journal/seal-entry.ts';
import { fingerprint } from '../../protocols/evidence/keys.ts';
import { html, type Html } from './html-text.ts';
import type { Verification } from './verification.ts';

const STANDINGS = {
  confirmed: 'confirmed by a person, says the collector',
  seen: 'the first that the agent used; nobody compared it',
  rotated: 'took the place of an earlier one, which signed that',
  other: 'another than the agent had before; nobody confirmed it',
} as const;

/** Whose keys, which meters, which decisions of people: what the figures rest on. */
export function sourceSections({ verdict }: Verification): Html {
  const { contents } = verdict;
  if (contents === undefined) return html``;
  return html`${keysSection(contents)}${metersSection(contents)}${amendmentsSection(contents)}`;
}

function keysSection({ manifest, chains }: PackageContents): Html {
  return html`<section>
    <h2>Keys and chains</h2>
    <table class="lines">
      <thead>
        <tr>
          <th>Whose</th>
          <th>Fingerprint</th>
          <th>Standing</th>
          <th>Chain</th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <td>collector</td>
          <td><code>${fingerprint(manifest.collector)}</code></td>
          <td>signed the package</td>
          <td></td>
        </tr>
        ${chains.map(
          ({ agent, key, standing, epoch, lastSeq }) =>
            html`<tr>
              <td>agent ${agent}</td>
              <td><code>${fingerprint(key)}</code></td>
              <td>${STANDINGS[standing] ?? standing}</td>
              <td>epoch ${epoch}, records up to ${lastSeq}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function metersSection({ meters, certificates }: PackageContents): Html {
  return html`<section>
    <h2>Meters</h2>
    <table class="lines">
      <thead>
        <tr>
          <th>Agent, source</th>
          <th>Device</th>
          <th>Serial number</th>
          <th>Class</th>
          <th>Transformers</th>
        </tr>
      </thead>
      <tbody>
        ${meters.map(({ agent, source }) => {
          const { device, profile, protocol, address, meter, ct } = source;
          const named = [device?.manufacturer, device?.model].filter((word) => word !== undefined).join(' ');
          return html`<tr>
            <td>${agent}, ${source.id}</td>
            <td>${named || (profile?.id ?? `${protocol} ${address}`)}</td>
            <td>${meter?.serial ?? device?.serial ?? '-'}</td>
            <td>${meter?.class ?? '-'}</td>
            <td>${ct === undefined ? '-' : `${ct.primary ?? '?'}/${ct.secondary ?? '?'} A`}</td>
          </tr>`;
        })}
      </tbody>
    </table>
    ${
      certificates.length === 0
        ? html`<p>No certificate of a calibration is named by its hash.</p>`
        : html`<p>Certificates of calibration, by SHA-256 of the file (compare with sha256sum):</p>
            <ul>
              ${certificates.map(({ meter, sha256 }) => html`<li>${meter}: <code>${Buffer.from(sha256, 'base64url').toString('hex')}</code></li>`)}
            </ul>`
    }
  </section>`;
}

function amendmentsSection({ amendments }: PackageContents): Html {
  if (amendments.length === 0)
    return html`<section>
      <h2>Amendments</h2>
      <p>The package holds none: no reading was corrected by people.</p>
    </section>`;
  return html`<section>
    <h2>Amendments</h2>
    <table class="lines">
      <thead>
        <tr>
          <th>Entry</th>
          <th>Entered</th>
          <th>By</th>
          <th>What</th>
        </tr>
      </thead>
      <tbody>
        ${amendments.map(
          (entry) =>
            html`<tr>
              <td>${entry.seq}, ${entryId(entry)}</td>
              <td>${dayOf(entry.atMs)}</td>
              <td>${entry.by}</td>
              <td>
                ${entry.kind}:
                ${Object.entries(entry.body)
                  .map(([name, value]) => `${name} ${sayValue(name, value)}`)
                  .join('; ')}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function sayValue(name: string, value: unknown): string {
  if (name.endsWith('Ms') && typeof value === 'number') return dayOf(value);
  if (name === 'toMs' && value === null) return 'open';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A time that anybody may have written: some are none. */
function dayOf(ms: number): string {
  return Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

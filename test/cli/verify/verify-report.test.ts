import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKey } from '../../../cli/journal-access.ts';
import type { Manifest, PackedChain } from '../../../collector/evidence/manifest.ts';
import { provenanceOf } from '../../../collector/evidence/provenance.ts';
import { canonicalText } from '../../../collector/footprint/record/canonical-text.ts';
import { fingerprint } from '../../../protocols/evidence/keys.ts';
import { requireTool } from '../../support/tools.ts';
import { repacked, resigned } from '../../collector/evidence/made-package.ts';
import { PlantFeed, shiftOf, START_MS } from '../../collector/derivation/plant-feed.ts';
import { makeLedgerSite, type EvidenceSite } from './evidence-site.ts';

const REASON = 'CT <b>200/5</b> & "wrong"';
const chromiumPath = requireTool('chromium');
let site: EvidenceSite;
let whole: Buffer;
let trusted: string;
const put = (name: string, content: string | Buffer) => writeFileSync(join(site.folder, name), content);
const pagesOf = (pdf: Buffer) => pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length;

beforeAll(async () => {
  const amendment = { kind: 'scale', component: 'spindle', num: '2', den: '1', reason: REASON };
  const fromMs = Math.floor(START_MS / 3_600_000) * 3_600_000;
  const batches = [shiftOf(new PlantFeed({ about: { meter: { serial: 'S-1', class: '0.5S' } } }), 5)];
  site = await makeLedgerSite({ batches, amendments: [amendment], fromMs, toMs: fromMs + 6 * 3_600_000 });
  await site.exported('mill-1.evidence.zip');
  whole = readFileSync(join(site.folder, 'mill-1.evidence.zip'));
  trusted = fingerprint(readKey(site.folder).publicKey);
}, 120_000);
afterAll(() => site.close());

describe('what a verifier trusts', () => {
  test('is a fingerprint as people write it, a key, or a file of them with comments, or PEM', async () => {
    const own = readKey(site.folder);
    const { publicKey } = own;
    put(
      'keys.txt',
      `\uFEFF# ours\r\n\r\n${trusted.toUpperCase()} collector of hall A # told by telephone\r\n`,
    );
    put('one-key.txt', publicKey);
    put('key.pem', own.exportPem());
    const words = [trusted.replaceAll('-', ''), publicKey, 'keys.txt', 'one-key.txt', 'key.pem'];
    for (const word of words) {
      const { out, code } = await site.millwatt('verify', 'mill-1.evidence.zip', '--json', '--trust', word);
      expect(JSON.parse(out).trusted, word).toMatchObject([{ fingerprint: trusted }]);
      expect(code).toBe(0);
    }
    const many = ['--trust', '00000000000000000000000000000000', '--trust', 'keys.txt'];
    const { out, code } = await site.millwatt('verify', 'mill-1.evidence.zip', ...many, '--json');
    expect(JSON.parse(out).trusted.map(({ from }: { from: string }) => from)).toEqual([
      '--trust',
      'keys.txt, line 3',
    ]);
    expect(code).toBe(0);
  }, 60_000);

  test('is refused with file, line and value where it is none: 2, and nothing was looked at', async () => {
    put('bad.txt', `${trusted}\n\nnot-a-key at all\n`);
    put('empty.txt', '# nothing\n');
    put('bad.pem', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
    const cases: [word: string, says: RegExp][] = [
      ['bad.txt', /bad\.txt, line 3: "not-a-key" is no fingerprint/],
      ['empty.txt', /empty\.txt holds no fingerprint/],
      ['bad.pem', /bad\.pem is a PEM file, and no key can be read from it/],
      ['3f9c-21a0', /--trust "3f9c-21a0" is no fingerprint.*and no file that is there/],
      ['.', /--trust \. cannot be read/],
    ];
    for (const [word, says] of cases) {
      const { out, code } = await site.millwatt('verify', 'mill-1.evidence.zip', '--trust', word);
      expect(out).toMatch(says);
      expect(out).toMatch(/cure: /);
      expect(code, word).toBe(2);
    }
    const missing = await site.millwatt('verify', 'nothing.zip', '--json');
    expect(JSON.parse(missing.out.split('\n')[0] ?? '')).toMatchObject({
      ok: false,
      code: 'no-package',
    });
    expect(missing.code).toBe(2);
    expect((await site.millwatt('verify')).code).toBe(2);
    const over = ['verify', 'mill-1.evidence.zip', '--report', './mill-1.evidence.zip', '--force'];
    expect(await site.millwatt(...over)).toMatchObject({
      code: 2,
      out: expect.stringContaining('package itself'),
    });
  }, 60_000);
});

describe('the report', () => {
  test('says what, with what, every line and the totals, asks nobody for anything, and prints on A4', async () => {
    const args = ['verify', 'mill-1.evidence.zip', '--trust', trusted, '--report', 'report.html'];
    expect((await site.millwatt(...args)).out).toContain('The report is in report.html.');
    const again = await site.millwatt(...args);
    expect(again).toMatchObject({ code: 2, out: expect.stringContaining('is there already') });
    expect((await site.millwatt(...args, '--force')).code).toBe(0);
    const page = readFileSync(join(site.folder, 'report.html'), 'utf8');
    expect(page).not.toMatch(/<script|<img|<link|src=|href=|https?:/i);
    if (chromiumPath === undefined) return;
    const browser = await chromium.launch({
      executablePath: chromiumPath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    });
    try {
      const view = await browser.newPage();
      const asked: string[] = [];
      const complaints: string[] = [];
      view.on('request', (request) => asked.push(request.url()));
      view.on('console', (message) => complaints.push(message.text()));
      await view.goto(`file://${join(site.folder, 'report.html')}`);
      const { result, lines, sha256, totals } = JSON.parse(
        (await site.millwatt('verify', 'mill-1.evidence.zip', '--trust', trusted, '--json')).out,
      );
      expect(result).toBe('verified');
      const seen = await view.locator('body').innerText();
      for (const text of [
        sha256,
        trusted,
        totals.energyKwh,
        'VERIFIED',
        'Time-stamping authorities trusted',
        'millwatt-energy/',
        REASON,
      ])
        expect(seen).toContain(text);
      expect(await view.locator('.checks tbody tr').count()).toBe(lines.length);
      for (const { saying } of lines) expect(seen).toContain(saying);
      const pdf = await view.pdf({ preferCSSPageSize: true });
      expect(pdf.toString('latin1')).toMatch(/\/MediaBox \[0 0 59[45]\.?\d* 84[12]\.?\d*\]/);
      expect(pagesOf(pdf)).toBeGreaterThan(1);
      expect(pagesOf(pdf)).toBeLessThan(7);
      // Nothing reaches over the edge of the paper.
      await view.setViewportSize({ width: 680, height: 900 });
      await view.emulateMedia({ media: 'print' });
      const width = await view.locator('html').evaluate((page) => page.scrollWidth);
      expect(width).toBeLessThanOrEqual(680);
      expect(asked).toEqual([`file://${join(site.folder, 'report.html')}`]);
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  }, 60_000);

  test('shows what a hostile collector wrote, and does nothing of it', async () => {
    const name = '</style><script>alert(1)</script>\u001b[2J\u202e"\'';
    const hostile = resigned(whole, readKey(site.folder), (files) => {
      const manifest = JSON.parse(String(files.get('manifest.json'))) as Manifest;
      manifest.software = { name, version: '\u001b]0;owned\u0007' };
      files.set('manifest.json', Buffer.from(canonicalText(manifest)));
      const chains = JSON.parse(String(files.get('chains.json'))) as PackedChain[];
      files.set('prov.jsonld', Buffer.from(canonicalText(provenanceOf(manifest, chains))));
    });
    put('hostile.zip', hostile);
    const { out, code } = await site.millwatt(
      'verify',
      'hostile.zip',
      '--trust',
      trusted,
      '--report',
      'hostile.html',
    );
    expect(code).toBe(0);
    // oxlint-disable-next-line no-control-regex -- that none is printed is the point
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    const page = readFileSync(join(site.folder, 'hostile.html'), 'utf8');
    expect(page).toContain('&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).not.toMatch(/<script/);
    // oxlint-disable-next-line no-control-regex -- as above
    expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  }, 60_000);

  test('of a package that failed names the fault and tells no figure', async () => {
    const changed = repacked(whole, (files) => files.set('amendments.jsonl', Buffer.alloc(0)));
    put('failed.zip', changed);
    const { code } = await site.millwatt(
      'verify',
      'failed.zip',
      '--trust',
      trusted,
      '--report',
      'failed.html',
      '--json',
    );
    expect(code).toBe(1);
    const page = readFileSync(join(site.folder, 'failed.html'), 'utf8');
    expect(page).toContain('FAILED');
    expect(page).toContain('It is not the file that the manifest names');
    expect(page).toContain('No figure is told here');
    expect(page).not.toMatch(/\d\.\d{6}</);
  }, 60_000);
});

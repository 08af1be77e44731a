import { createHash } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { signDay, signedDayText } from '../../../../collector/evidence/days/day-entry.ts';
import { openDays, type DayStore } from '../../../../collector/evidence/days/day-store.ts';
import { readCertificates } from '../../../../collector/evidence/stamps/certificate-path.ts';
import { stampDay, startStamper } from '../../../../collector/evidence/stamps/stamper.ts';
import { verifyStamp } from '../../../../collector/evidence/stamps/time-stamp.ts';
import type { MillwattError } from '../../../../protocols/errors.ts';
import { generateSigningKey, sha256 } from '../../../../protocols/evidence/keys.ts';
import { silentLog } from '../../../../protocols/log.ts';
import { seedRandom } from '../../../../protocols/simulator/seeded-random.ts';
import { createAuthority } from '../../../support/certificates.ts';
import { makeTempFolder } from '../../ledger/temp-folder.ts';
import { openssl, opensslSays, startAuthority, type TestAuthority } from './test-authority.ts';

const key = generateSigningKey();
const SEED = process.env['MILLWATT_TEST_SEED'] ?? '20261122';

function daysOf(count = 1): DayStore {
  const store = openDays({ folder: makeTempFolder(), site: 'plant', collector: key.publicKey });
  onTestFinished(() => store.close());
  for (let number = 1; number <= count; number++) addDay(store);
  return store;
}

function addDay(store: DayStore): void {
  const before = store.last();
  const number = (before?.number ?? 0) + 1;
  const prev =
    before === undefined ? '' : createHash('sha256').update(signedDayText(store, before)).digest('base64url');
  const day = `2026-11-${String(number).padStart(2, '0')}`;
  const entry = {
    number,
    day,
    madeMs: 1,
    from: number,
    to: number,
    records: 1,
    chains: 0,
    root: sha256(''),
    prev,
  };
  store.append(signDay('plant', entry, key), []);
}

/** What comes of asking: the refusal, or `kept`. */
async function outcome(
  authority: TestAuthority,
  more: Partial<Parameters<typeof stampDay>[2]> = {},
  answerMs = 5000,
): Promise<string> {
  const store = daysOf();
  const asked = { url: authority.url, certReq: true, ca: authority.ca.cert, ...more };
  try {
    await stampDay(store, store.last()!, asked, { answerMs });
    return 'kept';
  } catch (error) {
    const { remedy, code, message, cure } = error as MillwattError;
    expect(store.stampOf(1)).toBeUndefined();
    expect(cure).toMatch(/\.$/);
    return `${remedy} ${code}: ${message}`;
  }
}

describe.skipIf(openssl === undefined)('a stamp of a day', () => {
  it.each(['sha256', 'sha512'])('is kept as it came, and openssl accepts it (%s)', async (digest) => {
    const authority = await startAuthority({ digest });
    const store = daysOf(2);
    const [, day] = store.entries();
    const stamp = await stampDay(store, day!, {
      url: authority.url,
      certReq: true,
      ca: authority.ca.cert,
      username: 'mill',
      password: 'watt',
    });
    expect(stamp.authority).toBe('CN=StampSigner');
    expect(Math.abs(stamp.atMs - Date.now())).toBeLessThan(60_000);
    expect(store.stampOf(2)).toMatchObject({ atMs: stamp.atMs, authority: 'CN=StampSigner' });
    const { bytes } = store.stampOf(2)!;
    expect(opensslSays(authority.folder, signedDayText(store, day!), bytes)).toBe('Verification: OK');
    expect(opensslSays(authority.folder, `${signedDayText(store, day!)} `, bytes)).toMatch(
      /message imprint mismatch/,
    );
    expect(authority.headers[0]?.authorization).toBe(`Basic ${Buffer.from('mill:watt').toString('base64')}`);
  });

  it('is asked with a nonce of its own each time', async () => {
    const authority = await startAuthority();
    for (let run = 0; run < 3; run++) await outcome(authority);
    expect(new Set(authority.requests.map(String)).size).toBe(3);
  });

  it('may come without the certificate of its signer where that is configured', async () => {
    const authority = await startAuthority();
    const signer = authority.ca.issue({ commonName: 'Quiet', usage: 'critical,timeStamping' });
    authority.signWith(signer);
    expect(await outcome(authority, { certReq: false })).toMatch(
      /does not bring the certificate of its signer/,
    );
    expect(await outcome(authority, { certReq: false, ca: authority.ca.cert + signer.cert })).toBe('kept');
  });

  it('is kept untrusted where no authority is configured', async () => {
    const authority = await startAuthority();
    const store = daysOf();
    const asked = { url: authority.url, certReq: true };
    const { bytes } = await stampDay(store, store.last()!, asked);
    const text = signedDayText(store, store.last()!);
    expect(verifyStamp(bytes, { text, trusted: [] }).doubt).toMatch(
      /not issued by an authority that is trusted/,
    );
    const trusted = readCertificates(authority.ca.cert, 'ca');
    expect(verifyStamp(bytes, { text, trusted }).doubt).toBeUndefined();
  });

  it('is refused with another nonce, another imprint, of another authority, or with an expired certificate', async () => {
    const authority = await startAuthority();
    const hash = createHash('sha256').update('x').digest();
    authority.change = (request) => {
      // The nonce stands at the end, before certReq.
      const other = Buffer.from(request);
      other[request.length - 5] = other[request.length - 5]! ^ 1;
      return other;
    };
    expect(await outcome(authority)).toMatch(
      /^refuse bad-stamp: The stamp does not answer this request \(another nonce\)/,
    );
    authority.change = (request) => {
      const at = request.indexOf(Buffer.of(0x04, 0x20)) + 2;
      return Buffer.concat([request.subarray(0, at), hash, request.subarray(at + 32)]);
    };
    expect(await outcome(authority)).toMatch(
      /^refuse bad-stamp: The stamp is of something else \(another imprint\)/,
    );
    authority.change = (request) => request;
    const foreign = createAuthority(openssl ?? '', 'StampRoot');
    onTestFinished(() => foreign.dispose());
    expect(await outcome(authority, { ca: foreign.cert })).toMatch(
      /^refuse untrusted-stamp: .*was not issued by an authority that is trusted \(CN=StampSigner\)/,
    );
    authority.signWith(
      authority.ca.issue({ commonName: 'Old', isExpired: true, usage: 'critical,timeStamping' }),
    );
    expect(await outcome(authority)).toMatch(
      /^refuse untrusted-stamp: .*was not valid at that time \(CN=Old/,
    );
    expect(await outcome(authority, { ca: undefined as never })).toBe('kept');
  });

  it.each<[string, (authority: TestAuthority) => void, object, RegExp]>([
    ['a refused policy', () => {}, { policy: '1.2.3.99' }, /^refuse stamp-refused: .*\(unacceptedPolicy\)/],
    ['garbage', answer(200, 'garbage'), {}, /^refuse bad-stamp: The stamp is no answer/],
    [
      'garbage in DER',
      answer(200, Buffer.of(0x30, 2, 5, 0)),
      {},
      /^refuse bad-stamp: The stamp cannot be read/,
    ],
    ['nothing', answer(200, ''), {}, /^refuse bad-stamp: The stamp is no answer/],
    ['a huge answer', answer(200, Buffer.alloc(300_000)), {}, /^refuse stamp-refused: .*more than 256 KiB/],
    [
      'a web page',
      answer(200, '<html>', 'text/html'),
      {},
      /^refuse stamp-refused: .*answers with "text\/html"/,
    ],
    ['a redirect', answer(302, ''), {}, /^refuse stamp-refused: .*answers 302/],
    ['a login', answer(401, ''), {}, /^refuse stamp-refused: .*answers 401/],
    ['too much asked', answer(429, ''), {}, /^retry authority-busy: .*answers 429/],
    ['a fault of its own', answer(503, ''), {}, /^retry authority-busy: .*answers 503/],
    [
      'a silence',
      (authority) => (authority.answer = () => {}),
      {},
      /^retry authority-unreached: .*did not answer in time/,
    ],
    [
      'a torn connection',
      (authority) => (authority.answer = (response) => response.destroy()),
      {},
      /^retry authority-unreached/,
    ],
    ['drops', drops, {}, /^retry authority-unreached: .*did not answer in time/],
    [
      'nobody there',
      (authority) => (authority.url = 'http://127.0.0.1:1/tsr'),
      {},
      /^retry authority-unreached/,
    ],
  ])('is not kept after %s', async (_, prepare, more, says) => {
    const authority = await startAuthority();
    prepare(authority);
    expect(await outcome(authority, more, 500)).toMatch(says);
  });

  it(
    `is refused where a byte of it was changed, or says the same (MILLWATT_TEST_SEED=${SEED})`,
    { timeout: 120_000 },
    async () => {
      const authority = await startAuthority();
      const store = daysOf();
      const { bytes } = await stampDay(store, store.last()!, { url: authority.url, certReq: true });
      const text = signedDayText(store, store.last()!);
      const trusted = readCertificates(authority.ca.cert, 'ca');
      const sound = verifyStamp(bytes, { text, trusted });
      const random = seedRandom(SEED, 'stamp');
      let accepted = 0;
      for (let run = 0; run < 500; run++) {
        const other = Buffer.from(bytes);
        const at = random.whole(0, other.length - 1);
        other[at] = other[at]! ^ (1 << random.whole(0, 7));
        try {
          const found = verifyStamp(other, { text, trusted });
          if (found.doubt === undefined) {
            expect(found, `byte ${at}`).toEqual(sound);
            accepted++;
          }
        } catch (error) {
          expect((error as MillwattError).remedy, `byte ${at}`).toMatch(/^(refuse|retry)$/);
        }
      }
      // What nobody signs: the copy of the authority's certificate, status texts, versions.
      expect(accepted).toBeLessThan(250);
    },
  );
});

describe.skipIf(openssl === undefined)('what asks for stamps', () => {
  it('asks for the last day only, waits longer and longer, and goes on when it is answered', async () => {
    const authority = await startAuthority();
    const store = daysOf(3);
    const waits: { ms: number; act: () => void }[] = [];
    const stamper = startStamper({
      authority: { url: authority.url, certReq: true, ca: authority.ca.cert },
      log: silentLog,
      random: () => 0.5,
      timers: {
        nowMs: () => 0,
        after: (ms, act) => (waits.push({ ms, act }), () => {}),
        every: () => () => {},
      },
    });
    onTestFinished(() => stamper.stop());
    const next = async () => {
      const { ms, act } = waits.shift()!;
      const before = stamper.stats();
      act();
      await expect.poll(() => stamper.stats()).not.toEqual(before);
      return ms;
    };
    answer(503, '')(authority);
    stamper.wake(store);
    stamper.wake(store);
    expect(waits).toHaveLength(1);
    expect(await next()).toBe(150_000);
    expect(await next()).toBe(15_000);
    expect(await next()).toBe(30_000);
    expect(stamper.stats()).toMatchObject({ stampedDay: 0, stampFailures: 3, stampCure: '' });
    expect(stamper.stats().stampStuck).toMatch(/answers 503/);
    answer(401, '')(authority);
    expect(await next()).toBe(60_000);
    expect(stamper.stats().stampCure).toMatch(/username and password/);
    authority.answer = undefined;
    expect(await next()).toBe(6 * 3_600_000);
    expect(stamper.stats()).toMatchObject({ stampedDay: 3, stampStuck: '', stampCure: '' });
    expect(store.stamps().map(({ number }) => number)).toEqual([3]);
    addDay(store);
    stamper.wake(store);
    await next();
    expect(store.stamps().map(({ number }) => number)).toEqual([3, 4]);
    expect(waits).toEqual([]);
  });
});

function answer(status: number, body: string | Buffer, type = 'application/timestamp-reply') {
  return (authority: TestAuthority): void => {
    authority.answer = (response) =>
      response.writeHead(status, { 'content-type': type, location: '/' }).end(body);
  };
}

/** One byte at a time, so that a limit of silence would never be reached. */
function drops(authority: TestAuthority): void {
  authority.answer = (response) => {
    response.writeHead(200, { 'content-type': 'application/timestamp-reply' });
    const timer = setInterval(() => response.write('0'), 50);
    response.on('close', () => clearInterval(timer));
  };
}

import { fingerprint } from '../../protocols/evidence/keys.ts';
import { kwhText } from './hours-totals.ts';
import { EXIT_CODES, resultSentence, type Verification } from './verification.ts';

const CURES = {
  failed: 'Ask whoever made the package for it again, and compare its SHA-256.',
  consistent: 'Verify again with --trust and the fingerprint that the operator told you by another way.',
  'not-judged': 'Verify with the version of millwatt that made the package.',
} as const;

/** What was found, for a script: plain data. Energies are kWh as exact decimals, times ISO 8601, UTC. */
export function verdictJson({ verdict, totals, ...of }: Verification): Record<string, unknown> {
  const { result, lines, contents } = verdict;
  const count = (what: string) => lines.filter((line) => line.result === what).length;
  const [fault] = lines.filter((line) => line.result === 'fail');
  return {
    ok: result === 'verified',
    // As every command says that it did not do what was asked.
    ...(result === 'verified'
      ? {}
      : {
          error: fault === undefined ? resultSentence(verdict) : `${fault.place}: ${fault.saying}`,
          code: result,
          cure: CURES[result],
        }),
    result,
    exitCode: EXIT_CODES[result],
    file: of.file,
    bytes: of.bytes,
    sha256: of.sha256,
    at: new Date(of.atMs).toISOString(),
    software: of.software,
    trusted: of.trusted.map((key) => ({ fingerprint: key.fingerprint, from: key.from })),
    timeStampAuthorities: of.authorities,
    counts: { pass: count('pass'), fail: count('fail'), notProven: count('not-proven') },
    package: contents === undefined ? null : packageOf(contents),
    totals:
      totals === undefined
        ? null
        : {
            hours: totals.hours,
            final: totals.final,
            energyKwh: totals.supplyMwh === null ? null : kwhText(totals.supplyMwh),
            exportKwh: kwhText(totals.exportMwh),
            states: Object.fromEntries(
              Object.entries(totals.states).map(([state, { timeMs, energyMwh }]) => [
                state,
                { timeMs, energyKwh: kwhText(energyMwh) },
              ]),
            ),
            componentKwh: Object.fromEntries(
              Object.entries(totals.componentMwh).map(([component, mwh]) => [component, kwhText(mwh)]),
            ),
          },
    lines,
  };
}

function packageOf({ manifest, chains, footprints }: NonNullable<Verification['verdict']['contents']>) {
  const { site, machine, fromMs, toMs, madeMs, software, algorithm, collector } = manifest;
  return {
    site,
    machine,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    made: new Date(madeMs).toISOString(),
    software,
    algorithm,
    collectorFingerprint: fingerprint(collector),
    agents: [...new Map(chains.map((chain) => [`${chain.agent} ${chain.key}`, chain])).values()].map(
      ({ agent, key, standing }) => ({ agent, fingerprint: fingerprint(key), standing }),
    ),
    footprints: footprints.map(({ id, version }) => ({ id, version })),
  };
}

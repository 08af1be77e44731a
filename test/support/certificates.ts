import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key as PEM texts. */
export interface Identity {
  cert: string;
  key: string;
}

/** An authority made for one test file; its folder goes with `dispose`. */
export interface Authority {
  cert: string;
  key: string;
  /** Issues a certificate; `names` is a subjectAltName such as `IP:127.0.0.1`. Expired means that it ended in 2021. */
  issue(options: { names?: string; commonName?: string; isExpired?: boolean; usage?: string }): Identity;
  dispose(): void;
}

/** Draws an authority with the given openssl program; names have no spaces. */
export function createAuthority(openssl: string, commonName: string): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-certificates-'));
  const at = (name: string) => join(folder, name);
  // No argument has a space in it.
  const run = (line: string) => execFileSync(openssl, line.split(' '), { cwd: folder, stdio: 'pipe' });
  const read = (name: string) => readFileSync(at(name), 'utf8');
  const drawKey = (name: string) =>
    run(`genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out ${name}`);
  writeFileSync(
    at('ca.cnf'),
    '[req]\ndistinguished_name=dn\n[dn]\n[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n' +
      'default_md=sha256\npolicy=p\nunique_subject=no\ncertificate=ca.pem\nprivate_key=ca-key.pem\n[p]\ncommonName=supplied\n',
  );
  writeFileSync(at('index.txt'), '');
  writeFileSync(at('serial'), '1000\n');
  drawKey('ca-key.pem');
  run(
    `req -x509 -new -key ca-key.pem -subj /CN=${commonName} -days 30 -out ca.pem -config ca.cnf ` +
      '-addext basicConstraints=critical,CA:TRUE',
  );
  let issued = 0;
  return {
    cert: read('ca.pem'),
    key: read('ca-key.pem'),
    issue: ({ names, commonName: subject = 'meter', isExpired = false, usage }) => {
      const name = `leaf-${issued++}`;
      drawKey(`${name}-key.pem`);
      run(`req -new -key ${name}-key.pem -subj /CN=${subject} -out ${name}.csr -config ca.cnf`);
      const lines = ['basicConstraints=CA:FALSE'];
      if (names !== undefined) lines.push(`subjectAltName=${names}`);
      if (usage !== undefined) lines.push(`extendedKeyUsage=${usage}`);
      writeFileSync(at(`${name}.ext`), `${lines.join('\n')}\n`);
      const dates = isExpired ? '-startdate 200101000000Z -enddate 210101000000Z' : '-days 20';
      run(`ca -batch -notext -config ca.cnf -in ${name}.csr -out ${name}.pem -extfile ${name}.ext ${dates}`);
      return { cert: read(`${name}.pem`), key: read(`${name}-key.pem`) };
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

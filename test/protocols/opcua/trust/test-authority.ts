import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a certificate is to say. */
export interface Wanted {
  commonName: string;
  /** A subjectAltName such as `URI:urn:a,DNS:b`. */
  names?: string;
  isAuthority?: boolean;
  /** Ended in 2021. */
  isExpired?: boolean;
  bits?: number;
  /** What else the basic constraints say: `,pathlen:0`. */
  constraint?: string;
  /** The key of this one is taken again, as an authority does that is renewed. */
  keyOf?: Issued;
}

/** A certificate, whoever issued it. */
export interface Issued {
  pem: string;
  der: Buffer;
  /** Name that `issue` and `revoke` know it by. */
  name: string;
}

/** Certificates made with the given openssl program; its folder goes with `dispose`. */
export class TestAuthority {
  readonly #openssl: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'millwatt-trust-'));
  readonly #keys = new Map<number, string>();
  #count = 0;

  constructor(openssl: string) {
    this.#openssl = openssl;
    writeFileSync(
      this.#at('ca.cnf'),
      '[req]\ndistinguished_name=dn\n[dn]\n[ca]\ndefault_ca=a\n[a]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\n' +
        'default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n',
    );
    writeFileSync(this.#at('index.txt'), '');
    writeFileSync(this.#at('serial'), '1000\n');
  }

  /** A certificate signed by another, or by itself. */
  issue(wanted: Wanted, by?: Issued): Issued {
    const name = `c${this.#count++}`;
    const { commonName, names, isAuthority = false, isExpired = false, bits = 2048 } = wanted;
    this.#makeKey(name, bits, isAuthority, wanted.keyOf?.name);
    this.#run(`req -new -key ${name}.key -subj /CN=${commonName} -out ${name}.csr -config ca.cnf`);
    const lines = [
      `basicConstraints=critical,CA:${isAuthority ? 'TRUE' : 'FALSE'}${wanted.constraint ?? ''}`,
    ];
    if (names !== undefined) lines.push(`subjectAltName=${names}`);
    writeFileSync(this.#at(`${name}.ext`), `${lines.join('\n')}\n`);
    const dates = isExpired ? '-startdate 200101000000Z -enddate 210101000000Z' : '-days 20';
    const signer =
      by === undefined ? `-selfsign -keyfile ${name}.key` : `-cert ${by.name}.pem -keyfile ${by.name}.key`;
    this.#run(
      `ca -batch -notext -config ca.cnf ${signer} -in ${name}.csr -out ${name}.pem -extfile ${name}.ext ${dates}`,
    );
    this.#run(`x509 -in ${name}.pem -outform der -out ${name}.der`);
    return {
      name,
      pem: readFileSync(this.#at(`${name}.pem`), 'utf8'),
      der: readFileSync(this.#at(`${name}.der`)),
    };
  }

  /** The revocation list of an authority with those certificates in it; PEM. */
  revoke(certificates: readonly Issued[], by: Issued, lasts = '-crldays 5'): string {
    for (const { name } of certificates)
      this.#run(`ca -config ca.cnf -cert ${by.name}.pem -keyfile ${by.name}.key -revoke ${name}.pem`);
    this.#run(
      `ca -config ca.cnf -cert ${by.name}.pem -keyfile ${by.name}.key -gencrl ${lasts} -out list.crl`,
    );
    return readFileSync(this.#at('list.crl'), 'utf8');
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Those who sign have keys of their own, the others one together: making keys is what takes long. */
  #makeKey(name: string, bits: number, isOwn: boolean, of?: string): void {
    const made = of ?? this.#keys.get(bits);
    if (made !== undefined && (of !== undefined || !isOwn)) {
      copyFileSync(this.#at(`${made}.key`), this.#at(`${name}.key`));
      return;
    }
    this.#run(`genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:${bits} -out ${name}.key`);
    if (!isOwn) this.#keys.set(bits, name);
  }

  #at(name: string): string {
    return join(this.#folder, name);
  }

  /** No argument has a space in it. */
  #run(line: string): void {
    execFileSync(this.#openssl, line.split(' '), { cwd: this.#folder, stdio: 'pipe' });
  }
}

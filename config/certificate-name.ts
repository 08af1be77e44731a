import { X509Certificate } from 'node:crypto';

/**
 * The common name of the first certificate of a PEM text; undefined where there is none, or where it cannot be read. Who shows a
 * certificate to the embedded broker is who it names.
 */
export function commonNameOf(pem: string): string | undefined {
  try {
    return /^CN=(.+)$/m.exec(new X509Certificate(pem).subject)?.[1];
  } catch {
    return undefined;
  }
}

/** What is to be done about a certificate that names another than the one who shows it. */
export function cureOfCertificate(file: string, id: string): string {
  return `Issue one whose common name is ${id} (openssl req ... -subj /CN=${id}) and put it at ${file}, or give the file that was made for ${id}.`;
}

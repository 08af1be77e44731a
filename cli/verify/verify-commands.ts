import type { Command } from 'commander';

/** Adds `verify`. */
export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .argument('<package>', 'evidence package, as millwatt export evidence writes it')
    .description(
      'verify an evidence package: signatures, chain, completeness, every hour; offline, without a ledger',
    )
    .option(
      '--trust <what>',
      'fingerprint or public key of the collector (or of an agent) that you had from elsewhere, or a file of them; may be given again',
      (word: string, before: string[] | undefined) => [...(before ?? []), word],
    )
    .option(
      '--tsa-ca <file>',
      'certificates (PEM) of the time-stamping authorities that you trust: their stamps then prove when the records were there',
    )
    .option('--report <file>', 'write a report to be filed (HTML, prints on A4)')
    .option('--force', 'replace a report that is there')
    .option('--json', 'print what was found as JSON')
    .addHelpText(
      'after',
      [
        '\nExit code:',
        '  0  verified',
        '  1  failed: something is not as it was signed, or its collector is not one that you trust',
        '  2  wrong command line, or a file cannot be read or written; nothing was decided',
        '  3  consistent, keys untrusted: without --trust there is nothing better',
        '  4  not judged: made by a version that computes otherwise, and names itself',
        '\nExamples:',
        '  millwatt verify mill-1.evidence.zip --trust 3f9c-21a0-7be4-d512-0c44-9b1e-77aa-02f3 --report mill-1.verified.html',
        '  millwatt verify mill-1.evidence.zip --trust trusted-keys.txt --json\n',
      ].join('\n'),
    )
    .action(async (path, options) => (await import('./verify-command.ts')).runVerify(path, options));
}

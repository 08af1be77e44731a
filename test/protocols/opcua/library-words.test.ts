import type * as NodeOpcua from 'node-opcua';
import { expect, test } from 'vitest';
import { hearLibrary, nameCause, strikeSecrets } from '../../../protocols/opcua/library-words.ts';

test('what the library prints is heard without secrets, and without dumps of messages', () => {
  const heard: string[] = [];
  let print: (...words: unknown[]) => void = () => {};
  const library = {
    setWarningLogger: (log: typeof print) => (print = log),
    setErrorLogger: () => {},
  } as unknown as typeof NodeOpcua;
  const note = (_fields: object, message: string) => heard.push(message);
  hearLibrary(library, { debug: note, info: note, warn: note, error: note }, 'hush-hush');
  print('login with', 'hush-hush', Buffer.from('hush-hush').toString('hex'));
  print('message:\n68 75 73 68 2d   hush-\n68 75 73 68      hush');
  print('x'.repeat(5000));
  print(`${'y'.repeat(395)}hush-hush`);
  expect(heard).toEqual(['login with *** ***', 'message:', 'x'.repeat(400), `${'y'.repeat(395)}***`]);
  expect(strikeSecrets('BadUserAccessDenied for hush-hush')).toBe('BadUserAccessDenied for ***');
});

test('what the library says of an error is one short line that no terminal obeys', () => {
  const said = nameCause(new Error(`\u001b[2J${'x'.repeat(900)}\nand a dump`));
  expect(said).toMatch(/^\?\[2Jx+$/);
  expect(said.length).toBeLessThanOrEqual(200);
});

import type * as NodeOpcua from 'node-opcua';
import { expect, test } from 'vitest';
import { hearLibrary, strikeSecrets } from '../../../protocols/opcua/library-words.ts';

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
  expect(heard).toEqual(['login with *** ***', 'message:', 'x'.repeat(400)]);
  expect(strikeSecrets('BadUserAccessDenied for hush-hush')).toBe('BadUserAccessDenied for ***');
});

// A byte order mark is kept, so that JSON.parse refuses it instead of two byte strings having one meaning.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of UTF-8 bytes; throws a TypeError where they are not UTF-8, instead of guessing. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

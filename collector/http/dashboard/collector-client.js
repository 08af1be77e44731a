// How the page asks the collector. The token lives in this tab only, and goes only to our own origin.

const TOKEN = 'millwatt-token';
const SILENCE_MS = 12_000;

export class NeedsToken extends Error {}

export const hasToken = () => sessionStorage.getItem(TOKEN) !== null;

export function keepToken(token) {
  sessionStorage.setItem(TOKEN, token);
}

function headers() {
  const token = sessionStorage.getItem(TOKEN);
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** The JSON of an address; throws NeedsToken when it wants another token. */
export async function getJson(path) {
  const response = await fetch(path, { headers: headers(), signal: AbortSignal.timeout(15_000) });
  const body = await response.json().catch(() => ({}));
  if (response.status === 401) throw new NeedsToken(body.error?.message ?? '');
  if (!response.ok)
    throw new Error(
      body.error === undefined ? `answer ${response.status}` : `${body.error.message} ${body.error.cure}`,
    );
  return body;
}

/**
 * Follows the live events for good: reconnects by itself, waiting a little longer each time up to ten seconds.
 * `onEvent(name, data)`, `onLink('live' | 'lost')`.
 */
export async function followLive(onEvent, onLink) {
  for (let failures = 0; ; failures++) {
    try {
      await readStream(onEvent, () => {
        failures = 0;
        onLink('live');
      });
    } catch (error) {
      if (error instanceof NeedsToken) throw error;
    }
    onLink('lost');
    await new Promise((resolve) => setTimeout(resolve, Math.min(10_000, 500 * 2 ** Math.min(failures, 5))));
  }
}

// EventSource cannot carry a token, so the stream is read by hand. A silent one is given up: beats come every 5 s.
async function readStream(onEvent, onAlive) {
  const giveUp = new AbortController();
  let timer = setTimeout(() => giveUp.abort(), SILENCE_MS);
  try {
    const response = await fetch('/api/v1/live', { headers: headers(), signal: giveUp.signal });
    if (response.status === 401) throw new NeedsToken();
    if (!response.ok) throw new Error(`answer ${response.status}`);
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => giveUp.abort(), SILENCE_MS);
      onAlive();
      text += value;
      const blocks = text.split('\n\n');
      text = blocks.pop();
      for (const block of blocks) {
        const event = /^event: (.*)$/m.exec(block)?.[1];
        const data = /^data: (.*)$/m.exec(block)?.[1];
        if (event !== undefined && data !== undefined) onEvent(event, JSON.parse(data));
      }
    }
  } finally {
    clearTimeout(timer);
  }
}

import type { Clock } from '../clock.ts';
import { MillwattError } from '../errors.ts';
import type { OpenAnswer } from './agent-client.ts';
import { closedError, connectionError } from './agent-error.ts';
import type { MtconnectDocument } from './mtconnect-document.ts';
import { readMoment, type Moment } from './moment.ts';
import { MultipartReader } from './multipart-reader.ts';
import { createDocumentReader } from './read-document.ts';

/** What an open stream tells to. Called with one document after the other, and never after it ended. */
export interface StreamEvents {
  onDocument(document: MtconnectDocument, received: Moment): void;
  /** It ended, for whatever reason; once. */
  onEnd(error: MillwattError, at: Moment): void;
}

/** An answer that grows: every part is a document. Ends with the connection, or at the first part that is none. */
export class AgentStream {
  readonly #body: OpenAnswer['body'];
  readonly #real: Pick<Clock, 'monotonicMs'>;
  #heardMs: number;
  #ended = false;
  readonly #end: (error: MillwattError) => void;

  /** @param around.clock what documents are stamped with; @param around.real what silence is measured by */
  constructor(
    where: string,
    { boundary, body }: OpenAnswer,
    around: { clock: Pick<Clock, 'wallMs' | 'monotonicMs'>; real: Pick<Clock, 'monotonicMs'> },
    events: StreamEvents,
  ) {
    const { clock, real } = around;
    this.#body = body;
    this.#real = real;
    this.#heardMs = real.monotonicMs();
    this.#end = (error) => {
      if (this.#ended) return;
      this.#ended = true;
      body.destroy();
      events.onEnd(error, readMoment(clock));
    };
    const parts = new MultipartReader(where, boundary, (text) => {
      if (this.#ended) return;
      const document = createDocumentReader(where);
      document.write(text);
      const whole = document.end();
      // Bytes that never become a document tell nothing: they are as good as silence.
      this.#heardMs = real.monotonicMs();
      events.onDocument(whole, readMoment(clock));
    });
    body.on('data', (chunk: Buffer) => {
      if (this.#ended) return;
      try {
        parts.write(chunk);
      } catch (error) {
        this.#end(
          error instanceof MillwattError
            ? error
            : new MillwattError('retry', 'bad-frame', `${where} sent what could not be read.`, {
                cause: error,
              }),
        );
      }
    });
    body.on('error', (error) => this.#end(connectionError(where, error)));
    body.on('close', () => this.#end(closedError(where)));
  }

  /** Real ms since the agent sent a whole document. */
  silentMs(): number {
    return this.#real.monotonicMs() - this.#heardMs;
  }

  /** Ends it without telling anyone. */
  close(): void {
    this.#ended = true;
    this.#body.destroy();
  }

  /** Ends it for this reason, as if the agent had. */
  fail(error: MillwattError): void {
    this.#end(error);
  }
}

/** What PACT calls errors, with the status that goes with each. */
const STATUS = {
  BadRequest: 400,
  TokenExpired: 401,
  AccessDenied: 403,
  NotFound: 404,
  InternalError: 500,
  NotImplemented: 501,
} as const;
type PactErrorCode = keyof typeof STATUS;

/** The body of every answer that is an error, and of an event that refuses a request. */
export interface PactError {
  code: PactErrorCode;
  message: string;
}

/** What the server has to send: names of headers in lower case, and the body as JSON; null for an empty one. */
export interface PactAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: unknown;
}

/** An answer with a body. */
export function answerWith(body: unknown, headers: Readonly<Record<string, string>> = {}): PactAnswer {
  return { status: 200, headers: { 'content-type': 'application/json', ...headers }, body };
}

/** An answer that refuses; the status is the code's own unless told. */
export function refusal(code: PactErrorCode, message: string, status: number = STATUS[code]): PactAnswer {
  return {
    status,
    headers: {
      'content-type': 'application/json',
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    },
    body: { code, message } satisfies PactError,
  };
}

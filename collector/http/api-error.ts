/** What the API answers when it cannot do what was asked: a status, a sentence, and what to do. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly cure: string;

  constructor(status: number, message: string, cure: string) {
    super(message);
    this.status = status;
    this.cure = cure;
  }
}

/** A parameter that is missing or cannot be used: names it, its value, and what would do. */
export function badParameter(name: string, value: unknown, cure: string): ApiError {
  if (value === undefined) return new ApiError(400, `Parameter ${name} is missing.`, cure);
  // What is nested without end cannot be written out again.
  const shown =
    typeof value === 'object' ? (Array.isArray(value) ? 'a list' : 'an object') : JSON.stringify(value);
  const short = shown.length > 80 ? `${shown.slice(0, 80)}...` : shown;
  return new ApiError(400, `Parameter ${name} is ${short}, which cannot be used.`, cure);
}

/** Ms since the Unix epoch of an ISO 8601 date or time; undefined for anything else, such as 30 February. A time without zone is local. */
export function readIsoTime(text: string): number | undefined {
  const [, year, month, day] =
    /^(\d{4})-(\d\d)-(\d\d)(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  // Days that a month does not have would be read as days of the next.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const atMs = Date.parse(text);
  return date.getUTCMonth() === Number(month) - 1 && !Number.isNaN(atMs) ? atMs : undefined;
}

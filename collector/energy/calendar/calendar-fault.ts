/** What is wrong with a calendar. */
export interface CalendarFault {
  /** Where, such as `shifts[0]`. */
  path: string;
  /** As a sentence. */
  message: string;
  /** What to do about it, as a sentence. */
  cure: string;
}

/** Whether two serial numbers are one, as they are read off nameplates: without blanks, dashes, leading zeros and case. */
export function isSameSerial(a: string, b: string): boolean {
  return plainSerial(a) === plainSerial(b);
}

function plainSerial(serial: string): string {
  return serial
    .replace(/[\s\-./]/g, '')
    .replace(/^0+(?=.)/, '')
    .toUpperCase();
}

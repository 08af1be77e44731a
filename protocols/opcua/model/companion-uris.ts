/** Namespaces of the standards that machines are looked for by. */
export const MACHINERY_URI = 'http://opcfoundation.org/UA/Machinery/';
export const CNC_URI = 'http://opcfoundation.org/UA/CNC';
export const SINUMERIK_URI = 'SinumerikVarProvider';

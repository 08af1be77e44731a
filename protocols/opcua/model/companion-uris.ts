/** Namespace of OPC 40001-1, which knows where machines are. */
export const MACHINERY_URI = 'http://opcfoundation.org/UA/Machinery/';
/** Namespace of OPC 40502. */
export const CNC_URI = 'http://opcfoundation.org/UA/CNC';
/** Namespace of the variables of a SINUMERIK. */
export const SINUMERIK_URI = 'SinumerikVarProvider';

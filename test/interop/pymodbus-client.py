"""A Modbus client by people other than us: pymodbus reads what is asked on standard input, one request a line.

    pymodbus-client.py tcp PORT UNIT
    pymodbus-client.py rtu DEVICE UNIT     19200 8N1

Requests: `FUNCTION ADDRESS TYPE WORD_ORDER`, such as `3 801 f64 big`: prints the value as Python has it, or
`exception N`; and `identify`: prints the objects of 43/14 as JSON.
"""
import json
import sys

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.constants import Endian
from pymodbus.mei_message import ReadDeviceInformationRequest
from pymodbus.payload import BinaryPayloadDecoder

METHODS = {"u": "uint", "i": "int", "f": "float"}


def answer(client, unit, line):
    if line == "identify":
        reply = client.execute(ReadDeviceInformationRequest(read_code=1, slave=unit, unit=unit))
        if reply.isError():
            return f"exception {getattr(reply, 'exception_code', reply)}"
        return json.dumps({str(key): text.decode() for key, text in reply.information.items()})
    function, address, kind, order = line.split()
    bits = int(kind[1:])
    read = client.read_holding_registers if function == "3" else client.read_input_registers
    reply = read(int(address), bits // 16, slave=unit)
    if reply.isError():
        return f"exception {getattr(reply, 'exception_code', reply)}"
    decoder = BinaryPayloadDecoder.fromRegisters(
        reply.registers,
        byteorder=Endian.Big,
        wordorder=Endian.Big if order == "big" else Endian.Little,
    )
    return repr(getattr(decoder, f"decode_{bits}bit_{METHODS[kind[0]]}")())


def main(kind, where, unit):
    if kind == "tcp":
        client = ModbusTcpClient("127.0.0.1", port=int(where), timeout=10)
    else:
        client = ModbusSerialClient(port=where, baudrate=19200, timeout=10)
    assert client.connect()
    for line in sys.stdin.read().split("\n"):
        if line:
            print(answer(client, unit, line), flush=True)
    client.close()


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))

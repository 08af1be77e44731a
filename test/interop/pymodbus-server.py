"""A Modbus server by people other than us: pymodbus serves the registers of one file.

    pymodbus-server.py tcp PORT UNIT IMAGE     PORT 0 lets the system choose; the port is printed
    pymodbus-server.py rtu DEVICE UNIT IMAGE   19200 8N1

IMAGE: 65,536 holding registers, then 65,536 input registers, each 2 bytes, most significant first.
It ends with its standard input, so that it cannot outlive the test.
"""
import asyncio
import logging
import os
import struct
import sys
import threading

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer


def end_with_parent():
    while sys.stdin.buffer.read(1):
        pass
    os._exit(0)


async def main(kind, where, unit, image):
    with open(image, "rb") as file:
        registers = struct.unpack(">131072H", file.read())
    slave = ModbusSlaveContext(
        hr=ModbusSequentialDataBlock(0, list(registers[:65536])),
        ir=ModbusSequentialDataBlock(0, list(registers[65536:])),
        zero_mode=True,
    )
    context = ModbusServerContext(slaves={unit: slave}, single=False)
    identity = ModbusDeviceIdentification(
        info_name={"VendorName": "Others", "ProductCode": "PY", "MajorMinorRevision": "3.0"}
    )
    if kind == "tcp":
        server = ModbusTcpServer(context, identity=identity, address=("127.0.0.1", int(where)))
        serving = asyncio.ensure_future(server.serve_forever())
        await server.serving
        print(server.server.sockets[0].getsockname()[1], flush=True)
        await serving
    else:
        server = ModbusSerialServer(
            context, ModbusRtuFramer, identity=identity, port=where, baudrate=19200, timeout=1
        )
        await server.start()
        print("ready", flush=True)
        await server.serve_forever()


# A client that hangs up is an error to pymodbus.
logging.disable(logging.CRITICAL)
threading.Thread(target=end_with_parent, daemon=True).start()
asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))

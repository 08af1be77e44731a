/*
 * A Modbus client by people other than us: libmodbus reads what is asked on standard input, one request a line.
 *   libmodbus-client tcp PORT UNIT
 *   libmodbus-client rtu DEVICE UNIT     19200 8N1
 * Requests: `FUNCTION ADDRESS COUNT`, such as `3 801 4`: prints the registers as hexadecimal digits, four each, or
 * `exception N`.
 */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  modbus_t *bus = strcmp(argv[1], "tcp") == 0 ? modbus_new_tcp("127.0.0.1", atoi(argv[2]))
                                              : modbus_new_rtu(argv[2], 19200, 'N', 8, 1);
  if (bus == NULL) return 3;
  modbus_set_slave(bus, atoi(argv[3]));
  modbus_set_response_timeout(bus, 10, 0);
  if (modbus_connect(bus) != 0) return 4;
  int function, address, count;
  while (scanf("%d %d %d", &function, &address, &count) == 3) {
    uint16_t registers[MODBUS_MAX_READ_REGISTERS];
    int got = function == 3 ? modbus_read_registers(bus, address, count, registers)
                            : modbus_read_input_registers(bus, address, count, registers);
    if (got < 0) {
      if (errno < MODBUS_ENOBASE || errno > EMBXGTAR) {
        fprintf(stderr, "%s\n", modbus_strerror(errno));
        return 5;
      }
      printf("exception %d\n", errno - MODBUS_ENOBASE);
      continue;
    }
    for (int i = 0; i < got; i++) printf("%04x", registers[i]);
    printf("\n");
  }
  modbus_close(bus);
  modbus_free(bus);
  return 0;
}

/* The reference for bench/modbus-client.ts: reads 60 registers again and again with libmodbus, prints us of CPU a read.
 * cc -O2 modbus-reference.c -o modbus-reference $(pkg-config --cflags --libs libmodbus); modbus-reference PORT READS */
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double cpu_us(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  const int reads = atoi(argv[2]);
  modbus_t *line = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
  uint16_t registers[60];
  if (line == NULL || modbus_connect(line) != 0) return 1;
  modbus_set_slave(line, 1);
  const double before = cpu_us();
  for (int i = 0; i < reads; i++) {
    const int address = i % 1000;
    if (modbus_read_registers(line, address, 60, registers) != 60 || registers[59] != address + 59) return 1;
  }
  printf("%.3f\n", (cpu_us() - before) / reads);
  modbus_close(line);
  modbus_free(line);
  return 0;
}

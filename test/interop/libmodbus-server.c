/*
 * A Modbus server by people other than us: libmodbus serves the registers of one file.
 *   libmodbus-server tcp PORT UNIT IMAGE     PORT 0 lets the system choose; the port is printed
 *   libmodbus-server rtu DEVICE UNIT IMAGE   19200 8N1
 * IMAGE: 65,536 holding registers, then 65,536 input registers, each 2 bytes, most significant first.
 * It ends with its standard input, so that it cannot outlive the test.
 */
#include <errno.h>
#include <fcntl.h>
#include <modbus/modbus.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void *end_with_parent(void *nothing) {
  char byte;
  while (read(0, &byte, 1) > 0) {
  }
  _exit(0);
  return nothing;
}

static void load(const char *path, modbus_mapping_t *map) {
  FILE *file = fopen(path, "rb");
  unsigned char pair[2];
  if (file == NULL) exit(2);
  for (int i = 0; i < 131072; i++) {
    if (fread(pair, 1, 2, file) != 2) exit(2);
    uint16_t value = (uint16_t)(pair[0] << 8 | pair[1]);
    if (i < 65536)
      map->tab_registers[i] = value;
    else
      map->tab_input_registers[i - 65536] = value;
  }
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int is_tcp = strcmp(argv[1], "tcp") == 0;
  /* libmodbus counts up to 65,535 registers a table; the last register of the image is not served. */
  modbus_mapping_t *map = modbus_mapping_new_start_address(0, 0, 0, 0, 0, 65536, 0, 65536);
  if (map == NULL) return 3;
  load(argv[4], map);
  modbus_t *bus = is_tcp ? modbus_new_tcp("127.0.0.1", atoi(argv[2])) : modbus_new_rtu(argv[2], 19200, 'N', 8, 1);
  if (bus == NULL) return 4;
  modbus_set_slave(bus, atoi(argv[3]));
  pthread_t watcher;
  pthread_create(&watcher, NULL, end_with_parent, NULL);
  uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
  if (!is_tcp) {
    if (modbus_connect(bus) != 0) return 5;
    printf("ready\n");
    fflush(stdout);
    for (;;) {
      int length = modbus_receive(bus, query);
      if (length > 0) modbus_reply(bus, query, length, map);
    }
  }
  int listener = modbus_tcp_listen(bus, 1);
  if (listener < 0) return 6;
  struct sockaddr_in address;
  socklen_t size = sizeof address;
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    modbus_tcp_accept(bus, &listener);
    for (;;) {
      int length = modbus_receive(bus, query);
      if (length < 0) break;
      if (length > 0) modbus_reply(bus, query, length, map);
    }
    modbus_close(bus);
  }
}

package foreign;

/** What the machine says; set by the test, read by the nodes. */
final class Words {
  volatile String state = "Running";
  volatile String item = "Executing";
  volatile int mode = 1;
  volatile boolean warmUp = false;
  volatile String program = "O1000";
  volatile int parts = 17;
}

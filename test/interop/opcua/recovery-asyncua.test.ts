import { describeRecovery } from './recovery.ts';

describeRecovery('asyncua');

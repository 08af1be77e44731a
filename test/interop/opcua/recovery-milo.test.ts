import { describeRecovery } from './recovery.ts';

describeRecovery('milo');

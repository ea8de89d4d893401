import { proxyActivities } from '@temporalio/workflow';
import { enrollmentWith } from '../shared/temporal-flow.mjs';

export const enrollment = enrollmentWith(proxyActivities({ startToCloseTimeout: '15s' }));

import { proxyLocalActivities } from '@temporalio/workflow';
import { enrollmentWith } from '../shared/temporal-flow.mjs';

export const enrollment = enrollmentWith(proxyLocalActivities({ startToCloseTimeout: '3s' }));

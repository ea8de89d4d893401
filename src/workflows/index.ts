export { mfaCampaign } from './campaign';
export { mfaCampaignPage } from './campaign-page';
export { mfaEnrollment } from './mfa-enrollment';
export { mfaSendingLimit } from './sending-limit';
export { mfaStoppedPrefixes } from './stopped-prefixes';
export { mfaTenantBudget } from './tenant-budget';
export { mfaWebhookDelivery } from './webhook-delivery';
export { mfaWebhookEndpoints } from './webhook-endpoints';

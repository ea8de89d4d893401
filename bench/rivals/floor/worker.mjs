// The least that this flow costs on Temporal: local activities, no codec, no reconciliation, no API. CALLS=none: they do nothing;
// CALLS=http: they call the tenant.
import { fileURLToPath } from 'node:url';
import { createAuth0 } from '../shared/auth0.mjs';
import { activitiesOf, runWorker } from '../shared/temporal-worker.mjs';

const nothing = {
  listActive: async () => 2,
  associateSms: async () => 'oob code',
  associateOtp: async () => 'setup key',
  confirmSms: async () => 'access token',
  confirmOtp: async () => 'access token',
};

await runWorker({
  workflowsPath: fileURLToPath(new URL('./workflow.mjs', import.meta.url)),
  activities: activitiesOf(process.env.CALLS === 'none' ? nothing : createAuth0(process.env)),
  env: process.env,
});
console.log('ready');

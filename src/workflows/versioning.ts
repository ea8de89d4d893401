import type * as workflows from '.';

/**
 * What becomes of a run when another version of the workers is current (docs/decisions/0027-worker-versioning.md). `PINNED`: it stays on the version
 * that it began on. `AUTO_UPGRADE`: its next task goes to the current one, so it needs a recorded history that still replays (test/histories).
 */
export const versioningBehaviors: Readonly<Record<keyof typeof workflows, 'PINNED' | 'AUTO_UPGRADE'>> = {
  // It ends within days, and people wait for it: a release must not be able to break it.
  mfaEnrollment: 'PINNED',
  // These live for weeks or for ever. Pinned, they would keep the workers of every version alive.
  mfaCampaign: 'AUTO_UPGRADE',
  mfaCampaignPage: 'AUTO_UPGRADE',
  mfaSendingLimit: 'AUTO_UPGRADE',
  mfaStoppedPrefixes: 'AUTO_UPGRADE',
  mfaTenantBudget: 'AUTO_UPGRADE',
  mfaWebhookDelivery: 'AUTO_UPGRADE',
  mfaWebhookEndpoints: 'AUTO_UPGRADE',
};

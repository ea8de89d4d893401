import { setWorkflowOptions } from '@temporalio/workflow';
import * as workflows from '.';
import { versioningBehaviors } from './versioning';

// The workflows as a versioned worker takes them. A worker without versioning takes `./index`: Temporal refuses every answer of such a worker that
// names a versioning behavior.
setWorkflowOptions({ versioningBehavior: versioningBehaviors.mfaEnrollment }, workflows.mfaEnrollment);
setWorkflowOptions({ versioningBehavior: versioningBehaviors.mfaSendingLimit }, workflows.mfaSendingLimit);
setWorkflowOptions({ versioningBehavior: versioningBehaviors.mfaStoppedPrefixes }, workflows.mfaStoppedPrefixes);
setWorkflowOptions({ versioningBehavior: versioningBehaviors.mfaTenantBudget }, workflows.mfaTenantBudget);
setWorkflowOptions({ versioningBehavior: versioningBehaviors.mfaWebhookDelivery }, workflows.mfaWebhookDelivery);
setWorkflowOptions({ versioningBehavior: versioningBehaviors.mfaWebhookEndpoints }, workflows.mfaWebhookEndpoints);

export * from '.';

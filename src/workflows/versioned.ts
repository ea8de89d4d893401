import { setWorkflowOptions, type Workflow } from '@temporalio/workflow';
import * as workflows from '.';
import { versioningBehaviors } from './versioning';

// The workflows as a versioned worker takes them. A worker without versioning takes `./index`: Temporal refuses every answer of such a worker that
// names a versioning behavior.
const byType: Readonly<Record<keyof typeof versioningBehaviors, Workflow>> = workflows;
for (const type of Object.keys(versioningBehaviors) as (keyof typeof byType)[]) {
  // its keys are the types
  setWorkflowOptions({ versioningBehavior: versioningBehaviors[type] }, byType[type]);
}

export * from '.';

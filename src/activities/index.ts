import { createPerformAhead } from './perform-ahead';
import { createStepActivities, type ActivityDependencies, type StepActivities } from './steps';

export type Activities = StepActivities & ReturnType<typeof createPerformAhead>;

/** Every activity of a worker. */
export const createActivities = (dependencies: ActivityDependencies): Activities =>
  withAhead(createStepActivities(dependencies));

/** These activities, and the one that performs several of their steps in one go. */
export const withAhead = (steps: StepActivities): Activities => ({ ...steps, ...createPerformAhead(steps) });

import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { expect, test } from '@jest/globals';
import { asProblem } from '../../../src/temporal/enrollments/temporal-errors';

const failed = (type: string) =>
  new WorkflowUpdateFailedError('Workflow Update failed', ApplicationFailure.create({ message: 'why', type }));
const isKnown = () => Promise.resolve(true);

test('an update that no worker processed may be sent again: the enrollment has not ended', async () => {
  expect(await asProblem(failed('UnprocessedUpdate'), isKnown)).toMatchObject({ code: 'unavailable' });
});

test('an update that the end of its run cut off says that the enrollment has ended', async () => {
  expect(await asProblem(failed('AcceptedUpdateCompletedWorkflow'), isKnown)).toMatchObject({
    code: 'enrollment_settled',
  });
});

test('an update that the enrollment refused says why', async () => {
  expect(await asProblem(failed('wrong_step'), isKnown)).toMatchObject({ code: 'wrong_step' });
});
